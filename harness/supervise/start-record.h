/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "run-control.h"

/*
 * Writes the first record of the journal: the case with its texts, the run, the
 * machine, and a command to reproduce it. A reader then needs neither this
 * program's table of cases nor this machine.
 */
void start_record(struct run *run);
