/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record-text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "fault.h"
#include "journal.h"
#include "macro.h"
#include "message.h"

/* Parts of one text: each is translated by itself. */
enum { PART = 512 };

static bool has(const json_t *record, const char *name)
{
	return json_object_get(record, name);
}

/* --- faults --------------------------------------------------------------- */

/* NULL where the record has no such member. */
static const char *member(const json_t *record, const char *name)
{
	return json_string_value(json_object_get(record, name));
}

/* A lab records the action that its user wrote: that is not the verb's text. */
static const char *fault_record(const json_t *record, char *buffer, size_t size)
{
	const char *text = journal_text(record, "text");
	const char *target = journal_text(record, "target");
	const struct fault_verb *verb =
		fault_recorded_verb(journal_text(record, "verb"));
	const struct fault_details details = {
		.argument = member(record, "argument"),
		.from = member(record, "from"),
		.to = member(record, "to"),
	};

	if (!verb || !verb->text)
		return text;
	fault_text(verb, target, &details, false, buffer, size);
	if (strcmp(buffer, text) != 0)
		return text;
	fault_text(verb, target, &details, true, buffer, size);
	return buffer;
}

/* --- states --------------------------------------------------------------- */

const char *record_timer(const json_t *record)
{
	const char *timer = journal_text(record, "timer");

	if (!*timer || strcmp(timer, "none") == 0)
		return NULL;
	if (strcmp(timer, "on") == 0)
		return _("retransmission");
	if (strcmp(timer, "persist") == 0)
		return _("zero-window probe");
	if (strcmp(timer, "timewait") == 0)
		return journal_text(record, "state");
	return strcmp(timer, "keepalive") == 0 ? _("keepalive") : timer;
}

const char *record_state(const json_t *record, const char *left, char *buffer,
			 size_t size)
{
	const char *state = journal_text(record, "state");
	const char *timer = record_timer(record);
	int retransmits = (int)journal_integer(record, "retransmits");
	char seconds[32], times[48] = "";

	if (!left) {
		snprintf(seconds, sizeof(seconds), "%.3f s",
			 json_number_value(json_object_get(record, "expires")));
		left = seconds;
	}
	if (strcmp(state, "none") == 0)
		state = _("no socket");
	if (retransmits > 0)
		snprintf(times, sizeof(times), _(" (%d so far)"), retransmits);
	if (!timer)
		snprintf(buffer, size, "%s", state);
	else if (strcmp(journal_text(record, "timer"), "timewait") == 0)
		snprintf(buffer, size, _("%s, %s left"), state, left);
	else
		snprintf(buffer, size, _("%s, %s in %s%s"), state, timer, left,
			 times);
	return buffer;
}

static const char *state_record(const json_t *record, char *buffer, size_t size)
{
	const char *text = journal_text(record, "text");
	/* A lab names both ends behind the state. */
	const char *ends = strstr(text, "  ");
	char state[PART];

	/* A listener of a lab. */
	if (has(record, "queue") && has(record, "port"))
		return message_record(text, buffer, size);
	if (has(record, "queue")) {
		snprintf(buffer, size,
			 _("LISTEN, accept queue %lld, limit %lld"),
			 (long long)journal_integer(record, "queue"),
			 (long long)journal_integer(record, "limit"));
		return buffer;
	}
	snprintf(buffer, size, "%s%s",
		 record_state(record, NULL, state, sizeof(state)),
		 ends ? ends : "");
	return buffer;
}

/* --- calls and results ---------------------------------------------------- */

static const char *call_record(const json_t *record, char *buffer, size_t size)
{
	const char *text = journal_text(record, "text");
	const char *program = journal_text(record, "program");

	if (has(record, "signal"))
		snprintf(buffer, size, _("%s ends, signal %d"), program,
			 (int)journal_integer(record, "signal"));
	else if (has(record, "status"))
		snprintf(buffer, size, _("%s ends, exit status %d"), program,
			 (int)journal_integer(record, "status"));
	else
		/* Without a member "call", a program printed the text. */
		return has(record, "call") ?
			       message_record(text, buffer, size) :
			       text;
	return buffer;
}

static const char *result_record(const json_t *record, char *buffer,
				 size_t size)
{
	if (!has(record, "wrong"))
		return journal_text(record, "text");
	snprintf(buffer, size,
		 _("%s() = %lld, %lld wrong bytes, the first at offset %lld"),
		 journal_text(record, "call"),
		 (long long)journal_integer(record, "value"),
		 (long long)journal_integer(record, "wrong"),
		 (long long)journal_integer(record, "first_wrong"));
	return buffer;
}

/* --- records -------------------------------------------------------------- */

const char *record_text(const json_t *record, char *buffer, size_t size)
{
	if (journal_is(record, "fault"))
		return fault_record(record, buffer, size);
	if (journal_is(record, "state"))
		return state_record(record, buffer, size);
	if (journal_is(record, "call"))
		return call_record(record, buffer, size);
	if (journal_is(record, "result"))
		return result_record(record, buffer, size);
	return message_record(journal_text(record, "text"), buffer, size);
}

const char *record_fate(const json_t *record)
{
	return _(journal_text(record, "fate"));
}

const char *record_subject(const json_t *record, char *buffer, size_t size)
{
	return message_value(journal_text(record, "what"), buffer, size);
}

const char *record_failure(const json_t *record, char *buffer, size_t size)
{
	char what[PART], expected[PART], observed[PART];

	snprintf(buffer, size, _("%s: expected %s, observed %s"),
		 record_subject(record, what, sizeof(what)),
		 message_record(journal_text(record, "expected"), expected,
				sizeof(expected)),
		 message_record(journal_text(record, "observed"), observed,
				sizeof(observed)));
	return buffer;
}
