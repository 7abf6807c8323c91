/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * With tcp_tw_reuse a connect() that has to choose a local port may take over
 * a TIME-WAIT of its own four-tuple when it is old enough: tcp_twsk_unique().
 * Since 6.14 its age is compared in milliseconds with tcp_tw_reuse_delay (1000
 * by default): it is old enough in the first millisecond after those. Before,
 * whole seconds were compared, and a fraction of a second could be enough.
 *
 * The new connection starts 65537 above the last sequence number of the old
 * one and keeps its timestamps, so that no old segment fits. It replaces that
 * TIME-WAIT; the sysctl alone ends none.
 *
 * The default is 2 since 79e9fed46038 (4.19): on for loopback, off for all
 * other paths.
 *
 * All this applies to a port that connect() chooses. For a port that bind()
 * has given to the socket (with SO_REUSEADDR on it and on the old one),
 * __inet_hash_connect() passes no `twp`, and tcp_twsk_unique() checks neither
 * the age nor the sysctl: timestamps are enough.
 */
#include "case.h"

/* What tcp_twsk_unique() adds to the last sequence number. */
enum { BEYOND_TIME_WAIT = 65535 + 2 };

/* The variants' values: wait until the TIME-WAIT is old enough, or connect just
 * before and after. */
enum { JUST_IN_TIME, OLD_ENOUGH };

/* From the time at which the TIME-WAIT is old enough. */
static const nsec_t margin = MSEC(100);

struct stage {
	struct pair tcp;
	struct range entered; /* when the client's end entered TIME-WAIT */
	struct range from; /* when it may be taken over */
	uint32_t snd_nxt; /* the old connection's, at the client */
	uint32_t ts_recent; /* of the TIME-WAIT: the server's last timestamp */
};

/* TIME-WAIT starts between the server's FIN and its ACK on the wire. */
static void close_client_first(struct run *run, struct stage *stage)
{
	struct mark since = mark_now(run);
	const struct wire_capture *fin;

	sock_close_both(stage->tcp.client, stage->tcp.server);
	stage->snd_nxt =
		frames_first(run, since, "client", WIRE_FIN)->frame.tcp.seq + 1;
	fin = frames_first(run, since, "server", WIRE_FIN);
	stage->ts_recent = fin->frame.tcp.tsval;
	stage->entered.min = since.at = fin->at;
	stage->entered.max =
		frames_first(run, since, "client", WIRE_PURE_ACK)->at;
	stage->from = forecast_tw_reuse(run, "client", stage->entered);
	expect_state(stage->tcp.client, DIAG_TIME_WAIT);
}

/* The new connection replaces the TIME-WAIT and has its four-tuple and its
 * ts_recent, which the SYN echoes: tcp_syn_options(). */
static void expect_taken_over(struct run *run, struct stage *stage,
			      struct mark since, struct sock *next)
{
	const uint16_t port = sock_local_port(stage->tcp.client);
	const struct segment *syn =
		&frames_first(run, since, "client", WIRE_SYN)->frame.tcp;

	expect_number(run, "local_port", sock_local_port(next), port, port);
	/* tcp_twsk_unique() uses 1 instead of 0. */
	expect_number(run, "isn_above_last",
		      (uint32_t)(syn->seq - stage->snd_nxt), BEYOND_TIME_WAIT,
		      BEYOND_TIME_WAIT + (syn->seq == 1));
	expect_that(run, syn->tsecr == stage->ts_recent,
		    "the SYN's TSecr is the server's last TSval",
		    "%u, expected %u", syn->tsecr, stage->ts_recent);
	expect_state(stage->tcp.client, DIAG_ESTABLISHED);
	expect_state(sock_accept(stage->tcp.listener), DIAG_ESTABLISHED);
	expect_counter(run, "client", "TWRecycled", 1);
}

/* NULL: no port. Both are right in the millisecond in which it changes. */
static struct sock *connect_again(struct run *run, struct stage *stage)
{
	struct finding got = sock_try_connect(stage->tcp.client_probe,
					      stage->tcp.listener, soon);

	if (got.returned < stage->from.min)
		expect_error(&got, EADDRNOTAVAIL);
	else if (got.posted >= stage->from.max)
		expect_success(&got);
	/* It is refused for at least, and reused after at most, so long. */
	if (got.error)
		run_measured(run, "refused_after_s",
			     nsec_seconds(got.posted - stage->entered.max));
	else
		run_measured(run, "reused_after_s",
			     nsec_seconds(got.returned - stage->entered.min));
	return got.error ? NULL : got.sock;
}

