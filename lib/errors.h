/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Failures: halfopen could not do its own work. (What TCP did is a finding: a
 * value, never a return code.)
 *
 * A failure is a negative errno. The function that detects it returns
 *
 *	return error_origin(-errno, "open %s", path);
 *
 * and each caller passes it on with
 *
 *	return error_trace(r);
 *
 * which records the caller's file and line, so that a printed failure shows its
 * path:
 *
 *	open /proc/sys/net/ipv4/foo: No such file or directory
 *	(netns/sysctl.c:31 < harness/script/stage.c:120)
 *
 * The process has one trail, since it has one thread. lib/ and netns/ return
 * failures and never print.
 */
#pragma once

#include "macro.h"

/* Both return `r`, which must be negative. */
#define error_origin(r_, ...)                                                  \
	error_negative(error_origin_at((r_), __FILE__, __LINE__, __VA_ARGS__))
/* For a message that is complete without the text of the errno. */
#define error_refuse(r_, ...)                                                  \
	error_negative(                                                        \
		error_refuse_at((r_), __FILE__, __LINE__, __VA_ARGS__))
/* Returns `r` and adds this place to the trail of a failure; a value that is
 * not negative passes through. */
#define error_trace(r_) error_trace_at((r_), __FILE__, __LINE__)

int error_origin_at(int r, const char *file, int line, const char *format, ...)
	MACRO_PRINTF(4, 5);
int error_refuse_at(int r, const char *file, int line, const char *format, ...)
	MACRO_PRINTF(4, 5);
void error_trail_add(const char *file, int line);

/* Both are inline so that a compiler or an analyser sees the sign of the result
 * without looking into errors.c, and does not warn about output parameters that
 * a failing function leaves unset. */
static inline int error_negative(int r)
{
	MACRO_ASSUME(r < 0);
	return r;
}

static inline int error_trace_at(int r, const char *file, int line)
{
	if (r < 0)
		error_trail_add(file, line);
	return r;
}

/* The last failure's message without its trail; valid until the next
 * failure. */
const char *error_message(void);

/* The same in the language of the user (message.h), to be printed. */
const char *error_text(void);

/* The message with the trail. */
const char *error_trail(void);

/* The same in the language of the user, to be printed. */
const char *error_trail_text(void);

/* The path relative to the source tree: without the "../" of a build
 * directory. */
const char *error_path(const char *file);

/* "ETIMEDOUT" for 110; "E999" for a number without a name. Static storage. */
const char *error_name(int error);

/* What strerror() prints, in the language of the user. */
const char *error_explanation(int error);

/* 110 for "ETIMEDOUT"; -1 for an unknown name. */
int error_number(const char *name);
