/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake.h"

#include <assert.h>
#include <linux/version.h>
#include <stdarg.h>
#include <stdlib.h>

#include "case-table.h"
#include "macro.h"

/* --- cases ---------------------------------------------------------------- */

static const struct testcase process = {
	.name = "server-process-crash",
	.claim = "the server's process dies: its kernel closes the connection",
	.judgements = CLAIMS({ "A1", DOCUMENT_CONDITIONAL,
			       "The client's program must close too. Else its "
			       "side stays in CLOSE-WAIT.",
			       NULL }),
	.world = &world_pair,
	.duration = MSEC(10),
};

static const struct testcase data = {
	.name = "server-host-crash-data",
	.claim = "the server's host dies while the client sends: ETIMEDOUT "
		 "when the time that tcp_retries2 stands for is over",
	.judgements = CLAIMS({ "A3", DOCUMENT_RIGHT, NULL, NULL },
			     { "A4", DOCUMENT_RIGHT, NULL, NULL },
			     { "A5", DOCUMENT_WRONG,
			       "The first copy on the wire is a tail loss "
			       "probe, not a round.",
			       NULL }),
	.why = "Nobody acknowledges, so tcp_retransmit_timer() sends again, "
	       "and doubles its RTO each time.",
	.sources = "net/ipv4/tcp_timer.c:tcp_write_timeout()",
	.steps = STEPS("connect, and let both sides say one word",
		       "crash the server's host", "send 100 bytes"),
	.expect = "ETIMEDOUT, not before the model's timeout.",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_syn_retries", 2, NULL }),
	.variants = VARIANTS(
		{ .name = "retries2=3",
		  .what = "net.ipv4.tcp_retries2 is 3 at the client, whose "
			  "kernel gives up after 3 s",
		  .settings = SYSCTLS(
			  { "client", "net.ipv4.tcp_retries2", 3, NULL }),
		  .duration = SEC(3) },
		{ .name = "retries2=5",
		  .what = "net.ipv4.tcp_retries2 is 5",
		  .settings = SYSCTLS(
			  { "client", "net.ipv4.tcp_retries2", 5, NULL }),
		  .judgements =
			  CLAIMS({ "A6", DOCUMENT_OUTDATED,
				   "The RTO's maximum can be set.", "6.15" }) },
		{ .name = "defaults",
		  .what = "the kernel's default values",
		  .judgements =
			  CLAIMS({ "A6", DOCUMENT_OUTDATED,
				   "The RTO's maximum can be set.", "6.15" }),
		  .duration = SEC(925),
		  .defaults = true }),
	.changes = CHANGES(
		{ KERNEL_VERSION(6, 5, 0), "ccce324dabfe", "SYNs come sooner" },
		{ KERNEL_VERSION(6, 11, 0), NULL, "and another way" }),
	.duration = MSEC(12600),
};

static const struct testcase keepalive = {
	.name = "server-host-crash-keepalive",
	.claim = "the server's host dies, the client is idle, keepalive is "
		 "on: ETIMEDOUT after time + intvl * probes",
	.judgements = CLAIMS({ "A10", DOCUMENT_RIGHT, NULL, NULL },
			     { "A13", DOCUMENT_CONDITIONAL,
			       "It says that \"连接\" is released, and means "
			       "the descriptor. The rest is close()'s.",
			       NULL }),
	.why = "Nothing is in flight, so no retransmission timer runs.",
	.sources = "RFC 9293 3.8.4; net/ipv4/tcp_timer.c:tcp_keepalive_timer()",
	.steps = STEPS("connect", "crash the server's host", "wait in recv()"),
	.expect = "As many intervals as probes: the connection ends one "
		  "interval after the last of them.",
	.world = &world_pair,
	.settings = SYSCTLS(
		{ "client", "net.ipv4.tcp_keepalive_time", 2, NULL },
		{ "client", "net.ipv4.tcp_keepalive_intvl", 1, NULL },
		{ NULL, "net.ipv4.tcp_rmem", 0, "4096 131072 1048576" }),
	.duration = SEC(5),
};

static const struct testcase nginx = {
	.name = "http-keepalive-timeout",
	.claim = "a web server closes a connection that asks for nothing",
	.judgements = CLAIMS({ "A13", DOCUMENT_RIGHT, NULL, NULL }),
	.world = &world_pair,
	.needs = NEEDS({ .program = "nginx" },
		       { .kernel = KERNEL_VERSION(4, 19, 0) }),
	.duration = SEC(3),
};

static const struct testcase bounds = {
	.name = "rto-bounds",
	.claim = "the RTO stays between 200 ms and 120 s",
	.judgements = CLAIMS(
		{ "A7", DOCUMENT_OUTDATED, "Both are sysctls.", "6.15" }),
	.world = &world_pair,
	.needs = NEEDS({ .sysctl = "net.ipv4.tcp_rto_max_ms" }),
	.duration = SEC(924),
	.slow = true,
};

