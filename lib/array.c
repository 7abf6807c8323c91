/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "array.h"

#include <stdint.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 16 };

void *array_grow(void *array, size_t n, size_t *capacity, size_t size)
{
	size_t wanted = *capacity ? *capacity : FIRST_CAPACITY;
	void *grown;

	if (n < *capacity)
		return array;
	while (wanted <= n)
		wanted *= 2;
	/* AddressSanitizer ends a process that lets reallocarray() find out. */
	if (wanted > SIZE_MAX / size)
		return NULL;
	grown = realloc(array, wanted * size);
	if (grown)
		*capacity = wanted;
	return grown;
}