/* connect() shortly before the TIME-WAIT is old enough, and at that time. */
static void find_reuse_time(struct run *run, struct stage *stage)
{
	static const nsec_t before[] = { MSEC(500), MSEC(100), MSEC(10),
					 MSEC(2) };
	struct sock *sock = NULL;
	struct mark asked;

	for (size_t i = 0; i < ARRAY_SIZE(before) && !sock; i++) {
		run_pass_until_time(run, stage->from.min - before[i]);
		asked = mark_now(run);
		sock = connect_again(run, stage);
	}
	if (!sock) {
		expect_state(stage->tcp.client, DIAG_TIME_WAIT);
		run_pass_until_time(run, stage->from.max);
		asked = mark_now(run);
		sock = connect_again(run, stage);
	}
	if (sock)
		expect_taken_over(run, stage, asked, sock);
}

/* The rest of the 60 s, which sock_diag reports in jiffies. */
static void expect_continues(struct run *run, struct stage *stage)
{
	const nsec_t jiffy = predict_nsec(1, nsec_hz());
	struct diag_socket now;
	struct range left;

	expect_state(stage->tcp.client, DIAG_TIME_WAIT);
	left.max = time_wait_length + jiffy - (nsec_now() - stage->entered.max);
	sock_look(stage->tcp.client, &now);
	left.min = time_wait_length - jiffy - (nsec_now() - stage->entered.min);
	expect_span(run, "remaining time of the TIME-WAIT", now.expires, left);
	expect_counter(run, "client", "TWRecycled", 0);
}

/* The same local port to another destination is another four-tuple. */
static void connect_elsewhere(struct run *run, struct stage *stage)
{
	const uint16_t port = sock_local_port(stage->tcp.client);
	struct sock *other = sock_listen(stage->tcp.server_probe, 16);
	struct sock *sock = sock_connect(stage->tcp.client_probe, other);

	expect_number(run, "local_port", sock_local_port(sock), port, port);
	expect_continues(run, stage);
}

static void connect_without_reuse(struct run *run, struct stage *stage)
{
	struct finding got = sock_try_connect(stage->tcp.client_probe,
					      stage->tcp.listener, soon);

	expect_error(&got, EADDRNOTAVAIL);
	expect_continues(run, stage);
}

static void connect_from_bound_port(struct run *run, struct stage *stage)
{
	struct mark asked = mark_now(run);
	struct sock *sock = sock_open(stage->tcp.client_probe);
	struct finding got;

	sock_set(sock, SOL_SOCKET, SO_REUSEADDR, 1);
	got = sock_bind(sock, sock_local_port(stage->tcp.client));
	expect_success(&got);
	sock_start_connect(sock, stage->tcp.listener);
	got = sock_reap(sock, soon);
	expect_success(&got);
	run_measured(run, "reused_after_s",
		     nsec_seconds(got.posted - stage->entered.min));
	expect_taken_over(run, stage, asked, sock);
}

static void script(struct run *run)
{
	struct stage stage = { .tcp = sock_pair(run) };

	close_client_first(run, &stage);
	if (run_is_variant(run, "bound")) {
		connect_from_bound_port(run, &stage);
		return;
	}
	if (run_is_variant(run, "by-default"))
		expect_number(
			run, "tcp_tw_reuse",
			run_sysctl(run, "client", "net.ipv4.tcp_tw_reuse"), 2,
			2);
	if (run_value(run) == JUST_IN_TIME) {
		find_reuse_time(run, &stage);
		return;
	}
	run_pass_until_time(run, stage.from.max + margin);
	if (run_is_variant(run, "nobody-asks"))
		connect_elsewhere(run, &stage);
	else
		connect_without_reuse(run, &stage);
}

#define REUSE "net.ipv4.tcp_tw_reuse"
#define OFF .settings = SYSCTLS({ "client", REUSE, 0 })
#define ON .settings = SYSCTLS({ "client", REUSE, 1 })

#define WHEN_REUSED                                                            \
	SHOWS("refused_after_s", "reused_after_s", "reuse_after_min_s",        \
	      "reuse_after_max_s")

#define LOOPBACK_ONLY                                                          \
	"the default is 2, on for loopback, off for all other paths: "         \
	"79e9fed46038"