static const struct testcase alive = {
	.name = "keepalive-peer-alive",
	.claim = "the peer lives: the probe is answered, the timer starts anew",
	.judgements = CLAIMS({ "A9", DOCUMENT_RIGHT, NULL, NULL }),
	.world = &world_pair,
	.duration = SEC(4),
	.no_fault = true,
};

static const struct world_plan world_gateway = {
	.hosts = { { "client", "10.0.0.1", "fd00::1" },
		   { "server", "10.0.0.2", "fd00::2" },
		   { "client-b", "10.0.0.3", NULL } },
	.ageing_neighbours = true,
};

static const struct testcase gateway = {
	.name = "gateway",
	.claim = "three hosts have three cables",
	.judgements = CLAIMS({ "B5", DOCUMENT_OUTDATED, NULL, "4.12" }),
	.topic = TOPIC_CONNTRACK,
	.sources = "net/ipv4/tcp_ipv4.c:tcp_v4_rcv()",
	.world = &world_gateway,
	.changes = CHANGES({ KERNEL_VERSION(5, 11, 0), "9d9b1ee0b2d1",
			     "it ends", .stable = true }),
	.duration = SEC(1),
};

const struct testcase *const testcases[] = {
	[FAKE_PROCESS] = &process,     [FAKE_DATA] = &data,
	[FAKE_KEEPALIVE] = &keepalive, [FAKE_NGINX] = &nginx,
	[FAKE_BOUNDS] = &bounds,       [FAKE_ALIVE] = &alive,
	[FAKE_GATEWAY] = &gateway,
};
const size_t testcases_n = ARRAY_SIZE(testcases);

/* --- results -------------------------------------------------------------- */

struct result *fake_new(size_t fake, int variant)
{
	const struct testcase *testcase = testcases[fake];
	struct result *result;
	int r = result_new(&result, testcase,
			   variant < 0 ? NULL : &testcase->variants[variant], 4,
			   1, 1);

	assert(r == 0);
	(void)r;
	result->final = true;
	return result;
}

void fake_take(struct result *result, double t, const char *type,
	       const char *format, ...)
{
	json_t *record = json_pack("{s:f, s:s}", "t", t, "type", type);
	json_t *members;
	json_error_t error;
	va_list args;
	int r;

	va_start(args, format);
	members = json_vpack_ex(&error, 0, format, args);
	va_end(args);
	assert(members);
	json_object_update_missing(record, members);
	json_decref(members);
	r = result_take(result, record);
	assert(r == 0);
	(void)r;
}

void fake_verdict(struct result *result, const char *verdict,
		  const char *reason, bool inconclusive)
{
	fake_take(result, 5.1, "verdict", "{s:s, s:s, s:b, s:f, s:f}",
		  "verdict", verdict, "reason", reason, "inconclusive",
		  (int)inconclusive, "lateness", 0.0001, "residence", 0.00001);
	/* Constant, so that tests can compare the output. */
	result->took = MSEC(5073);
}

static void take_text(struct result *result, double t, const char *type,
		      const char *host, const char *text)
{
	fake_take(result, t, type, "{s:s, s:s}", "host", host, "text", text);
}

static void take_frame(struct result *result, double t, const char *from,
		       const char *to, const char *text, const char *fate)
{
	fake_take(result, t, "frame",
		  "{s:s, s:s, s:s, s:s, s:[s], s:f, s:i, s:s}", "from", from,
		  "to", to, "fate", fate, "text", text, "kinds", "probe",
		  "left", t, "size", 66, "hex", "00");
}

static void take_number(struct result *result, const char *type,
			const char *name, double value)
{
	fake_take(result, 5.0, type, "{s:s, s:f}", "name", name, "value",
		  value);
}

static void take_outcome(struct result *result, const char *type,
			 const char *value)
{
	fake_take(result, 5.0, type, "{s:s, s:s}", "name", "outcome", "value",
		  value);
}

static void take_expectation(struct result *result, const char *what, bool ok,
			     const char *expected, const char *observed)
{
	fake_take(result, 5.071, "expectation", "{s:s, s:b, s:s, s:s, s:s}",
		  "what", what, "ok", (int)ok, "expected", expected, "observed",
		  observed, "at", "cases/fake.c:34");
}

struct result *fake_pass(void)
{
	struct result *result = fake_new(FAKE_KEEPALIVE, -1);

	fake_take(result, 0.001, "sysctl", "{s:s, s:s, s:s}", "host", "client",
		  "name", "net.ipv4.tcp_keepalive_time", "value", "2");
	take_text(result, 0.002, "call", "client", "connect 10.0.0.2:7777");
	take_frame(result, 2.001, "client", "server", ". 0:0(0) ack 1",
		   "dropped: host is dead");
	take_outcome(result, "predicted", "ETIMEDOUT");
	take_outcome(result, "measured", "ETIMEDOUT");
	take_number(result, "predicted", "elapsed_s", 5.0);
	take_number(result, "predicted", "elapsed_max_s", 5.64);
	take_number(result, "measured", "elapsed_s", 5.0712);
	take_number(result, "predicted", "keepalive_probes", 3);
	take_number(result, "measured", "keepalive_probes", 3);
	take_expectation(result, "recv() in client", true, "ETIMEDOUT",
			 "ETIMEDOUT");
	take_expectation(result, "recv() in client took", true,
			 "5.000 .. 5.640 s", "5.071200 s");
	fake_verdict(result, "pass", "", false);
	return result;
}

