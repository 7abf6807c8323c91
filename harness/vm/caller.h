/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that called halfopen on the host, as far as the programs of a lab
 * notice it: its working directory, its ids and its environment.
 */
#pragma once

#include <stddef.h>

/* The description for a guest; to be freed. NULL without memory. */
char *caller_text(size_t *ret_size);

/* Gives this process the directory, ids and environment that the text describes.
 * A directory that does not exist is left out. -errno on failure. */
int caller_become(const char *text, size_t size);
