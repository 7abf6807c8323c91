/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records come from a process that may have crashed, or from a file of another
 * version. Each is checked against the table of members before it is used, so
 * that reports can rely on the types of what they read.
 */
#include "result.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case-table.h"
#include "errors.h"
#include "journal.h"
#include "macro.h"
#include "message.h"
#include "safe-text.h"

static const char *const verdicts[] = {
	[VERDICT_PASS] = "pass",
	[VERDICT_FAIL] = "fail",
	[VERDICT_SKIP] = "skip",
	[VERDICT_BROKEN] = "broken",
};

const char *verdict_text(enum verdict verdict)
{
	return verdicts[verdict];
}

const char *result_name(const struct result *result)
{
	static char name[TESTCASE_RUN_NAME];

	return testcase_run_name(result->testcase, result->variant, name);
}

/* --- life ----------------------------------------------------------------- */

int result_new(struct result **ret, const struct testcase *testcase,
	       const struct variant *variant, int family,
	       unsigned int repetition, unsigned int attempt)
{
	struct result *result = calloc(1, sizeof(*result));

	if (!result)
		return error_origin(-ENOMEM, "result");
	result->testcase = testcase;
	result->variant = variant;
	result->family = family;
	result->repetition = repetition;
	result->attempt = attempt;
	result->created = nsec_now();
	result->judgements = json_array();
	result->sysctls = json_object();
	result->predicted = json_object();
	result->measured = json_object();
	result->expectations = json_array();
	result->journal = json_array();
	if (!result->judgements || !result->sysctls || !result->predicted ||
	    !result->measured || !result->expectations || !result->journal) {
		result_free(result);
		return error_origin(-ENOMEM, "result");
	}
	*ret = result;
	return 0;
}

struct result *result_free(struct result *result)
{
	if (!result)
		return NULL;
	json_decref(result->judgements);
	json_decref(result->sysctls);
	json_decref(result->predicted);
	json_decref(result->measured);
	json_decref(result->expectations);
	json_decref(result->journal);
	free(result->reason);
	free(result);
	return NULL;
}

bool result_wants_retry(const struct result *result, unsigned int retries)
{
	if (result->verdict != VERDICT_FAIL &&
	    result->verdict != VERDICT_BROKEN)
		return false;
	if (result->inconclusive)
		retries = MAX(retries,
			      (unsigned int)RESULT_INCONCLUSIVE_RETRIES);
	return result->attempt <= retries;
}

/* --- required members of records ------------------------------------------ */

enum kind { TEXT, NUMBER, TRUTH, LIST, TEXT_OR_NUMBER };

struct member {
	const char *type, *name;
	enum kind kind;
	bool optional; /* may be null or missing */
};

/* See journal.h. Members that are not listed (hex, rule, …) are read with
 * functions that accept any type, and need no check. */
static const struct member members[] = {
	{ "start", "journal", NUMBER, true },
	{ "start", "name", TEXT, false },
	{ "start", "variant", TEXT, true },
	{ "start", "family", NUMBER, false },
	{ "start", "repetition", NUMBER, false },
	{ "start", "seconds", NUMBER, false },
	{ "sysctl", "host", TEXT, false },
	{ "sysctl", "name", TEXT, false },
	{ "sysctl", "value", TEXT, false },
	{ "call", "host", TEXT, false },
	{ "call", "socket", NUMBER, true },
	{ "call", "call", TEXT, true },
	{ "call", "text", TEXT, false },
	{ "result", "host", TEXT, false },
	{ "result", "socket", NUMBER, true },
	{ "result", "call", TEXT, false },
	{ "result", "value", NUMBER, false },
	{ "result", "errno", TEXT, true },
	{ "result", "text", TEXT, false },
	{ "fault", "verb", TEXT, false },
	{ "fault", "target", TEXT, false },
	{ "fault", "text", TEXT, false },
	{ "frame", "from", TEXT, false },
	{ "frame", "to", TEXT, false },
	{ "frame", "fate", TEXT, false },
	{ "frame", "text", TEXT, false },
	{ "frame", "kinds", LIST, false },
	{ "frame", "packet", NUMBER, true },
	{ "frame", "connection", NUMBER, true },
	{ "state", "host", TEXT, false },
	{ "state", "state", TEXT, false },
	{ "state", "text", TEXT, false },
	{ "counter", "host", TEXT, false },
	{ "counter", "name", TEXT, false },
	{ "counter", "change", NUMBER, false },
	{ "note", "text", TEXT, false },
	{ "meaning", "host", TEXT, false },
	{ "meaning", "text", TEXT, false },
	{ "predicted", "name", TEXT, false },
	{ "predicted", "value", TEXT_OR_NUMBER, false },
	{ "measured", "name", TEXT, false },
	{ "measured", "value", TEXT_OR_NUMBER, false },
	{ "expectation", "what", TEXT, false },
	{ "expectation", "ok", TRUTH, false },
	{ "expectation", "expected", TEXT, false },
	{ "expectation", "observed", TEXT, false },
	{ "expectation", "at", TEXT, false },
	{ "judgement", "claim", TEXT, false },
	{ "judgement", "document", TEXT, false },
	{ "judgement", "since", TEXT, true },
	{ "judgement", "note", TEXT, true },
	{ "verdict", "verdict", TEXT, false },
	{ "verdict", "reason", TEXT, false },
	{ "verdict", "inconclusive", TRUTH, false },
	{ "verdict", "lateness", NUMBER, true },
	{ "verdict", "residence", NUMBER, true },
};

