/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab-values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lab-words.h"
#include "wire.h"

/* --- numbers --------------------------------------------------------------*/

static const char digits[] = "0123456789";

/* No more of them than 64 bits hold in any case. */
enum { DIGITS = 18 };

int lab_value_number(const char *text, const char *what, uint64_t min,
		     uint64_t max, uint64_t *ret)
{
	size_t n = strspn(text, digits);
	uint64_t value = 0;

	if (n && n <= DIGITS && !text[n])
		value = strtoull(text, NULL, 10);
	if (!n || text[n] || n > DIGITS || value < min || value > max)
		return error_refuse(-EINVAL,
				    "'%s' is not %s: %" PRIu64 " to %" PRIu64,
				    text, what, min, max);
	*ret = value;
	return 0;
}

/*
 * Digits with a point, as whole parts of `unit`, which is a power of ten; what
 * is finer is none. Returns where the number ends; NULL for what is none or
 * above `max`.
 */
static const char *read_decimal(const char *text, int64_t unit, int64_t max,
				int64_t *ret)
{
	size_t whole = strspn(text, digits), part = 0;
	const char *end = text + whole;
	int64_t value;

	if (!whole || whole > DIGITS)
		return NULL;
	value = strtoll(text, NULL, 10);
	if (value > max / unit)
		return NULL;
	value *= unit;
	if (*end == '.') {
		part = strspn(++end, digits);
		if (!part)
			return NULL;
	}
	for (size_t i = 0; i < part; i++) {
		if (unit < 10 && end[i] != '0')
			return NULL;
		unit /= 10;
		value += unit * (end[i] - '0');
	}
	*ret = value;
	return value <= max ? end + part : NULL;
}

/* --- durations ------------------------------------------------------------*/

struct unit {
	const char *name;
	nsec_t nsec;
	bool parted; /* said as a part of a larger duration */
};

/* The largest first, as they follow each other. */
static const struct unit units[] = {
	{ "h", SEC(3600), true }, { "m", SEC(60), true },
	{ "s", SEC(1), true },	  { "ms", MSEC(1), false },
	{ "us", USEC(1), false }, { "ns", 1, false },
};

/* As many of them as there are steps still fit in nsec_t. */
static const nsec_t longest = SEC(INT64_C(366) * 86400);

static int refuse_duration(const char *text)
{
	if (*text && !text[strspn(text, "0123456789.")])
		return error_refuse(-EINVAL, "'%s' has no unit: %ss or %sms?",
				    text, text, text);
	return error_refuse(-EINVAL,
			    "'%s' is no duration such as 2s, 500ms or 1m30s, "
			    "of at most a year",
			    text);
}

/* The number counts whole nanoseconds of its unit: "1.5h", "0.25us". */
static const char *read_part(const char *text, size_t *unit, nsec_t *ret)
{
	const char *name = text + strspn(text, "0123456789.");
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz");

	for (size_t i = *unit; i < ARRAY_SIZE(units); i++) {
		int64_t value;
		nsec_t scale = MIN(units[i].nsec, SEC(1));
		int64_t times = units[i].nsec / scale;

		if (strlen(units[i].name) != length ||
		    strncmp(units[i].name, name, length) != 0)
			continue;
		if (read_decimal(text, scale, longest / times, &value) != name)
			return NULL;
		*unit = i + 1;
		*ret = value * times;
		return name + length;
	}
	return NULL;
}

int lab_duration_parse(const char *text, nsec_t *ret)
{
	const char *rest = text;
	nsec_t sum = 0, part = 0;
	size_t unit = 0;

	do {
		rest = read_part(rest, &unit, &part);
		sum += part;
	} while (rest && *rest && sum <= longest);
	if (!rest || sum > longest)
		return refuse_duration(text);
	*ret = sum;
	return 0;
}

int lab_idle_parse(const char *text, nsec_t *ret)
{
	nsec_t idle;
	int r = lab_duration_parse(text, &idle);

	if (r < 0)
		return error_trace(r);
	if (idle < SEC(1) || idle % SEC(1))
		return error_refuse(-EINVAL,
				    "'%s': the kernel counts whole seconds, "
				    "one at least",
				    text);
	*ret = idle;
	return 0;
}

