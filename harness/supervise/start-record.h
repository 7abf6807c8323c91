/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "run-control.h"

/*
 * The first record of a journal: what run this is, of what case, on what
 * machine, and how to have it again; so that whoever reads it needs neither this
 * program's table of cases nor this machine.
 */
void start_record(struct run *run);