static bool is_kind(const json_t *value, enum kind kind)
{
	switch (kind) {
	case TEXT:
		return json_is_string(value);
	case NUMBER:
		return json_is_number(value);
	case TRUTH:
		return json_is_boolean(value);
	case LIST:
		return json_is_array(value);
	case TEXT_OR_NUMBER:
		return json_is_string(value) || json_is_number(value);
	}
	return false;
}

static const char *kind_text(enum kind kind)
{
	static const char *const texts[] = {
		[TEXT] = R_("a string"),
		[NUMBER] = R_("a number"),
		[TRUTH] = R_("true or false"),
		[LIST] = R_("an array"),
		[TEXT_OR_NUMBER] = R_("a string or a number"),
	};

	return texts[kind];
}

/* The object may also be a member of a --format jsonl line. */
static int check_members(const char *type, const json_t *record)
{
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const struct member *member = &members[i];
		const json_t *value;

		if (strcmp(member->type, type) != 0)
			continue;
		value = json_object_get(record, member->name);
		if (member->optional && (!value || json_is_null(value)))
			continue;
		if (!is_kind(value, member->kind))
			return error_origin(
				-EBADMSG,
				"journal record '%s': %s has the wrong type; "
				"expected: %s",
				type, member->name, kind_text(member->kind));
	}
	return 0;
}

int result_check(const json_t *record)
{
	const char *type = json_string_value(json_object_get(record, "type"));
	int r;

	if (!type || !json_is_number(json_object_get(record, "t")))
		return error_origin(-EBADMSG,
				    "journal record without \"t\" or \"type\"");
	r = check_members(type, record);
	return error_trace(r);
}

/* --- records -------------------------------------------------------------- */

static int put(json_t *into, const char *key, json_t *value)
{
	if (json_object_set(into, key, value) < 0)
		return error_origin(-ENOMEM, "result");
	return 0;
}

static int take_expectation(struct result *result, const json_t *record)
{
	json_t *expectation =
		json_pack("{s:O, s:O, s:O, s:O, s:O}", "what",
			  json_object_get(record, "what"), "ok",
			  json_object_get(record, "ok"), "expected",
			  json_object_get(record, "expected"), "observed",
			  json_object_get(record, "observed"), "at",
			  json_object_get(record, "at"));

	if (!expectation ||
	    json_array_append_new(result->expectations, expectation) < 0)
		return error_origin(-ENOMEM, "result");
	return 0;
}

/* Only a pass judges the documents, unless it has a reason not to (--set): the
 * case's table has what a pass proves. */
static int judge(struct result *result)
{
	const struct judgement *judgement =
		testcase_judgements(result->testcase, result->variant);

	for (; judgement && judgement->claim; judgement++) {
		json_t *object;

		if (judgement->document == DOCUMENT_NONE)
			continue;
		object = json_pack("{s:s, s:s, s:s?, s:s}", "claim",
				   judgement->claim, "document",
				   document_text(judgement->document), "since",
				   judgement->since, "note",
				   judgement->note ? judgement->note : "");
		if (!object ||
		    json_array_append_new(result->judgements, object) < 0)
			return error_origin(-ENOMEM, "result");
	}
	return 0;
}

static int end(struct result *result, enum verdict verdict, const char *reason,
	       bool inconclusive)
{
	char *copy = strdup(reason);

	if (!copy)
		return error_origin(-ENOMEM, "result");
	/* It may end in the middle of a character, and is put into JSON. */
	safe_text(copy, true);
	free(result->reason);
	result->reason = copy;
	result->verdict = verdict;
	result->inconclusive = inconclusive;
	result->has_verdict = true;
	result->took = nsec_now() - result->created;
	return 0;
}

