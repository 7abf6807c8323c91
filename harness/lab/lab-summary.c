/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab-summary.h"

#include <stdint.h>
#include <string.h>

#include "colour.h"
#include "fault.h"
#include "fold.h"
#include "journal.h"
#include "macro.h"
#include "message.h"
#include "safe-text.h"
#include "suffix.h"

static double number_of(const json_t *record, const char *name)
{
	return json_number_value(json_object_get(record, name));
}

/* Before the first line of a section. Returns true. */
static bool print_heading(FILE *out, bool printed, const char *heading)
{
	if (!printed)
		fprintf(out, "\n%s\n", _(heading));
	return true;
}

static void print_expectations(FILE *out, const struct report *report,
			       const struct result *result)
{
	bool printed = false;
	json_t *one;
	size_t i;

	json_array_foreach(result->expectations, i, one)
	{
		bool ok = json_is_true(json_object_get(one, "ok"));
		enum colour colour = ok ? COLOUR_GOOD : COLOUR_ALARM;
		char text[512], observed[256];

		printed = print_heading(out, printed, N_("expectations"));
		snprintf(text, sizeof(text), "%s: %s: %s",
			 journal_text(one, "what"),
			 journal_text(one, "expected"),
			 message_record(journal_text(one, "observed"), observed,
					sizeof(observed)));
		safe_text(text, false);
		fprintf(out, "  %s", colour_begin(report->coloured, colour));
		fold_pad(out, ok ? _("ok") : _("wrong"), SIZE_MAX, 5);
		fprintf(out, "%s ", colour_end(report->coloured, colour));
		fold_print(out, text, 8, 8, report->columns);
	}
}

/* Counters that change with every segment of a healthy connection. */
static bool is_ordinary(const char *name)
{
	static const char *const ordinary[] = {
		"InReceives",
		"InDelivers",
		"OutRequests",
		"OutTransmits",
		"ForwDatagrams",
		"InSegs",
		"OutSegs",
		"CurrEstab",
		"TCPHPHits",
		"TCPHPAcks",
		"TCPPureAcks",
		"TCPOrigDataSent",
		"TCPDelivered",
		"TCPAutoCorking",
		"DelayedACKs",
		"ActiveOpens",
		"PassiveOpens",
		"TcpTimeoutRehash",
		"TCPFromZeroWindowAdv",
		"TCPToZeroWindowAdv",
	};

	for (size_t i = 0; i < ARRAY_SIZE(ordinary); i++)
		if (strcmp(ordinary[i], name) == 0)
			return true;
	return suffix_ends(name, "Octets") || suffix_ends(name, "Pkts");
}

/* The counters of a dead host have been counting what its kernel does with the
 * sockets that its processes left: no machine did that. */
static bool is_dead(const struct result *result, const char *host)
{
	bool dead = false;
	json_t *record;
	size_t i;

	json_array_foreach(result->journal, i, record)
	{
		const struct fault_verb *verb, *ended;

		if (!journal_is(record, "fault") ||
		    strcmp(journal_text(record, "target"), host) != 0)
			continue;
		verb = fault_recorded_verb(journal_text(record, "verb"));
		ended = verb ? fault_ended_by(verb) : NULL;
		if (ended && ended->kills_host)
			dead = false;
		else if (verb && verb->kills_host)
			dead = true;
	}
	return dead;
}

static void print_counters(FILE *out, const struct report *report,
			   const struct result *result)
{
	bool printed = false;
	char text[8192] = "", host[32] = "";
	json_t *record;
	size_t i, used = 0;

	json_array_foreach(result->journal, i, record)
	{
		if (!journal_is(record, "counter") ||
		    is_ordinary(journal_text(record, "name")) ||
		    is_dead(result, journal_text(record, "host")))
			continue;
		printed = print_heading(out, printed, N_("changed counters"));
		if (strcmp(host, journal_text(record, "host")) != 0) {
			if (used)
				fold_print(out, text, 0, 10, report->columns);
			snprintf(host, sizeof(host), "%s",
				 journal_text(record, "host"));
			used = (size_t)snprintf(text, sizeof(text), "  %-7s",
						host);
		}
		if (used < sizeof(text) - 64)
			used += (size_t)snprintf(
				text + used, sizeof(text) - used, " %.40s%+.0f",
				journal_text(record, "name"),
				number_of(record, "change"));
	}
	if (used)
		fold_print(out, text, 0, 10, report->columns);
}

static void print_conclusions(FILE *out, const struct report *report,
			      const struct result *result)
{
	bool printed = false;
	json_t *record;
	size_t i;

	json_array_foreach(result->journal, i, record)
	{
		char buffer[1024];

		if (!journal_is(record, "meaning"))
			continue;
		printed = print_heading(out, printed, N_("conclusions"));
		fprintf(out, "  %-9s ", journal_text(record, "host"));
		fold_print(out,
			   message_record(journal_text(record, "text"), buffer,
					  sizeof(buffer)),
			   12, 12, report->columns);
	}
}

void lab_summary_print(FILE *out, const struct report *report,
		       const struct result *result)
{
	print_counters(out, report, result);
	print_conclusions(out, report, result);
	print_expectations(out, report, result);
	fflush(out);
}
