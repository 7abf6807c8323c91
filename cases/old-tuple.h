/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server opens the four-tuple of an old connection again, from its side:
 * for the cases time-wait-other-end and time-wait-stale-data.
 *
 * Both ends take their initial sequence numbers from a clock that advances by
 * 15.6 MB a second (isn.h). The sequence numbers of an old connection are
 * above the new initial one only if that connection was faster than the clock.
 */
#pragma once

#include "case.h"
#include "virtual-time.h"

/* The wire records only transfers up to that many bytes, and counts larger
 * ones. */
enum { OLD_TUPLE_RECORDED = 1000 };

/* More bytes than the clock counts during the whole script, for which a busy
 * machine may take 4.3 s. In a guest with virtual time nothing else runs, and
 * 1.07 s are enough. */
static inline uint32_t old_tuple_bulk(void)
{
	return virtual_time_is_on() ? 16 << 20 : 64 << 20;
}

/* Sends the next bytes of the stream; none may be wrong. */
static inline void old_tuple_transfer(struct sock *from, struct sock *to,
				      uint64_t bytes)
{
	struct run *run = sock_run(from);
	struct finding got;

	frames_count_only(run, bytes > OLD_TUPLE_RECORDED);
	got = sock_stream(from, to, bytes, SEC(10));
	frames_count_only(run, false);
	expect_stream(&got, bytes, 0);
}

/* The new connection: the server's connect() to the client's old port. */
struct new_tuple {
	struct sock *listener, *server;
	struct mark asked;
	struct finding got;
};

static inline struct new_tuple old_tuple_connect(struct run *run,
						 const struct pair *old)
{
	struct new_tuple new = {
		.listener = sock_listen_on(old->client_probe,
					   sock_local_port(old->client), 1),
		.server = sock_open(old->server_probe),
	};

	sock_set(new.server, SOL_SOCKET, SO_REUSEADDR, 1);
	sock_bind(new.server, sock_local_port(old->server));
	new.asked = mark_now(run);
	sock_start_connect(new.server, new.listener);
	new.got = sock_reap(new.server, soon);
	return new;
}
