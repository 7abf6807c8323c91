/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands of the program. Each has a file cmd-NAME.c with its description
 * (usage_NAME) and its function (cmd_NAME), which gets the command line with
 * argv[0] as the command's name and returns the exit status.
 */
#pragma once

#include <stddef.h>

#include "usage.h"

struct command {
	const struct usage *usage;
	int (*run)(int argc, char **argv);
};

/* In the order in which --help lists them. */
const struct command *commands(size_t *ret_n);

/* NULL for an unknown command. */
const struct command *command_find(const char *name);

extern const struct usage usage_book, usage_compare, usage_doctor, usage_figure,
	usage_lab, usage_list, usage_matrix, usage_predict, usage_report,
	usage_run, usage_show, usage_vm;

int cmd_book(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_figure(int argc, char **argv);
int cmd_lab(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_matrix(int argc, char **argv);
int cmd_predict(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_vm(int argc, char **argv);

/* Inside a guest, `run` and `lab` report to the host (stream.h), which writes
 * --out, and no world is kept. */
int cmd_run_in_guest(int argc, char **argv);
int cmd_lab_in_guest(int argc, char **argv);

/* The one that argv[0] names. */
int cmd_in_guest(int argc, char **argv);
