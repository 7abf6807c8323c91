/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab-link.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "errors.h"
#include "lab-value.h"
#include "macro.h"

static int parse_duration(const char *text, void *ret)
{
	return lab_value_duration(text, ret);
}

static int parse_share(const char *text, void *ret)
{
	return lab_value_share(text, ret);
}

static int parse_rate(const char *text, void *ret)
{
	return lab_value_rate(text, ret);
}

static int parse_queue(const char *text, void *ret)
{
	uint64_t frames = 0;
	int r = lab_value_number(text, "queue length", 1, 1000000, &frames);

	*(unsigned int *)ret = (unsigned int)frames;
	return error_trace(r);
}

#define MEMBER(member_)                                                        \
	offsetof(struct wire_link_settings, member_),                          \
		sizeof(((struct wire_link_settings *)0)->member_)

static const struct lab_link_property properties[] = {
	{ "delay", "duration such as 20ms", parse_duration, MEMBER(delay) },
	{ "jitter", "duration such as 5ms", parse_duration, MEMBER(jitter) },
	{ "rate", "rate such as 10Mbit/s", parse_rate, MEMBER(rate) },
	{ "queue", "number of frames", parse_queue, MEMBER(queue) },
	{ "loss", "percentage such as 1%", parse_share, MEMBER(loss) },
	{ "corrupt", "percentage such as 1%", parse_share, MEMBER(corruption) },
	{ "reorder", "percentage such as 1%", parse_share, MEMBER(reordering) },
};

const struct lab_link_property *lab_link_properties(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(properties);
	return properties;
}

void lab_link_apply(const struct lab_link_change *change,
		    struct wire_link_settings *settings)
{
	for (size_t i = 0; i < ARRAY_SIZE(properties); i++) {
		size_t at = properties[i].offset;

		if (change->properties & 1U << i)
			memcpy((char *)settings + at,
			       (const char *)&change->settings + at,
			       properties[i].size);
	}
}

const char *lab_link_text(const struct wire_link_settings *s, char *buffer,
			  size_t size)
{
	const struct {
		const char *name;
		double value;
		const char *unit;
	} values[] = {
		{ "delay", (double)s->delay / 1e6, "ms" },
		{ "jitter", (double)s->jitter / 1e6, "ms" },
		{ "rate", (double)s->rate / 1e6, "Mbit/s" },
		{ "queue", s->queue, " frames" },
		{ "loss", s->loss * 100, "%" },
		{ "corrupt", s->corruption * 100, "%" },
		{ "reorder", s->reordering * 100, "%" },
	};
	size_t used = 0;

	buffer[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(values) && used < size; i++)
		if (values[i].value > 0)
			used += (size_t)snprintf(
				buffer + used, size - used, "%s%s %.10g%s",
				used ? ", " : "", values[i].name,
				values[i].value, values[i].unit);
	return buffer;
}
