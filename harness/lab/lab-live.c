/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records arrive roughly in the order of their times: the case process writes
 * what it has read from the wire, from probes and programs, and from sock_diag,
 * each with the time at which it happened. So each record is held for a moment
 * and inserted by its time. A record that arrives even later, because the
 * machine is overloaded, is printed with that remark.
 *
 * While records are held, equal ones of different sockets become one line with
 * a count, in the place of the first. In bursts of frames only the first lines
 * are printed, and frames to which something happened.
 *
 * Before the timeline starts a record is printed with "-" for its time: times
 * count from the timeline's start.
 */
#include "lab-live.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "errors.h"
#include "journal.h"
#include "macro.h"
#include "message.h"
#include "record-text.h"
#include "report.h"

enum {
	BURST_PRINTED = 12, /* lines of a burst */
	GROUP_MIN = 3, /* fewer sockets have a line each */
	LINE = 1024, /* bytes of a record's text */
};

static const nsec_t holding_time = MSEC(200);

/* Frames with less time between them belong to one burst; seconds. */
static const double burst_gap = 0.1;

struct held {
	json_t *record; /* NULL: a frame, not parsed so far */
	char *line; /* of that one */
	bool is_frame, is_plain; /* plain: nothing happened to the frame */
	double t, size;
	nsec_t arrived;
	char *key; /* equal for records that can be one line; NULL: none can */
	json_int_t socket; /* its number, or that of its connection */
	bool grouped; /* in the line of an earlier one */
};

struct lab_live {
	FILE *out;
	bool coloured;
	bool started; /* the timeline */
	struct held *held; /* by time, and by arrival if the times are equal */
	size_t n, capacity;
	double printed; /* the time of the last line */
	unsigned int burst; /* frames with less than burst_gap between them */
	unsigned int folded; /* of the burst, not printed */
	double bytes; /* of the folded ones */
	double last; /* time of the last frame, in seconds */
};

static double number_of(const json_t *record, const char *name)
{
	return json_number_value(json_object_get(record, name));
}

/* --- life ----------------------------------------------------------------- */

int lab_live_new(struct lab_live **ret, FILE *out, bool coloured)
{
	struct lab_live *live = calloc(1, sizeof(*live));

	if (!live)
		return error_origin(-ENOMEM, "live view");
	live->out = out;
	live->coloured = coloured;
	live->printed = -INFINITY;
	*ret = live;
	return 0;
}

static void free_held(struct held *held)
{
	json_decref(held->record);
	free(held->line);
	free(held->key);
}

struct lab_live *lab_live_free(struct lab_live *live)
{
	if (!live)
		return NULL;
	for (size_t i = 0; i < live->n; i++)
		free_held(&live->held[i]);
	free(live->held);
	free(live);
	return NULL;
}

/* --- what is held --------------------------------------------------------- */

/* A listener has no peer: its line names its port, and is its own. */
static char *state_key(const json_t *record)
{
	char *key;

	if (!journal_integer(record, "peer_port"))
		return NULL;
	if (asprintf(&key, "%s %s %s %lld", journal_text(record, "host"),
		     journal_text(record, "state"),
		     journal_text(record, "timer"),
		     (long long)journal_integer(record, "retransmits")) < 0)
		return NULL;
	return key;
}

static char *frame_key(const char *from, const char *to, const char *fate,
		       const char *text, size_t n_text)
{
	char *key;

	if (asprintf(&key, "%s > %s %s %.*s", from, to, fate, (int)n_text,
		     text) < 0)
		return NULL;
	return key;
}

static char *key_of(const json_t *record)
{
	const char *text = journal_text(record, "text");
	char *key;
	int r;

	if (journal_is(record, "state"))
		return state_key(record);
	if (journal_is(record, "frame"))
		return frame_key(journal_text(record, "from"),
				 journal_text(record, "to"),
				 journal_text(record, "fate"), text,
				 strlen(text));
	if (journal_is(record, "call") || journal_is(record, "result"))
		r = asprintf(&key, "%s %s", journal_text(record, "host"), text);
	else
		return NULL;
	return r < 0 ? NULL : key;
}

