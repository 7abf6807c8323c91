/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of this table is the order of --help and of the manual page.
 */
#include "commands.h"

#include <string.h>

#include "macro.h"

static const struct command all[] = {
	{ &usage_list, cmd_list },
	{ &usage_show, cmd_show },
	{ &usage_run, cmd_run },
	{ &usage_figure, cmd_figure },
	{ &usage_book, cmd_book },
	{ &usage_report, cmd_report },
	{ &usage_compare, cmd_compare },
	{ &usage_predict, cmd_predict },
	{ &usage_vm, cmd_vm },
	{ &usage_matrix, cmd_matrix },
	{ &usage_lab, cmd_lab },
	{ &usage_doctor, cmd_doctor },
};

const struct command *commands(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(all);
	return all;
}

int cmd_in_guest(int argc, char **argv)
{
	return strcmp(argv[0], usage_lab.name) == 0 ?
		       cmd_lab_in_guest(argc, argv) :
		       cmd_run_in_guest(argc, argv);
}

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (strcmp(all[i].usage->name, name) == 0)
			return &all[i];
	return NULL;
}
