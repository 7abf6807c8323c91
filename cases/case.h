/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a case is written with. Include this and nothing else; write one file,
 * cases/NAME.c, and add NAME to the list in cases/meson.build.
 *
 * A case is one script, told from the orchestrator's chair, in the order in
 * which things happen. Probes in the hosts do what it says. It has no threads,
 * no sleeps, no error handling and frees nothing: wait for an event or a state,
 * with a patience; let time pass with run_pass(); and expect. What the harness
 * cannot do ends the case as BROKEN, here, at the line of the script.
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
 *	}
 *
 *	CASE(server_host_crash_example) = {
 *		.name = "server-host-crash-example",
 *		…
 *	};
 *
 * The calls below are documented where they are declared, in harness/script/:
 * run.h, probe.h, program.h, sock.h, faults.h, frames.h, forecast.h, expect.h,
 * links.h, watch.h, kernel.h; and the members of a case in testcase.h. The words
 * that go into them: netns/wire.h has the kinds of frames (WIRE_DATA),
 * netns/diag.h the states and timers of sockets (DIAG_ESTABLISHED), lib/nsec.h
 * the durations.
 * A claim that no case has judged yet wants a line of its own in
 * harness/command/documents.c.
 */
#pragma once

#include <errno.h>
#include <linux/tcp.h>
#include <linux/version.h>
#include <stdlib.h>
#include <string.h>

#include "changes.h"
#include "expect.h"
#include "faults.h"
#include "isn.h"
#include "forecast.h"
#include "frames.h"
#include "kernel.h"
#include "links.h"
#include "probe.h"
#include "program.h"
#include "run.h"
#include "sock.h"
#include "testcase.h"
#include "watch.h"

/* What no timer is waited for takes: all beyond it is the machine's, and in the
 * allowance (--slack). */
static const struct range at_once = { 0, 0 };

/* CASE(server_process_crash) = { … }; the table in cases/ knows it by this. */
#define CASE(id_)                                                              \
	extern const struct testcase case_##id_;                               \
	const struct testcase case_##id_

/* Every call of the vocabulary notes first where in the script it stands. */
#define CASE_HERE(call_) (run_here(__FILE__, __LINE__), (call_))

/* world and time */
#define mark_now(...) CASE_HERE(mark_now(__VA_ARGS__))
#define mark_done(...) CASE_HERE(mark_done(__VA_ARGS__))
#define run_pass(...) CASE_HERE(run_pass(__VA_ARGS__))
#define run_pass_until(...) CASE_HERE(run_pass_until(__VA_ARGS__))
#define run_note(...) CASE_HERE(run_note(__VA_ARGS__))
#define run_sysctl(...) CASE_HERE(run_sysctl(__VA_ARGS__))
#define run_sysctl_nth(...) CASE_HERE(run_sysctl_nth(__VA_ARGS__))
#define run_set_sysctl(...) CASE_HERE(run_set_sysctl(__VA_ARGS__))
#define path_delay(...) CASE_HERE(path_delay(__VA_ARGS__))

/* probes */
#define probe_start(...) CASE_HERE(probe_start(__VA_ARGS__))
#define probe_exit(...) CASE_HERE(probe_exit(__VA_ARGS__))
#define probe_fork(...) CASE_HERE(probe_fork(__VA_ARGS__))

/* real programs */
#define program_folder(...) CASE_HERE(program_folder(__VA_ARGS__))
#define program_file(...) CASE_HERE(program_file(__VA_ARGS__))
#define program_start(...) CASE_HERE(program_start(__VA_ARGS__))
#define program_output(...) CASE_HERE(program_output(__VA_ARGS__))
#define program_start_with_input(...)                                          \
	CASE_HERE(program_start_with_input(__VA_ARGS__))
#define program_write(...) CASE_HERE(program_write(__VA_ARGS__))
#define program_wait_line(...) CASE_HERE(program_wait_line(__VA_ARGS__))
#define program_wait_end(...) CASE_HERE(program_wait_end(__VA_ARGS__))
#define program_wait_listening(...)                                            \
	CASE_HERE(program_wait_listening(__VA_ARGS__))