/* The socket of a result of accept() is the listener: its connection tells it
 * from other results. A line of a program has neither. */
static bool find_socket(const json_t *record, json_int_t *ret)
{
	if (!journal_is(record, "state") &&
	    journal_get_integer(record, "connection", ret))
		return true;
	return journal_get_integer(record, "socket", ret);
}

/* Frames that were dropped, held and so on are printed in any burst. */
static bool is_plain(const char *fate)
{
	return strcmp(fate, "forwarded") == 0 || strcmp(fate, "delayed") == 0;
}

/* Takes what is held. */
static void add(struct lab_live *live, struct held one)
{
	struct held *held =
		array_grow(live->held, live->n, &live->capacity, sizeof(*held));
	size_t i = live->n;

	if (!held) {
		free_held(&one);
		return;
	}
	live->held = held;
	for (; i > 0 && held[i - 1].t > one.t; i--)
		held[i] = held[i - 1];
	held[i] = one;
	live->n++;
}

void lab_live_add(struct lab_live *live, const json_t *record, nsec_t now)
{
	struct held one = {
		.record = json_incref((json_t *)(uintptr_t)record),
		.is_frame = journal_is(record, "frame"),
		.is_plain = is_plain(journal_text(record, "fate")),
		.t = number_of(record, "t"),
		.size = number_of(record, "size"),
		.arrived = now,
	};

	if (find_socket(record, &one.socket))
		one.key = key_of(record);
	add(live, one);
}

void lab_live_add_frame(struct lab_live *live,
			const struct journal_packet *frame, const char *line,
			size_t size, nsec_t now)
{
	struct held one = {
		.line = strndup(line, size),
		.is_frame = true,
		.is_plain = is_plain(frame->fate),
		.t = frame->t,
		.size = (double)frame->size,
		.arrived = now,
		.socket = frame->connection,
	};

	if (frame->connection)
		one.key = frame_key(frame->from, frame->to, frame->fate,
				    frame->text, frame->n_text);
	if (one.line)
		add(live, one);
	else
		free_held(&one);
}

nsec_t lab_live_due(const struct lab_live *live)
{
	nsec_t oldest = NSEC_NEVER;

	for (size_t i = 0; i < live->n; i++)
		oldest = MIN(oldest, live->held[i].arrived);
	return nsec_add(oldest, holding_time);
}

/* --- lines ---------------------------------------------------------------- */

static void print_folded(struct lab_live *live)
{
	if (live->folded)
		fprintf(live->out,
			message_plural(
				"      wire    … %u more frame, %.0f bytes\n",
				"      wire    … %u more frames, %.0f bytes\n",
				live->folded),
			live->folded, live->bytes);
	live->folded = 0;
	live->bytes = 0;
}

/* The frames that follow are printed again. */
static void end_burst(struct lab_live *live)
{
	print_folded(live);
	live->burst = 0;
}

/* Whether it is only counted: a frame in the middle of a transfer. */
static bool folds(struct lab_live *live, const struct held *held)
{
	if (!held->is_frame)
		return false;
	if (held->t - live->last > burst_gap)
		end_burst(live);
	live->last = held->t;
	if (++live->burst <= BURST_PRINTED || !held->is_plain)
		return false;
	live->folded++;
	live->bytes += held->size;
	return true;
}

struct group {
	size_t n; /* sockets */
	json_int_t port, peer_port; /* of all of them; 0: they differ */
};

static bool has_socket(const struct lab_live *live, const size_t *members,
		       size_t n, json_int_t socket)
{
	for (size_t i = 0; i < n; i++)
		if (live->held[members[i]].socket == socket)
			return true;
	return false;
}

/* The held records that are equal to the one at `first`, one of each socket. */
static struct group find_group(struct lab_live *live, size_t first)
{
	const struct held *held = live->held;
	size_t *members = calloc(live->n - first, sizeof(*members));
	struct group group = {
		.n = 1,
		.port = journal_integer(held[first].record, "port"),
		.peer_port = journal_integer(held[first].record, "peer_port"),
	};

