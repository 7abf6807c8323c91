/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page with the index: sysctls, errno values, states and counters. */
#pragma once

#include "book.h"

/* -ENOMEM; -errno of writing. */
int book_terms_write(const struct book *book);
