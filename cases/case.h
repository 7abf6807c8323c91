/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vocabulary of cases. A case is one file, cases/NAME.c, which includes
 * this header and nothing else, and a line in the list in cases/meson.build.
 *
 * The script of a case describes the experiment in chronological order, from
 * outside the hosts. Probes in the hosts execute its calls. A script has no
 * threads, sleeps, error handling or freeing: it waits for an event or a state
 * with a timeout, lets time pass with run_pass(), and expects. When the harness
 * cannot do its work, the run ends as BROKEN at that line of the script.
 *
 *	#include "case.h"
 *
 *	static void script(struct run *run)
 *	{
 *		struct pair tcp = sock_pair(run);
 *		struct mark sent;
 *		struct finding got;
 *
 *		fault_crash(run, "server");
 *		sent = mark_now(run);
 *		sock_send(tcp.client, 100);
 *		mark_done(run, &sent);
 *		got = sock_recv(tcp.client, SEC(10));
 *		expect_error(&got, ETIMEDOUT);
 *		expect_took(sent, &got, (struct range){ SEC(5), SEC(6) });
 *	}
 *
 *	CASE(server_host_crash_example) = {
 *		.name = "server-host-crash-example",
 *		...
 *	};
 *
 * Each header included below has one part of the vocabulary, and testcase.h the
 * members of a case. Their constants come from netns/wire-kind.h (kinds of frames:
 * WIRE_DATA), netns/diag.h (states and timers of sockets: DIAG_ESTABLISHED) and
 * lib/nsec.h (durations: MSEC()). R_() of lib/message.h marks a word of a note for
 * translators. A claim that no case has judged yet needs a
 * line in harness/command/documents.c.
 */
#pragma once

#include <errno.h>
#include <linux/tcp.h>
#include <linux/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "changes.h"
#include "counter.h"
#include "expect.h"
#include "faults.h"
#include "forecast.h"
#include "frames.h"
#include "isn.h"
#include "kernel.h"
#include "message.h"
#include "probe.h"
#include "program.h"
#include "run.h"
#include "sock.h"
#include "testcase.h"

/* Generated: every call records its line in the script. */
#include "locations.h"

/* The timeout for what waits for no timer: far beyond any scheduling delay that
 * leaves a run conclusive. */
static const nsec_t soon = MSEC(500);

/* The time that something takes which waits for no timer: --slack is added. */
static const struct range at_once = { 0, 0 };

/* TCP_TIMEWAIT_LEN, a constant of the kernel. */
static const nsec_t time_wait_length = SEC(60);

/* CASE(server_process_crash) = { ... }; the table in cases/ refers to it. */
#define CASE(id_)                                                              \
	extern const struct testcase case_##id_;                               \
	const struct testcase case_##id_
