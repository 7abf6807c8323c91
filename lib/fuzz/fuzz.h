/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fuzz target: bytes from outside, whatever they are, are read as its reader
 * reads them, and what the reader's header promises is held against the result.
 * clang's libFuzzer finds the bytes; with any compiler replay.c feeds the
 * corpus.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Like assert(), and with NDEBUG as well. */
#define fuzz_must(truth_)                                                      \
	do {                                                                   \
		if (!(truth_))                                                 \
			abort();                                               \
	} while (0)

/* What a failure says has this in it. */
static inline void fuzz_must_say(const char *part)
{
	fuzz_must(strstr(error_message(), part));
}

/* The bytes in a block of just their size, so that one read too far is seen. */
static inline uint8_t *fuzz_copy(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	fuzz_must(copy);
	if (size)
		memcpy(copy, data, size);
	return copy;
}

/* As a string, which ends where the first zero is. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	fuzz_must(text);
	return text;
}
