/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab-parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "nearest.h"

/* --- places ---------------------------------------------------------------*/

const char *lab_place_text(const struct lab_place *place, char *buffer,
			   size_t size)
{
	char numbers[32] = "";

	if (!place || !place->source) {
		snprintf(buffer, size, "%s%s",
			 place && place->key ? place->key : "",
			 place && place->key ? ": " : "");
		return buffer;
	}
	if (place->line)
		snprintf(numbers, sizeof(numbers), ":%u:%u", place->line,
			 place->column);
	snprintf(buffer, size, "%s%s: %s%s", place->source, numbers,
		 place->key ? place->key : "", place->key ? ": " : "");
	return buffer;
}

int lab_place_refuse(const struct lab_place *place, const char *format, ...)
{
	char message[400], text[LAB_PLACE];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return error_refuse(-EINVAL, "%s%s",
			    lab_place_text(place, text, sizeof(text)), message);
}

int lab_place_trace(const struct lab_place *place, int r)
{
	char text[LAB_PLACE];

	return error_refuse(r, "%s%s",
			    lab_place_text(place, text, sizeof(text)),
			    error_message());
}

/* --- names ----------------------------------------------------------------*/

/* Where a name may stand, they say what comes next. */
static const char *const reserved[] = {
	"a",	   "after", "an",  "and", "as",	  "at",	  "by",	    "ends",
	"every",   "from",  "has", "in",  "no",	  "of",	  "port",   "prints",
	"reaches", "start", "the", "to",  "when", "with", "within",
};

bool lab_name_is_reserved(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (strcasecmp(name, reserved[i]) == 0)
			return true;
	return false;
}

bool lab_name_takes(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (!first &&
		((c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'));
}

int lab_name_check(const char *name, const char *what)
{
	bool good = *name;

	for (size_t i = 0; name[i]; i++)
		good = good && lab_name_takes(name[i], i == 0);
	if (!good)
		return error_refuse(-EINVAL,
				    "'%s' is no name of a %s: a letter, then "
				    "letters, digits, '-', '_' and '.'",
				    name, what);
	if (lab_name_is_reserved(name))
		return error_refuse(-EINVAL,
				    "'%s' is a word of the timeline, and no "
				    "name of a %s",
				    name, what);
	return 0;
}

/* --- what was perhaps meant -----------------------------------------------*/

static void add(char *buffer, size_t size, const char *before, const char *text)
{
	size_t used = strlen(buffer);

	snprintf(buffer + used, size - used, "%s%s", before, text);
}

const char *lab_nearest(const char *name, const char *const *names, size_t n)
{
	size_t most = MAX(strlen(name) / 3, (size_t)1);
	const char *near = NULL;

	if (!nearest_names(name, names, n, &near, 1) ||
	    nearest_distance(name, near) > most)
		return NULL;
	return near;
}

const char *lab_suggest(const char *name, const char *const *names, size_t n,
			char *buffer, size_t size)
{
	const char *near = lab_nearest(name, names, n);

	buffer[0] = '\0';
	if (near) {
		add(buffer, size, "; ", near);
		add(buffer, size, "?", "");
		return buffer;
	}
	for (size_t i = 0; i < n; i++)
		add(buffer, size, i ? ", " : "; one of: ", names[i]);
	return buffer;
}
