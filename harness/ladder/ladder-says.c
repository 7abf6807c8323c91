/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a host was told, and what came of it; whose sockets these are. */
#include "journal.h"
#include "ladder-parts.h"

#include <stdlib.h>
#include <string.h>

/* connect() has sent its SYN: the newest connection of this host that no socket
 * has yet. */
static int connection_of_connect(const struct ladder_build *build, int host)
{
	for (size_t i = build->ladder->n_connections; i > 0; i--) {
		bool taken = false;

		if (build->ladder->connections[i - 1].client != host)
			continue;
		for (size_t j = 0; j < build->n_holders && !taken; j++)
			taken = build->holders[j].host == host &&
				build->holders[j].connection == (int)i - 1;
		if (!taken)
			return (int)i - 1;
	}
	return LADDER_NONE;
}

/* accept() takes the oldest that is there. */
static int connection_of_accept(struct ladder_build *build, int host)
{
	for (size_t i = 0; i < build->ladder->n_connections; i++) {
		if (build->ladder->connections[i].server != host ||
		    build->tracks[i].accepted ||
		    !build->tracks[i].directions[1].knows_isn)
			continue;
		build->tracks[i].accepted = true;
		return (int)i;
	}
	return LADDER_NONE;
}

/* After these a socket has no connection any more: tcp_reset(),
 * tcp_write_err(). */
static bool is_the_end(const char *error)
{
	return strcmp(error, "ETIMEDOUT") == 0 ||
	       strcmp(error, "ECONNRESET") == 0 ||
	       strcmp(error, "ECONNREFUSED") == 0;
}

static void take_result(struct ladder_build *build, const json_t *record,
			struct ladder_row *row)
{
	const char *call = journal_text(record, "call");
	const char *error = journal_text(record, "errno");
	bool worked = ladder_number_of(record, "value") >= 0 && !*error;
	int connection = LADDER_NONE, host = row->host, socket = row->socket;
	struct ladder_holder *holder;

	row->failed = *error;
	holder = ladder_find_holder(build, host, socket, LADDER_NONE);
	if (strcmp(call, "connect") == 0 &&
	    (!holder || holder->connection == LADDER_NONE))
		connection = connection_of_connect(build, host);
	if (strcmp(call, "accept") == 0) {
		connection = worked ? connection_of_accept(build, host) :
				      LADDER_NONE;
		socket = 0;
		if (connection == LADDER_NONE)
			return;
	}
	holder = ladder_holder_of(build, host, socket, connection);
	if (!holder)
		return;
	row->connection = holder->connection;
	if (worked && (strcmp(call, "connect") == 0 || !socket))
		ladder_set_state(build, holder, "ESTAB", row->t);
	else if (is_the_end(error))
		ladder_end_socket(build, holder, row->t);
}

/* A number that no look and no connect() told of is that of the one accepted
 * connection that has none; where there are several, nobody knows. */
static void learn_accepted(struct ladder_build *build,
			   const struct ladder_row *row)
{
	struct ladder_holder *only = NULL;

	for (size_t i = 0; i < build->n_holders; i++) {
		struct ladder_holder *holder = &build->holders[i];

		if (holder->host != row->host || holder->socket ||
		    holder->connection == LADDER_NONE)
			continue;
		if (only)
			return;
		only = holder;
	}
	if (only)
		only->socket = row->socket;
}

static bool uses_connection(const char *text)
{
	static const char *const calls[] = { "recv(", "send(", "close(",
					     "shutdown(", "setsockopt(" };

	for (size_t i = 0; text && i < ARRAY_SIZE(calls); i++)
		if (strncmp(text, calls[i], strlen(calls[i])) == 0)
			return true;
	return false;
}

void ladder_take_says(struct ladder_build *build, const json_t *record)
{
	int host =
		ladder_host_index(build->ladder, journal_text(record, "host"));
	struct ladder_row *row;

	if (host < 0)
		return;
	row = ladder_add_row(build, LADDER_CALL, ladder_number_of(record, "t"),
			     host);
	if (!row)
		return;
	row->text = ladder_line(build, journal_text(record, "text"));
	row->transfers = strncmp(row->text, "send(", 5) == 0 ||
			 strncmp(row->text, "recv(", 5) == 0;
	row->socket = ladder_socket_of(record);
	if (uses_connection(row->text) &&
	    !ladder_find_holder(build, host, row->socket, LADDER_NONE))
		learn_accepted(build, row);
	if (journal_is(record, "result"))
		take_result(build, record, row);
}

void ladder_name_sockets(struct ladder_build *build)
{
	for (size_t i = 0; i < build->ladder->n_rows; i++) {
		struct ladder_row *row = &build->ladder->rows[i];
		const struct ladder_holder *holder;

		if (!row->socket || row->connection != LADDER_NONE)
			continue;
		holder = ladder_find_holder(build, row->host, row->socket,
				     LADDER_NONE);
		if (holder)
			row->connection = holder->connection;
	}
}
