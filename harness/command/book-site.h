/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pages of the book. */
#pragma once

#include "book.h"

/* Writes all pages except that of the kernels. -ENOMEM; -errno of writing. */
int book_site_write(const struct book *book);