/* A century: longer than any run, and within the range of nsec_t. */
static bool is_duration(double seconds)
{
	return seconds >= 0 && seconds < 100 * 365.25 * 86400;
}

/* 0 for a missing value, or one out of range. */
static nsec_t duration_of(const json_t *record, const char *name)
{
	double seconds = json_number_value(json_object_get(record, name));

	return is_duration(seconds) ? nsec_from_seconds(seconds) : 0;
}

static int find_verdict(const char *text, enum verdict *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		if (strcmp(verdicts[i], text) != 0)
			continue;
		*ret = (enum verdict)i;
		return 0;
	}
	return error_origin(-EBADMSG, "unknown verdict '%s'", text);
}

static int take_verdict(struct result *result, const json_t *record)
{
	enum verdict verdict;
	int r = find_verdict(journal_text(record, "verdict"), &verdict);

	if (r < 0)
		return error_trace(r);
	if (result->has_verdict)
		return error_origin(-EBADMSG, "second record 'verdict'");
	result->timer_delay = duration_of(record, "lateness");
	result->frame_delay = duration_of(record, "residence");
	r = end(result, verdict, journal_text(record, "reason"),
		json_is_true(json_object_get(record, "inconclusive")));
	if (r >= 0 && verdict == VERDICT_PASS && !*result->reason)
		r = judge(result);
	return error_trace(r);
}

/* Also of a line that is not parsed. */
static bool is_frame(const json_t *record)
{
	return json_is_string(record) || journal_is(record, "frame");
}

static double time_of(const json_t *record)
{
	if (json_is_string(record))
		return strtod(json_string_value(record) + strlen("{\"t\":"),
			      NULL);
	return json_number_value(json_object_get(record, "t"));
}

/* Records of other types have nothing that a result needs. */
static int fold(struct result *result, const json_t *record)
{
	const char *name = journal_text(record, "name");
	json_t *value = json_object_get(record, "value");
	char key[256];

	if (journal_is(record, "sysctl")) {
		snprintf(key, sizeof(key), "%s:%s",
			 journal_text(record, "host"), name);
		return error_trace(put(result->sysctls, key, value));
	}
	if (journal_is(record, "predicted"))
		return error_trace(put(result->predicted, name, value));
	if (journal_is(record, "measured"))
		return error_trace(put(result->measured, name, value));
	if (journal_is(record, "expectation"))
		return error_trace(take_expectation(result, record));
	if (journal_is(record, "verdict"))
		return error_trace(take_verdict(result, record));
	if (journal_is(record, "timeline"))
		result->zero = time_of(record);
	return 0;
}

static json_t *new_omission(double t)
{
	return json_pack("{s:f, s:s, s:s, s:i, s:f}", "t", t, "type", "note",
			 "text", "", "frames", 0, "until", t);
}

static int count_omission(struct result *result, size_t n)
{
	char text[96];
	json_int_t frames =
		journal_integer(result->omission, "frames") + (json_int_t)n;

	snprintf(text, sizeof(text), R_("%lld frames are left out here"),
		 (long long)frames);
	if (json_object_set_new(result->omission, "text", json_string(text)) <
		    0 ||
	    json_object_set_new(result->omission, "frames",
				json_integer(frames)) < 0)
		return error_origin(-ENOMEM, "result");
	return 0;
}

void result_leave_out_until(struct result *result, double t)
{
	json_real_set(json_object_get(result->omission, "until"), t);
}

int result_leave_out(struct result *result, double t, size_t n)
{
	result->omission = new_omission(t);
	if (!result->omission ||
	    json_array_append_new(result->journal, result->omission) < 0) {
		result->omission = NULL;
		return error_origin(-ENOMEM, "result");
	}
	return error_trace(count_omission(result, n));
}

/* Moves the records into a new array, without the frames between the first and
 * the last ones. */
static int omit_frames(struct result *result)
{
	size_t last = result->n_frames - RESULT_LAST, frame = 0, i;
	json_t *kept = json_array(), *record;
	int r = kept ? 0 : -ENOMEM;

	json_array_foreach (result->journal, i, record) {
		bool omit = is_frame(record) && ++frame > RESULT_FIRST &&
			    frame <= last;

		if (omit && !result->omission) {
			result->omission = new_omission(time_of(record));
			r = result->omission ?
				    json_array_append_new(kept,
							  result->omission) :
				    -1;
		} else if (!omit) {
			r = json_array_append(kept, record);
		}
		if (omit && r >= 0)
			result_leave_out_until(result, time_of(record));
		if (r < 0)
			break;
	}
	if (r < 0) {
		json_decref(kept);
		return error_origin(-ENOMEM, "result");
	}
	json_decref(result->journal);
	result->journal = kept;
	result->n_frames = RESULT_FIRST + RESULT_LAST;
	return error_trace(count_omission(result, last - RESULT_FIRST));
}

