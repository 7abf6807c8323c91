/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What no table tells and must be tried: a world, its wire, its sockets. It is
 * a case like others, in no list.
 */
#pragma once

#include <stdbool.h>

#include "result.h"

struct doctor_trial {
	enum verdict verdict;
	char reason[512]; /* "" for a pass */
	bool destroys; /* SOCK_DESTROY */
	long buffer; /* the wire's, in bytes */
};

/* A failure of its own only: a world that cannot be made is an answer. */
int doctor_trial(struct doctor_trial *ret);
