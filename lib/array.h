/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arrays that grow. */
#pragma once

#include <stddef.h>

/*
 * Makes room for element `n` (counted from 0) of an array whose elements have
 * `size` bytes and of which `*capacity` are allocated. Returns the array, which
 * may have moved; or NULL without memory, and then `array` stays valid. The
 * capacity doubles, so that appending n elements copies O(n) of them.
 */
void *array_grow(void *array, size_t n, size_t *capacity, size_t size);