struct result *fake_variant(int variant)
{
	struct result *result = fake_new(FAKE_DATA, variant);

	take_outcome(result, "predicted", "ETIMEDOUT");
	take_outcome(result, "measured", "ETIMEDOUT");
	take_number(result, "predicted", "elapsed_s", variant ? 12.6 : 3.0);
	take_number(result, "measured", "elapsed_s", variant ? 12.96 : 3.264);
	take_expectation(result, "send() in client", true, "ETIMEDOUT",
			 "ETIMEDOUT");
	fake_verdict(result, "pass", "", false);
	return result;
}

struct result *fake_fail(void)
{
	struct result *result = fake_new(FAKE_PROCESS, -1);

	take_text(result, 0.0004, "call", "server", "listen 10.0.0.2:7777");
	fake_take(result, 0.003, "fault", "{s:s, s:s, s:s}", "verb", "kill",
		  "target", "server", "text", "kill server 7");
	take_frame(result, 0.004, "server", "client", "F. 1:1(0) ack 1",
		   "forwarded");
	take_frame(result, 0.0045, "server", "client", "R 1:1(0)", "ghost");
	fake_take(result, 0.005, "result", "{s:s, s:s, s:i, s:s, s:s}", "host",
		  "client", "call", "recv", "value", -1, "errno", "ECONNRESET",
		  "text", "recv() = -1 ECONNRESET");
	take_outcome(result, "predicted", "EOF");
	take_outcome(result, "measured", "ECONNRESET");
	take_expectation(result, "recv() in client # <1>", false,
			 "EOF & \"nothing\" else", "ECONN\x01RESET\nat once");
	take_expectation(result, "state in client", true, "CLOSE-WAIT",
			 "CLOSE-WAIT");
	fake_take(result, 0.006, "counter", "{s:s, s:s, s:i}", "host", "client",
		  "name", "TCPAbortOnData", "change", 1);
	fake_verdict(result, "fail", "1 of 2 expectations failed", false);
	return result;
}

struct result *fake_skip(void)
{
	struct result *result = fake_new(FAKE_NGINX, -1);

	fake_verdict(result, "skip", "nginx is not installed", false);
	return result;
}

struct result *fake_broken(void)
{
	struct result *result = fake_new(FAKE_BOUNDS, -1);

	take_text(result, 0.001, "call", "client", "connect 10.0.0.2:7777");
	fake_verdict(result, "broken",
		     "the wire lost 3 frames, at cases/rto-bounds.c:12", false);
	return result;
}

struct result *fake_inconclusive(enum verdict verdict)
{
	struct result *result = fake_new(FAKE_ALIVE, -1);

	take_expectation(result, "the second probe", false, "2.000 .. 2.260 s",
			 "2.900000 s");
	fake_verdict(result, verdict_text(verdict),
		     "scheduling delay of 640.0 ms, tolerance 250.0 ms",
		     true);
	return result;
}

/* --- reports -------------------------------------------------------------- */

void fake_begin(struct fake_report *fake, const char *format, size_t n_runs,
		int columns)
{
	*fake = (struct fake_report){ .text = NULL };
	fake->report = (struct report){
		.reporter = reporter_find(format),
		.out = open_memstream(&fake->text, &fake->size),
		.columns = columns,
		.info = { .version = "0.1.0",
			  .kernel = "6.18.44",
			  .hz = 250,
			  .rootless = true,
			  .family = 4,
			  .n_runs = n_runs,
			  .longest = SEC(13) },
	};
	assert(fake->report.reporter && fake->report.out);
	fake->report.reporter->begin(&fake->report);
}

char *fake_end(struct fake_report *fake, const struct report_tally *tally)
{
	fake->report.reporter->end(&fake->report, tally);
	assert(fake->report.error == 0);
	fclose(fake->report.out);
	report_deinit(&fake->report);
	return fake->text;
}

static void run(struct report *report, struct result *result)
{
	size_t i;
	json_t *record;

	if (report->reporter->start)
		report->reporter->start(report, result);
	json_array_foreach(result->journal, i,
			   record) if (report->reporter->record)
		report->reporter->record(report, result, record);
	report->reporter->result(report, result);
}

char *fake_all(const char *format, int columns)
{
	struct result *all[] = {
		fake_pass(),
		fake_variant(1),
		fake_variant(0),
		fake_fail(),
		fake_skip(),
		fake_broken(),
		fake_inconclusive(VERDICT_SKIP),
	};
	struct report_tally tally = { .passed = 3,
				      .failed = 1,
				      .skipped = 2,
				      .broken = 1,
				      .inconclusive = 1,
				      .took = MSEC(12345) };
	struct fake_report fake;
	char *text;

	fake_begin(&fake, format, ARRAY_SIZE(all), columns);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		run(&fake.report, all[i]);
	text = fake_end(&fake, &tally);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		result_free(all[i]);
	return text;
}
