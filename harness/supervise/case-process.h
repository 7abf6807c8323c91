/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "run-control.h"

/*
 * The case's process, from the moment at which its namespaces are its own to
 * its end: makes the world, tells the script, judges. `journal` is the pipe to
 * the supervisor.
 */
void case_process_main(const struct run_options *options,
		       const struct run_job *job, int journal) MACRO_NORETURN;
