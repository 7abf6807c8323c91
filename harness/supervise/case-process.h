/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process of one run: init of its own PID namespace, in its own user, mount
 * and network namespaces. When it ends, the kernel removes everything that it
 * made.
 */
#pragma once

#include "run-control.h"

/*
 * Makes the world, runs the script and judges. Called by the worker's child when
 * its namespaces and its uid map exist. `journal` is the write end of the pipe to
 * the supervisor.
 */
void case_process_main(const struct run_options *options,
		       const struct run_job *job, int journal) MACRO_NORETURN;
