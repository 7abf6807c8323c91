/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The labs of a command line. */
#pragma once

#include "lab-case.h"
#include "lab-options.h"

enum { LABS_MAX = 256 };

struct labs {
	struct lab_plan *plans[LABS_MAX];
	struct lab_case *cases[LABS_MAX];
	size_t n;
};

/* Reads and checks all files, and the folder of --out. On failure `labs` has what
 * was read before; the caller frees it in any case. */
int labs_read(struct labs *labs, const struct lab_options *options);
void labs_free(struct labs *labs);

/* Files in different folders may have the same name. As repetitions they get
 * folders of their own below --out. */
unsigned int labs_repetition(const struct labs *labs, size_t i);
