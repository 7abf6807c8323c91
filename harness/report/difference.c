/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which differences between two kernels count. Facts (outcomes, states, counts of
 * packets) are equal on one kernel whatever its speed; times are not, and only
 * predictions whose ranges are apart differ. A change of the kernel that a case
 * declares explains a difference across its version.
 */
#include "difference.h"

#include <string.h>

#include "journal.h"
#include "macro.h"
#include "message.h"
#include "record-text.h"
#include "report.h"
#include "safe-text.h"

bool difference_is_fact(const char *name, const json_t *value)
{
	static const char *const counts[] = {
		"rto_retransmissions", "keepalive_probes", "syns",
		"connections",	       "half_open",
	};

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		if (strcmp(counts[i], name) == 0)
			return true;
	return json_is_string(value);
}

bool difference_is_other_fact(const char *name, const json_t *value,
			      const json_t *other)
{
	return other && difference_is_fact(name, value) && !json_equal(value, other);
}

static double number(const json_t *values, const char *name, double absent)
{
	const json_t *value = json_object_get(values, name);

	return json_is_number(value) ? json_number_value(value) : absent;
}

bool difference_is_sooner(const json_t *a, const json_t *b)
{
	return 1.25 * number(a, "elapsed_max_s", 1e300) <
	       number(b, "elapsed_s", 0);
}

/* --- as text -------------------------------------------------------------- */

void difference_print_value(FILE *out, const json_t *value)
{
	char buffer[REPORT_TEXT];

	if (json_is_string(value))
		safe_text_print(out, report_value(json_string_value(value),
						  buffer, sizeof(buffer)));
	else if (json_is_number(value))
		fprintf(out, "%.6g", json_number_value(value));
	else
		fputs(_("none"), out);
}

/* A change that was backported may be in either of two kernels, also when both
 * are older than it. */
static bool is_between(const struct change *change, unsigned int a,
		       unsigned int b)
{
	return MIN(a, b) < change->kernel &&
	       (change->kernel <= MAX(a, b) || change->stable);
}

/* The reason of a SKIP names the change: usually a sysctl. */
static bool is_named(const struct change *change, const char *reason)
{
	return strstr(reason, change->what);
}

static bool names_change(const struct change *changes, const char *reason)
{
	for (; changes && changes->what; changes++)
		if (is_named(changes, reason))
			return true;
	return false;
}

bool difference_print_changes(FILE *out, const struct testcase *testcase,
			      unsigned int a, unsigned int b,
			      const char *reason)
{
	const struct change *change = testcase->changes;
	bool any = false, named = names_change(change, reason);

	for (; change && change->what; change++) {
		if (!is_between(change, a, b) ||
		    (named && !is_named(change, reason)))
			continue;
		fputs(any ? _("; ") : "", out);
		fprintf(out,
			change->stable ? _("as expected since %u.%u and in "
					   "stable kernels") :
					 _("as expected since %u.%u"),
			change->kernel >> 16, change->kernel >> 8 & 0xff);
		if (change->commit)
			fprintf(out, " (%s)", change->commit);
		fprintf(out, "%s%s", _(": "), _(change->what));
		any = true;
	}
	return any;
}

void difference_print_why(FILE *out, const struct result *result)
{
	char buffer[1024];
	size_t i;
	json_t *expectation;

	json_array_foreach (result->expectations, i, expectation) {
		if (json_is_true(json_object_get(expectation, "ok")))
			continue;
		fputs(record_failure(expectation, buffer, sizeof(buffer)), out);
		return;
	}
	fputs(message_record(result->reason, buffer, sizeof(buffer)), out);
}
