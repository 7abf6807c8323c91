/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The message is written once, by the function that detects the failure; each
 * caller appends its own place to the trail. Both are fixed buffers, so that
 * running out of memory can be reported; what exceeds them is cut off. A new
 * failure replaces the last one, also when the caller handled that one
 * silently.
 */
#include "errors.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "safe-text.h"

static struct {
	char message[512];
	char trail[1024];
	char both[1600];
	char translation[2048];
} last;

const char *error_path(const char *file)
{
	while (strncmp(file, "../", 3) == 0)
		file += 3;
	return file;
}

void error_trail_add(const char *file, int line)
{
	size_t used = strlen(last.trail);

	snprintf(last.trail + used, sizeof(last.trail) - used, "%s%s:%d",
		 used ? " < " : "", error_path(file), line);
}

static void set_message(const char *file, int line, const char *format, va_list args)
	MACRO_PRINTF(3, 0);

static void set_message(const char *file, int line, const char *format, va_list args)
{
	char message[sizeof(last.message)];

	/* The previous message may be an argument of the new one. */
	vsnprintf(message, sizeof(message), format, args);
	/* It has names of files, words of the user and texts of parsers. */
	safe_text(message, false);
	memcpy(last.message, message, sizeof(message));
	last.trail[0] = '\0';
	error_trail_add(file, line);
}

int error_origin_at(int r, const char *file, int line, const char *format, ...)
{
	va_list args;
	size_t used;

	assert(r < 0);
	va_start(args, format);
	set_message(file, line, format, args);
	va_end(args);
	used = strlen(last.message);
	snprintf(last.message + used, sizeof(last.message) - used, ": %s",
		 strerror(-r));
	return r;
}

int error_refuse_at(int r, const char *file, int line, const char *format, ...)
{
	va_list args;

	assert(r < 0);
	va_start(args, format);
	set_message(file, line, format, args);
	va_end(args);
	return r;
}

const char *error_message(void)
{
	return last.message;
}

const char *error_text(void)
{
	return message_record(last.message, last.translation,
			      sizeof(last.translation));
}

const char *error_trail(void)
{
	snprintf(last.both, sizeof(last.both), "%s (%s)", last.message,
		 last.trail);
	return last.both;
}

const char *error_trail_text(void)
{
	return message_record(error_trail(), last.translation,
			      sizeof(last.translation));
}

const char *error_name(int error)
{
	static char unknown[16];
	const char *name = error > 0 ? strerrorname_np(error) : NULL;

	if (name)
		return name;
	snprintf(unknown, sizeof(unknown), "E%d", error);
	return unknown;
}

const char *error_explanation(int error)
{
	static char buffer[128];

	return message_record(strerror(error), buffer, sizeof(buffer));
}

int error_number(const char *name)
{
	/* Linux's numbers end at 133 (EHWPOISON) on most architectures. */
	for (int i = 1; i < 200; i++) {
		const char *known = strerrorname_np(i);

		if (known && strcmp(known, name) == 0)
			return i;
	}
	return -1;
}