void lab_say_duration(FILE *out, nsec_t duration)
{
	nsec_t left = duration;
	char part[16];

	for (size_t i = 0; duration < SEC(1) && i < ARRAY_SIZE(units); i++) {
		if (units[i].parted || duration % units[i].nsec)
			continue;
		if (duration)
			fprintf(out, "%" PRId64 "%s", duration / units[i].nsec,
				units[i].name);
		else
			fputs("0s", out);
		return;
	}
	for (size_t i = 0; left >= SEC(60); i++) {
		if (left < units[i].nsec)
			continue;
		fprintf(out, "%" PRId64 "%s", left / units[i].nsec,
			units[i].name);
		left %= units[i].nsec;
	}
	if (!left)
		return;
	snprintf(part, sizeof(part), "%09" PRId64, left % SEC(1));
	for (size_t i = 9; i > 0 && part[i - 1] == '0'; i--)
		part[i - 1] = '\0';
	fprintf(out, "%" PRId64 "%s%ss", left / SEC(1), *part ? "." : "", part);
}

const char *lab_duration_text(nsec_t duration, char *buffer, size_t size)
{
	FILE *out = fmemopen(buffer, size, "w");

	buffer[0] = '\0';
	if (!out)
		return buffer;
	lab_say_duration(out, duration);
	fclose(out);
	return buffer;
}

/* --- shares ---------------------------------------------------------------*/

enum { PARTS = 1000000 /* a share is a count of millionths */ };

int lab_value_share(const char *text, double *ret)
{
	int64_t parts;
	const char *end =
		read_decimal(text, PARTS / 100, INT64_C(1) << 40, &parts);

	if (!end || strcmp(end, "%") != 0)
		return error_refuse(-EINVAL,
				    "'%s' is no percentage such as 10%% or "
				    "0.5%%",
				    text);
	if (parts > PARTS)
		return error_refuse(-EINVAL, "'%s' is more than 100%%", text);
	*ret = (double)parts / PARTS;
	return 0;
}

void lab_say_share(FILE *out, double share)
{
	fprintf(out, "%.10g%%",
		(double)(long)(share * PARTS + 0.5) * 100 / PARTS);
}

/* --- bytes ----------------------------------------------------------------*/

static const struct {
	const char *name;
	uint64_t bytes;
} sizes[] = {
	{ "GiB", UINT64_C(1) << 30 },
	{ "MiB", UINT64_C(1) << 20 },
	{ "KiB", UINT64_C(1) << 10 },
	{ "", 1 },
};

static const uint64_t most_bytes = UINT64_C(1) << 40;

int lab_value_bytes(const char *text, uint64_t *ret)
{
	size_t n = strspn(text, digits);
	uint64_t value = n && n <= DIGITS ? strtoull(text, NULL, 10) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (strcasecmp(text + n, sizes[i].name) != 0)
			continue;
		if (!value || value > most_bytes / sizes[i].bytes)
			break;
		*ret = value * sizes[i].bytes;
		return 0;
	}
	return error_refuse(-EINVAL,
			    "'%s' is no number of bytes such as 1500, 64KiB or "
			    "1MiB, from 1 to 1024GiB",
			    text);
}

void lab_say_bytes(FILE *out, uint64_t bytes)
{
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (bytes % sizes[i].bytes)
			continue;
		fprintf(out, "%" PRIu64 "%s", bytes / sizes[i].bytes,
			sizes[i].name);
		return;
	}
}

/* --- words ----------------------------------------------------------------*/

int lab_value_bool(const char *text, bool *ret)
{
	bool yes = strcasecmp(text, "yes") == 0 ||
		   strcasecmp(text, "true") == 0;

	if (!yes && strcasecmp(text, "no") != 0 &&
	    strcasecmp(text, "false") != 0)
		return error_refuse(-EINVAL, "'%s' is neither yes nor no",
				    text);
	*ret = yes;
	return 0;
}

void lab_say_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

void lab_say_word(FILE *out, const char *text)
{
	if (*text && !strpbrk(text, " \t\r\n\"'"))
		fputs(text, out);
	else
		lab_say_quoted(out, text);
}