CASE(tw_reuse) = {
	.name = "tw-reuse",
	.claim = "tcp_tw_reuse: connect() takes over a TIME-WAIT that is older "
		 "than 1 s",
	.judgements = CLAIMS(
		{ "C9", DOCUMENT_RIGHT,
		  "to the millisecond since 6.14, tcp_tw_reuse_delay; before, "
		  "tcp_twsk_unique() compared whole seconds, and a fraction of "
		  "one could be enough" },
		{ "B3", DOCUMENT_RIGHT,
		  "tcp_twsk_unique() rejects a younger one, and gives an older "
		  "one to connect()" }),
	.why = "tcp_twsk_unique() starts the new connection above the last "
	       "sequence number of the old one and keeps the old one's "
	       "timestamps for PAWS, so old segments cannot enter it",
	.sources = "net/ipv4/tcp_ipv4.c:tcp_twsk_unique(); "
		   "net/ipv4/inet_hashtables.c:__inet_check_established(), "
		   "__inet_hash_connect()",
	.steps = STEPS("a client with only one local port closes first",
		       "it connects again: 500, 100, 10 and 2 ms before the "
		       "TIME-WAIT is old enough, and when it is",
		       "nobody-asks: it connects to another destination; off, "
		       "by-default: without tcp_tw_reuse; bound: at once, on a "
		       "socket with SO_REUSEADDR and bind()"),
	.expect =
		"EADDRNOTAVAIL, and success in the first millisecond after "
		"tcp_tw_reuse_delay, with a SYN 65537 above the last sequence "
		"number and TWRecycled 1. Without the sysctl, or without such "
		"a connect(), the TIME-WAIT continues. After bind() connect() "
		"succeeds at once, with the sysctl or without",
	.shows = SHOWS("outcome", "reused_after_s", "tcp_tw_reuse",
		       "client_state"),
	.world = &world_pair,
	.settings = SYSCTLS(ONE_LOCAL_PORT_SYSCTL("client")),
	.variants = VARIANTS(
		{ "one-second",
		  "tcp_tw_reuse is 1, with the default delay of 1 s: connect() "
		  "fails until the TIME-WAIT is that old, and then takes it "
		  "over",
		  ON, .shows = WHEN_REUSED },
		{ "delay=300ms",
		  "tcp_tw_reuse is 1, and tcp_tw_reuse_delay is 300 ms: "
		  "connect() takes the TIME-WAIT over after that time",
		  .settings = SYSCTLS({ "client", REUSE, 1 },
				      { "client", "net.ipv4.tcp_tw_reuse_delay",
					300 }),
		  .duration = MSEC(310), .shows = WHEN_REUSED,
		  .judgements = CLAIMS({ "C9", DOCUMENT_OUTDATED,
					 "the second is only the default of "
					 "tcp_tw_reuse_delay",
					 "6.14" }) },
		{ "nobody-asks",
		  "tcp_tw_reuse is 1, but the client connects from the same "
		  "port to another destination: the TIME-WAIT continues",
		  ON, .value = OLD_ENOUGH, .duration = SEC(1) + MSEC(100),
		  .judgements = CLAIMS(
			  { "B12", DOCUMENT_CONDITIONAL,
			    "tcp_tw_reuse ends only the TIME-WAIT whose "
			    "four-tuple a connect() takes over; all others "
			    "last their 60 s: tcp_twsk_unique()" }) },
		{ "off",
		  "tcp_tw_reuse is 0: connect() fails with EADDRNOTAVAIL when "
		  "the TIME-WAIT is old enough, and the TIME-WAIT continues",
		  OFF, .value = OLD_ENOUGH, .duration = SEC(1) + MSEC(100),
		  .judgements =
			  CLAIMS({ "B3", DOCUMENT_RIGHT,
				   "without it nothing takes a TIME-WAIT over, "
				   "however old: tcp_twsk_unique()" }) },
		{ "by-default",
		  "tcp_tw_reuse has its default, 2, which is on for loopback "
		  "only: connect() fails with EADDRNOTAVAIL when the TIME-WAIT "
		  "is old enough",
		  .value = OLD_ENOUGH, .duration = SEC(1) + MSEC(100),
		  .judgements = CLAIMS({ "C9", DOCUMENT_OUTDATED, LOOPBACK_ONLY,
					 "4.19" },
				       { "B12", DOCUMENT_OUTDATED,
					 LOOPBACK_ONLY, "4.19" }) },
		{ "bound",
		  "tcp_tw_reuse is 0, and the new socket is bound to the port "
		  "with SO_REUSEADDR: connect() takes the TIME-WAIT over at "
		  "once",
		  OFF, .duration = MSEC(10),
		  .judgements = CLAIMS(
			  { "C9", DOCUMENT_CONDITIONAL,
			    "on a port from bind() with SO_REUSEADDR neither "
			    "the second nor the sysctl matters: "
			    "__inet_hash_connect() passes no twp to "
			    "tcp_twsk_unique()" }) }),
	.changes = CHANGES(CHANGE_TW_REUSE_DELAY),
	.duration = SEC(1),
	.no_fault = true,
	.script = script,
};