/* sockets */
#define sock_pair(...) CASE_HERE(sock_pair(__VA_ARGS__))
#define sock_listen(...) CASE_HERE(sock_listen(__VA_ARGS__))
#define sock_listen_on(...) CASE_HERE(sock_listen_on(__VA_ARGS__))
#define sock_connect(...) CASE_HERE(sock_connect(__VA_ARGS__))
#define sock_connect_to(...) CASE_HERE(sock_connect_to(__VA_ARGS__))
#define sock_accept(...) CASE_HERE(sock_accept(__VA_ARGS__))
#define sock_post_accept(...) CASE_HERE(sock_post_accept(__VA_ARGS__))
#define sock_set_backlog(...) CASE_HERE(sock_set_backlog(__VA_ARGS__))
#define sock_post_connect(...) CASE_HERE(sock_post_connect(__VA_ARGS__))
#define sock_post_connect_to(...) CASE_HERE(sock_post_connect_to(__VA_ARGS__))
#define sock_open(...) CASE_HERE(sock_open(__VA_ARGS__))
#define sock_bind(...) CASE_HERE(sock_bind(__VA_ARGS__))
#define sock_start_connect(...) CASE_HERE(sock_start_connect(__VA_ARGS__))
#define sock_start_connect_to(...) CASE_HERE(sock_start_connect_to(__VA_ARGS__))
#define sock_send(...) CASE_HERE(sock_send(__VA_ARGS__))
#define sock_send_text(...) CASE_HERE(sock_send_text(__VA_ARGS__))
#define sock_post_recv(...) CASE_HERE(sock_post_recv(__VA_ARGS__))
#define sock_reap(...) CASE_HERE(sock_reap(__VA_ARGS__))
#define sock_recv(...) CASE_HERE(sock_recv(__VA_ARGS__))
#define sock_post_send_stream(...) CASE_HERE(sock_post_send_stream(__VA_ARGS__))
#define sock_post_recv_stream(...) CASE_HERE(sock_post_recv_stream(__VA_ARGS__))
#define sock_stream(...) CASE_HERE(sock_stream(__VA_ARGS__))
#define sock_post_heartbeat(...) CASE_HERE(sock_post_heartbeat(__VA_ARGS__))
#define sock_echo(...) CASE_HERE(sock_echo(__VA_ARGS__))
#define sock_serve_http(...) CASE_HERE(sock_serve_http(__VA_ARGS__))
#define sock_shutdown(...) CASE_HERE(sock_shutdown(__VA_ARGS__))
#define sock_close(...) CASE_HERE(sock_close(__VA_ARGS__))
#define sock_close_both(...) CASE_HERE(sock_close_both(__VA_ARGS__))
#define sock_abort(...) CASE_HERE(sock_abort(__VA_ARGS__))
#define sock_set(...) CASE_HERE(sock_set(__VA_ARGS__))
#define sock_get(...) CASE_HERE(sock_get(__VA_ARGS__))
#define sock_keepalive(...) CASE_HERE(sock_keepalive(__VA_ARGS__))
#define sock_error(...) CASE_HERE(sock_error(__VA_ARGS__))
#define sock_peer(...) CASE_HERE(sock_peer(__VA_ARGS__))
#define sock_find(...) CASE_HERE(sock_find(__VA_ARGS__))
#define sock_look(...) CASE_HERE(sock_look(__VA_ARGS__))
#define sock_state(...) CASE_HERE(sock_state(__VA_ARGS__))
#define sock_wait_state(...) CASE_HERE(sock_wait_state(__VA_ARGS__))
#define sock_queue(...) CASE_HERE(sock_queue(__VA_ARGS__))
#define sock_wait_queue(...) CASE_HERE(sock_wait_queue(__VA_ARGS__))

/* faults */
#define fault_kill(...) CASE_HERE(fault_kill(__VA_ARGS__))
#define fault_kill_child(...) CASE_HERE(fault_kill_child(__VA_ARGS__))
#define fault_segfault(...) CASE_HERE(fault_segfault(__VA_ARGS__))
#define fault_crash(...) CASE_HERE(fault_crash(__VA_ARGS__))
#define fault_reboot(...) CASE_HERE(fault_reboot(__VA_ARGS__))
#define fault_freeze(...) CASE_HERE(fault_freeze(__VA_ARGS__))
#define fault_thaw(...) CASE_HERE(fault_thaw(__VA_ARGS__))
#define fault_unplug(...) CASE_HERE(fault_unplug(__VA_ARGS__))
#define fault_plug(...) CASE_HERE(fault_plug(__VA_ARGS__))
#define fault_down(...) CASE_HERE(fault_down(__VA_ARGS__))
#define fault_up(...) CASE_HERE(fault_up(__VA_ARGS__))
#define fault_unaddress(...) CASE_HERE(fault_unaddress(__VA_ARGS__))
#define fault_readdress(...) CASE_HERE(fault_readdress(__VA_ARGS__))
#define fault_cut(...) CASE_HERE(fault_cut(__VA_ARGS__))
#define fault_cut_from(...) CASE_HERE(fault_cut_from(__VA_ARGS__))
#define fault_cut_to(...) CASE_HERE(fault_cut_to(__VA_ARGS__))
#define fault_mend(...) CASE_HERE(fault_mend(__VA_ARGS__))
#define fault_forget(...) CASE_HERE(fault_forget(__VA_ARGS__))
#define fault_drop(...) CASE_HERE(fault_drop(__VA_ARGS__))
#define fault_hold(...) CASE_HERE(fault_hold(__VA_ARGS__))
#define fault_delay(...) CASE_HERE(fault_delay(__VA_ARGS__))
#define fault_duplicate(...) CASE_HERE(fault_duplicate(__VA_ARGS__))
#define fault_inject(...) CASE_HERE(fault_inject(__VA_ARGS__))
#define fault_release(...) CASE_HERE(fault_release(__VA_ARGS__))
#define fault_disarm(...) CASE_HERE(fault_disarm(__VA_ARGS__))

