/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fuzz target passes arbitrary bytes to a parser and checks the guarantees of
 * the parser's header. libFuzzer (clang) generates the bytes; replay.c passes
 * the files of the corpus, with any compiler.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* assert() that NDEBUG does not disable. */
#define fuzz_must(truth_)                                                      \
	do {                                                                   \
		if (!(truth_))                                                 \
			abort();                                               \
	} while (0)

/* The message of the last failure must contain `part`. */
static inline void fuzz_message_has(const char *part)
{
	fuzz_must(strstr(error_message(), part));
}

/* Copies the bytes to a block of exactly their size, so that AddressSanitizer
 * detects any read beyond them. */
static inline uint8_t *fuzz_copy(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	fuzz_must(copy);
	if (size)
		memcpy(copy, data, size);
	return copy;
}

/* Copies the bytes to a string, up to the first NUL byte. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	fuzz_must(text);
	return text;
}