int result_keep(struct result *result, json_t *record)
{
	bool counts = is_frame(record);

	if (json_array_append_new(result->journal, record) < 0)
		return error_origin(-ENOMEM, "result");
	result->n_frames += counts;
	/* Seldom, so that moving the others costs little for each frame. */
	if (!result->keeps_all_frames &&
	    result->n_frames > RESULT_FIRST + 2 * RESULT_LAST)
		return error_trace(omit_frames(result));
	return 0;
}

int result_take(struct result *result, json_t *record)
{
	int r = result_check(record);

	if (r >= 0)
		r = fold(result, record);
	if (r < 0) {
		json_decref(record);
		return error_trace(r);
	}
	return error_trace(result_keep(result, record));
}

int result_take_frame(struct result *result, const char *line, size_t size)
{
	return error_trace(
		result_keep(result, json_stringn_nocheck(line, size)));
}

/* Replaces the line by its record. */
static int parse_frame(json_t *journal, size_t i)
{
	const json_t *line = json_array_get(journal, i);
	json_t *record;
	int r = journal_parse(&record, json_string_value(line),
			      json_string_length(line));

	if (r < 0)
		return error_trace(r);
	r = result_check(record);
	if (r < 0) {
		json_decref(record);
		return error_trace(r);
	}
	if (json_array_set_new(journal, i, record) < 0)
		return error_origin(-ENOMEM, "result");
	return 0;
}

int result_parse_frames(struct result *result)
{
	json_t *journal = result->journal;
	size_t i = 0;
	int r = 0;

	while (i < json_array_size(journal)) {
		int parsed = json_is_string(json_array_get(journal, i)) ?
				     parse_frame(journal, i) :
				     0;

		if (parsed < 0)
			json_array_remove(journal, i);
		else
			i++;
		r = MIN(r, parsed);
	}
	return error_trace(r);
}

void result_clear_journal(struct result *result)
{
	json_array_clear(result->journal);
	result->n_frames = 0;
	result->omission = NULL;
}

void result_broken(struct result *result, const char *reason)
{
	json_array_clear(result->judgements);
	/* Without memory for the reason the verdict still changes. */
	if (end(result, VERDICT_BROKEN, reason, false) < 0) {
		result->verdict = VERDICT_BROKEN;
		result->inconclusive = false;
		result->has_verdict = true;
	}
}

/* --- parsing --format jsonl ----------------------------------------------- */

static const struct variant *find_variant(const struct testcase *testcase,
					  const char *name)
{
	const struct variant *variant = testcase->variants;

	while (variant && variant->name && strcmp(variant->name, name) != 0)
		variant++;
	return variant && variant->name ? variant : NULL;
}

static void take_part(json_t **part, json_t *value)
{
	json_decref(*part);
	*part = json_incref(value);
}