/* predictions */
#define forecast_inputs(...) CASE_HERE(forecast_inputs(__VA_ARGS__))
#define forecast_give_up(...) CASE_HERE(forecast_give_up(__VA_ARGS__))
#define forecast_keepalive(...) CASE_HERE(forecast_keepalive(__VA_ARGS__))
#define forecast_orphan(...) CASE_HERE(forecast_orphan(__VA_ARGS__))
#define forecast_connect(...) CASE_HERE(forecast_connect(__VA_ARGS__))
#define forecast_syn_ack(...) CASE_HERE(forecast_syn_ack(__VA_ARGS__))
#define forecast_keepalive_after_answer(...)                                   \
	CASE_HERE(forecast_keepalive_after_answer(__VA_ARGS__))
#define forecast_tw_reuse(...) CASE_HERE(forecast_tw_reuse(__VA_ARGS__))

/* what was seen */
#define frames_count(...) CASE_HERE(frames_count(__VA_ARGS__))
#define frames_wait(...) CASE_HERE(frames_wait(__VA_ARGS__))
#define frames_count_only(...) CASE_HERE(frames_count_only(__VA_ARGS__))
#define frames_first(...) CASE_HERE(frames_first(__VA_ARGS__))
#define frames_nth(...) CASE_HERE(frames_nth(__VA_ARGS__))
#define counter_value(...) CASE_HERE(counter_value(__VA_ARGS__))
#define counter_change(...) CASE_HERE(counter_change(__VA_ARGS__))

/* expectations */
#define expect_error(...) CASE_HERE(expect_error(__VA_ARGS__))
#define expect_eof(...) CASE_HERE(expect_eof(__VA_ARGS__))
#define expect_data(...) CASE_HERE(expect_data(__VA_ARGS__))
#define expect_stream(...) CASE_HERE(expect_stream(__VA_ARGS__))
#define expect_success(...) CASE_HERE(expect_success(__VA_ARGS__))
#define expect_open(...) CASE_HERE(expect_open(__VA_ARGS__))
#define expect_pending_error(...)                                              \
	CASE_HERE(expect_pending_error(__VA_ARGS__))
#define expect_took(...) CASE_HERE(expect_took(__VA_ARGS__))
#define expect_span(...) CASE_HERE(expect_span(__VA_ARGS__))
#define expect_state(...) CASE_HERE(expect_state(__VA_ARGS__))
#define expect_state_within(...) CASE_HERE(expect_state_within(__VA_ARGS__))
#define expect_queue(...) CASE_HERE(expect_queue(__VA_ARGS__))
#define expect_timer(...) CASE_HERE(expect_timer(__VA_ARGS__))
#define expect_timer_armed(...) CASE_HERE(expect_timer_armed(__VA_ARGS__))
#define expect_frames(...) CASE_HERE(expect_frames(__VA_ARGS__))
#define expect_frame(...) CASE_HERE(expect_frame(__VA_ARGS__))
#define expect_frames_between(...) CASE_HERE(expect_frames_between(__VA_ARGS__))
#define expect_rounds(...) CASE_HERE(expect_rounds(__VA_ARGS__))
#define expect_gives_up(...) CASE_HERE(expect_gives_up(__VA_ARGS__))
#define expect_exchange(...) CASE_HERE(expect_exchange(__VA_ARGS__))
#define expect_counter(...) CASE_HERE(expect_counter(__VA_ARGS__))
#define expect_time_waits(...) CASE_HERE(expect_time_waits(__VA_ARGS__))
#define expect_isn_after_time_wait(...)                                        \
	CASE_HERE(expect_isn_after_time_wait(__VA_ARGS__))
#define expect_number(...) CASE_HERE(expect_number(__VA_ARGS__))
#define expect_link(...) CASE_HERE(expect_link(__VA_ARGS__))
#define expect_that(...) CASE_HERE(expect_that(__VA_ARGS__))
