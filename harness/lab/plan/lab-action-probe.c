/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a probe is told to do. */
#include <errno.h>
#include <string.h>

#include "lab-action-parts.h"
#include "lab-values.h"

static const char *const services[] = {
	[LAB_ECHO] = "echo",
	[LAB_HTTP] = "http",
	[LAB_SILENT] = "silent",
	[LAB_UNACCEPTED] = "unaccepted",
};

static bool is_number(const struct lab_word *word)
{
	return word->text && *word->text >= '0' && *word->text <= '9';
}

static int read_backlog(struct lab_lex *lex, struct lab_action *action)
{
	uint64_t backlog = 0;
	int r = lab_lex_number(lex, "a backlog", 0, INT32_MAX, &backlog);

	if (r < 0)
		return error_trace(r);
	action->backlog = (int)backlog;
	return 0;
}

int lab_listen_read(struct lab_lex *lex, struct lab_action *action)
{
	bool has_service = false, has_backlog = false;
	size_t which;
	int r = lab_host_read(lex, action);

	action->backlog = LAB_BACKLOG;
	while (r >= 0 && lab_lex_look(lex)->text) {
		if (!action->port && (lab_lex_takes(lex, "port") ||
				      is_number(lab_lex_look(lex)))) {
			r = lab_lex_port(lex, &action->port);
		} else if (!has_backlog && lab_lex_takes(lex, "backlog")) {
			r = read_backlog(lex, action);
			has_backlog = true;
		} else if (!has_service) {
			r = lab_lex_choose(lex, "a service", services,
					   ARRAY_SIZE(services), &which);
			if (r >= 0)
				action->service = (enum lab_service)which;
			has_service = true;
		} else {
			return lab_lex_end(lex);
		}
	}
	if (!action->port)
		action->port = LAB_PORT;
	return r < 0 ? error_trace(r) : 0;
}

void lab_listen_say(FILE *out, const struct lab_action *action)
{
	fprintf(out, " %s %u", action->host, action->port);
	if (action->backlog != LAB_BACKLOG)
		fprintf(out, " backlog %d", action->backlog);
	if (action->service != LAB_ECHO)
		fprintf(out, " %s", services[action->service]);
}

/* HOST[:PORT], one word. */
static int read_peer(struct lab_lex *lex, struct lab_action *action)
{
	const struct lab_word *word = lab_lex_look(lex);
	const char *colon = word->text ? strchr(word->text, ':') : NULL;
	uint64_t port = LAB_PORT;
	const char *name;
	int r;

	if (!colon) {
		action->peer_port = LAB_PORT;
		return lab_lex_name(lex, "a host to connect to", &action->peer);
	}
	name = lab_plan_keep_part(lex->plan, word->text,
				  (size_t)(colon - word->text));
	if (!name)
		return error_origin(-ENOMEM, "a host's name");
	r = lab_name_check(name, "host");
	if (r >= 0)
		r = lab_value_number(colon + 1, "a port", 1, UINT16_MAX, &port);
	if (r < 0)
		return lab_lex_trace(lex, word, r);
	lab_lex_take(lex);
	action->peer = name;
	action->peer_port = (uint16_t)port;
	return 0;
}

int lab_connect_read(struct lab_lex *lex, struct lab_action *action)
{
	uint64_t times = 1;
	int r = lab_host_read(lex, action);

	if (r >= 0) {
		lab_lex_takes(lex, "to");
		r = read_peer(lex, action);
	}
	if (r >= 0 && lab_lex_look(lex)->text) {
		r = lab_lex_number(lex, "a number of connections", 1, 100000,
				   &times);
		if (r >= 0 && !lab_lex_takes(lex, "times") &&
		    !lab_lex_takes(lex, "time"))
			r = lab_lex_expected(lex, "'times'");
	}
	action->times = (unsigned int)times;
	return r < 0 ? error_trace(r) : 0;
}

void lab_connect_say(FILE *out, const struct lab_action *action)
{
	fprintf(out, " %s to %s:%u", action->host, action->peer,
		action->peer_port);
	if (action->times > 1)
		fprintf(out, " %u times", action->times);
}

int lab_send_read(struct lab_lex *lex, struct lab_action *action)
{
	const struct lab_word *word;
	int r = lab_host_read(lex, action);

	action->bytes = LAB_BYTES;
	word = lab_lex_look(lex);
	if (r < 0 || !word->text)
		return r < 0 ? error_trace(r) : 0;
	r = lab_value_bytes(word->text, &action->bytes);
	if (r < 0)
		return lab_lex_trace(lex, word, r);
	lab_lex_take(lex);
	if (!lab_lex_takes(lex, "bytes"))
		lab_lex_takes(lex, "byte");
	return 0;
}

void lab_send_say(FILE *out, const struct lab_action *action)
{
	fprintf(out, " %s ", action->host);
	lab_say_bytes(out, action->bytes);
}

/* The option counts milliseconds in an int: tcp(7). */
int lab_user_timeout_read(struct lab_lex *lex, struct lab_action *action)
{
	const struct lab_word *word;
	int r = lab_host_read(lex, action);

	if (r < 0)
		return error_trace(r);
	word = lab_lex_look(lex);
	r = lab_lex_duration(lex, &action->time);
	if (r >= 0 &&
	    (action->time % MSEC(1) || action->time > MSEC(INT32_MAX)))
		return lab_lex_refuse(lex, word,
				      "TCP_USER_TIMEOUT takes whole "
				      "milliseconds, up to 24 days");
	return r < 0 ? error_trace(r) : 0;
}

void lab_user_timeout_say(FILE *out, const struct lab_action *action)
{
	fprintf(out, " %s ", action->host);
	lab_say_duration(out, action->time);
}