static int check_list(const char *type, const json_t *list)
{
	size_t i;
	json_t *each;

	if (!json_is_array(list))
		return error_origin(-EBADMSG,
				    "'case' line: %ss is not an array", type);
	json_array_foreach (list, i, each) {
		int r = check_members(type, each);

		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

static int check_values(const char *what, json_t *values, enum kind kind)
{
	const char *name;
	json_t *value;

	if (!json_is_object(values))
		return error_origin(-EBADMSG,
				    "'case' line: %s is not an object", what);
	json_object_foreach (values, name, value)
		if (!is_kind(value, kind))
			return error_origin(-EBADMSG,
					    "'case' line: %s: %s has the wrong "
					    "type; expected: %s",
					    what, name, kind_text(kind));
	return 0;
}

/* The same checks that result_take() makes for records. */
static int check_case(const json_t *line)
{
	int r = check_list("judgement", json_object_get(line, "judgements"));

	if (r < 0)
		return error_trace(r);
	r = check_list("expectation", json_object_get(line, "expectations"));
	if (r < 0)
		return error_trace(r);
	r = check_values("sysctls", json_object_get(line, "sysctls"), TEXT);
	if (r < 0)
		return error_trace(r);
	r = check_values("predicted", json_object_get(line, "predicted"),
			 TEXT_OR_NUMBER);
	if (r < 0)
		return error_trace(r);
	return error_trace(check_values("measured",
					json_object_get(line, "measured"),
					TEXT_OR_NUMBER));
}

static int fill(struct result *result, const json_t *line)
{
	json_t *judgements, *sysctls, *predicted, *measured, *expectations;
	const char *verdict, *reason;
	enum verdict found;
	double seconds;
	json_t *object = json_incref((json_t *)(uintptr_t)line);
	int r, inconclusive;

	r = json_unpack(object,
			"{s:s, s:b, s:s, s:F, s:o, s:o, s:o, s:o, s:o}",
			"verdict", &verdict, "inconclusive", &inconclusive,
			"reason", &reason, "seconds", &seconds, "judgements",
			&judgements, "sysctls", &sysctls, "predicted",
			&predicted, "measured", &measured, "expectations",
			&expectations);
	json_decref(object);
	if (r < 0 || !is_duration(seconds))
		return error_origin(-EBADMSG,
				    "'case' line: missing member, or duration "
				    "out of range");
	r = check_case(line);
	if (r >= 0)
		r = find_verdict(verdict, &found);
	if (r >= 0)
		r = end(result, found, reason, inconclusive);
	if (r < 0)
		return error_trace(r);
	result->took = nsec_from_seconds(seconds);
	take_part(&result->judgements, judgements);
	take_part(&result->sysctls, sysctls);
	take_part(&result->predicted, predicted);
	take_part(&result->measured, measured);
	take_part(&result->expectations, expectations);
	return 0;
}

int result_parse(struct result **ret, const json_t *line,
		 const struct testcase *testcase)
{
	const char *variant_name = journal_text(line, "variant");
	const struct variant *variant = NULL;
	struct result *result;
	int r;

	if (*variant_name)
		variant = find_variant(testcase, variant_name);
	if (*variant_name && !variant)
		return error_origin(-EBADMSG, "unknown variant '%s/%s'",
				    testcase->name, variant_name);
	r = result_new(&result, testcase, variant,
		       (int)json_integer_value(json_object_get(line, "family")),
		       (unsigned int)json_integer_value(
			       json_object_get(line, "repetition")),
		       (unsigned int)json_integer_value(
			       json_object_get(line, "try")));
	if (r < 0)
		return error_trace(r);
	r = fill(result, line);
	if (r < 0) {
		result_free(result);
		return error_trace(r);
	}
	*ret = result;
	return 0;
}

void result_set_journal(struct result *result, json_t *journal)
{
	json_t *record;
	size_t i;

	json_decref(result->journal);
	result->journal = journal;
	json_array_foreach (journal, i, record)
		if (journal_is(record, "timeline"))
			result->zero = time_of(record);
}

/* --- upper bounds --------------------------------------------------------- */

const json_t *result_maximum(const json_t *values, const char *name)
{
	const char *unit = strrchr(name, '_');
	const json_t *max;
	char key[160];

	snprintf(key, sizeof(key), "%.100s_max", name);
	max = json_object_get(values, key);
	if (max || !unit)
		return max;
	snprintf(key, sizeof(key), "%.*s_max%.40s", (int)MIN(unit - name, 100),
		 name, unit);
	return json_object_get(values, key);
}

bool result_is_maximum(const json_t *values, const char *name)
{
	const char *max = strstr(name, "_max");
	char base[160];

	if (!max || (max[4] && max[4] != '_'))
		return false;
	snprintf(base, sizeof(base), "%.*s%.40s", (int)MIN(max - name, 100),
		 name, max + 4);
	return json_object_get(values, base);
}

/* --- printing --format jsonl ---------------------------------------------- */

json_t *result_json(const struct result *result)
{
	assert(result->has_verdict);
	return json_pack(
		"{s:s, s:s, s:s?, s:i, s:i, s:i, s:s, s:b, s:s, s:O, s:f, s:O,"
		" s:O, s:O, s:O}",
		"type", "case", "name", result->testcase->name, "variant",
		result->variant ? result->variant->name : NULL, "family",
		result->family, "repetition", (int)result->repetition, "try",
		(int)result->attempt, "verdict", verdict_text(result->verdict),
		"inconclusive", (int)result->inconclusive, "reason",
		result->reason ? result->reason : "", "judgements",
		result->judgements, "seconds", nsec_seconds(result->took),
		"sysctls", result->sysctls, "predicted", result->predicted,
		"measured", result->measured, "expectations",
		result->expectations);
}