	if (!members || !held[first].key)
		goto out;
	members[0] = first;
	for (size_t i = first + 1; i < live->n; i++) {
		const json_t *record = held[i].record;

		if (held[i].grouped || !held[i].key ||
		    strcmp(held[i].key, held[first].key) != 0 ||
		    has_socket(live, members, group.n, held[i].socket))
			continue;
		members[group.n++] = i;
		if (journal_integer(record, "port") != group.port)
			group.port = 0;
		if (journal_integer(record, "peer_port") != group.peer_port)
			group.peer_port = 0;
	}
	if (group.n < GROUP_MIN)
		group.n = 1;
	for (size_t i = 1; i < group.n; i++)
		live->held[members[i]].grouped = true;
out:
	free(members);
	return group;
}

/* "ESTAB  20 sockets, peer port 80": in place of the addresses of one. */
static json_t *group_text(const json_t *record, const struct group *group)
{
	bool state = journal_is(record, "state");
	char port[48] = "", text[LINE];

	if (state && group->port)
		snprintf(port, sizeof(port), _(", port %lld"),
			 (long long)group->port);
	else if (state && group->peer_port)
		snprintf(port, sizeof(port), _(", peer port %lld"),
			 (long long)group->peer_port);
	return json_sprintf(
		journal_is(record, "frame") ? _("%s  %zu connections%s") :
					      _("%s  %zu sockets%s"),
		state ? record_state(record, NULL, text, sizeof(text)) :
			record_text(record, text, sizeof(text)),
		group->n, port);
}

/* Before the timeline the time, the first word of the line, is replaced. `text`
 * NULL: the record has none. */
static void print_line(struct lab_live *live, const json_t *record,
		       const char *text, double zero)
{
	bool late = number_of(record, "t") < live->printed;
	json_t *remarked = json_sprintf("%s%s", text ? text : "",
					late ? _("  (recorded late)") : "");
	char *line = NULL;
	size_t size;
	FILE *memory = open_memstream(&line, &size);

	if (memory && remarked &&
	    report_timeline_text(memory, record, json_string_value(remarked),
				 zero, live->coloured)) {
		if (journal_is(record, "fault") || journal_is(record, "note"))
			end_burst(live);
		else if (!journal_is(record, "frame"))
			print_folded(live);
		fflush(memory);
		if (live->started && number_of(record, "t") >= zero)
			fputs(line, live->out);
		else
			fprintf(live->out, "-    %s",
				line + strcspn(line, " "));
		live->printed = MAX(live->printed, number_of(record, "t"));
	}
	if (memory)
		fclose(memory);
	free(line);
	json_decref(remarked);
}

static void print_held(struct lab_live *live, size_t i, double zero)
{
	struct held *held = &live->held[i];
	const json_t *record;
	json_t *text = NULL;
	struct group group;
	char buffer[LINE];

	if (held->grouped || folds(live, held))
		return;
	if (!held->record &&
	    journal_parse(&held->record, held->line, strlen(held->line)) < 0)
		return;
	record = held->record;
	group = find_group(live, i);
	if (group.n > 1)
		text = group_text(record, &group);
	print_line(live, record,
		   text ? json_string_value(text) :
			  record_text(record, buffer, sizeof(buffer)),
		   zero);
	json_decref(text);
}

/* Up to the last record that has been held long enough: those before it are
 * earlier, whenever they arrived. */
void lab_live_print(struct lab_live *live, double zero, nsec_t now)
{
	size_t end = live->n;

	while (end && now != NSEC_NEVER &&
	       now < nsec_add(live->held[end - 1].arrived, holding_time))
		end--;
	for (size_t i = 0; i < end; i++) {
		if (journal_is(live->held[i].record, "timeline"))
			live->started = true;
		print_held(live, i, zero);
	}
	for (size_t i = 0; i < end; i++)
		free_held(&live->held[i]);
	if (end)
		memmove(live->held, live->held + end,
			(live->n - end) * sizeof(*live->held));
	live->n -= end;
	if (!live->n)
		end_burst(live);
	fflush(live->out);
}
