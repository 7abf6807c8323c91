/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page of differences between kernels. */
#pragma once

#include "book.h"

/* To be written before journals are drawn and freed: the start records have the
 * kernels. -ENOMEM; -errno of writing. */
int book_kernels_write(const struct book *book);
