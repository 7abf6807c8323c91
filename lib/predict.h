/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timer model: when the kernel's TCP retransmits and when it gives up,
 * computed from its algorithm before anything is measured. Pure code.
 *
 * A kernel timer is never early, and late by up to one granule of the timer
 * wheel; how late depends on the value of jiffies when the first timer is armed
 * (wheel.h). So every time here is a range: from the earliest to the latest for
 * all values of jiffies. Both bounds are exact. The delay that the machine adds
 * (scheduling, a busy softirq) is the caller's allowance.
 *
 * Where the value of jiffies decides between two outcomes (the elapsed time may
 * be below or above the timeout), the prediction contains both.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsec.h"

struct range {
	nsec_t min, max; /* max may be NSEC_NEVER */
};

struct range range_add(struct range a, struct range b);

/* --- timers ---------------------------------------------------------------- */

unsigned long predict_jiffies(nsec_t nsec, unsigned int hz); /* rounds up */
nsec_t predict_nsec(unsigned long jiffies, unsigned int hz);

/* The granule of the wheel level that holds a timer armed for so long. */
nsec_t predict_granule(nsec_t timer, unsigned int hz);

/* From arming to expiry: [timer in whole jiffies, the same + granule]. Timers
 * beyond the wheel (15 days at HZ 100, 49 at 250) are not modelled. */
struct range predict_timer(nsec_t timer, unsigned int hz);

/* From arming the first timer to the expiry of the last, each of which is armed
 * in the callback of the one before. */
struct range predict_chain(const nsec_t *timers, size_t n, unsigned int hz);

/* --- retransmission ----------------------------------------------------- */

/* The model's inputs; each field names where the kernel stores it. */
struct predict_tcp {
	unsigned int hz;
	unsigned int kernel; /* KERNEL_VERSION(a, b, c); linux/version.h */

	/* The most by which the machine delays the callback of a timer; each
	 * delay shifts what follows. 0 is exact. */
	nsec_t late;

	nsec_t rto; /* icsk_rto now (tcpi_rto of TCP_INFO); 0: from rtt */
	nsec_t rtt, rttvar; /* tcpi_rtt, tcpi_rttvar */
	nsec_t rto_min; /* net.ipv4.tcp_rto_min_us, 200 ms; clamps icsk_rto */
	nsec_t rto_max; /* net.ipv4.tcp_rto_max_ms, 120 s (fixed before 6.15) */
	bool tail_loss_probe; /* tcp_early_retrans 3 or 4, and SACK */
	unsigned int packets_out; /* unacknowledged when the clock starts; 1 */

	unsigned int retries2; /* net.ipv4.tcp_retries2 */
	nsec_t user_timeout; /* TCP_USER_TIMEOUT; 0 none */

	nsec_t keepalive_time; /* TCP_KEEPIDLE */
	nsec_t keepalive_intvl; /* TCP_KEEPINTVL */
	unsigned int keepalive_probes; /* TCP_KEEPCNT */

	unsigned int syn_retries; /* net.ipv4.tcp_syn_retries */
	unsigned int syn_linear; /* tcp_syn_linear_timeouts; 0 before 6.5 */
	unsigned int synack_retries; /* net.ipv4.tcp_synack_retries */
	unsigned int orphan_retries; /* net.ipv4.tcp_orphan_retries; 0: 8 */
};

/* Linux's defaults, for a given HZ and kernel; rtt 0. */
struct predict_tcp predict_defaults(unsigned int hz, unsigned int kernel);

/* The RTO that the kernel computes from rtt and rttvar:
 * __tcp_set_rto(), tcp_bound_rto(). */
nsec_t predict_rto(const struct predict_tcp *tcp);

/*
 * The timeout that the kernel derives from `retries`: tcp_model_timeout(). For
 * 15, 200 ms and 120 s it is 924.6 s.
 */
nsec_t predict_model_timeout(unsigned int retries, nsec_t rto_base,
			     nsec_t rto_max, unsigned int hz);

enum predict_round_kind {
	PREDICT_TAIL_LOSS_PROBE, /* not counted by icsk_retransmits */
	PREDICT_RETRANSMISSION, /* an RTO round */
	PREDICT_KEEPALIVE_PROBE,
	PREDICT_WINDOW_PROBE, /* of a zero window: tcp_send_probe0() */
	PREDICT_GIVE_UP, /* the timer that ends the connection; sends nothing
			  * (keepalive sends a RST) */
};

/* "retransmission" */
const char *predict_round_text(enum predict_round_kind kind);

enum { PREDICT_ROUNDS_MAX = 300 };

struct predict_round {
	enum predict_round_kind kind;
	nsec_t interval; /* the timer before it: the RTO of the round */
	struct range at; /* since the first transmission (or the arming) */
	bool certain; /* false: it depends on the phase of the wheel */
};

struct prediction {
	struct range elapsed; /* until the application gets the error */
	unsigned int retransmissions_min, retransmissions_max; /* RTO rounds */
	unsigned int probes; /* tail loss, keepalive, window; the maximum */
	nsec_t timeout; /* compared with the elapsed time; 0: none */
	size_t n_rounds; /* including uncertain ones and the end(s) */
	struct predict_round rounds[PREDICT_ROUNDS_MAX];
};

/*
 * Unacknowledged data on an ESTABLISHED connection whose path drops everything:
 * tcp_retransmit_timer(), tcp_write_timeout(), retransmits_timed_out(). The
 * elapsed time in that comparison starts with the FIRST RETRANSMISSION by RTO
 * (retrans_stamp), not with the first transmission and not with the tail loss
 * probe.
 */
void predict_give_up(struct prediction *ret, const struct predict_tcp *tcp);

/*
 * The same where the sender's own kernel reports host unreachable after each
 * retransmission, as it does when address resolution fails: tcp_ld_RTO_revert()
 * reverts every doubling, so that each round takes one RTO. Returns the time of
 * the end; `ret_rounds` is the number of RTO retransmissions.
 */
struct range predict_reverted(const struct predict_tcp *tcp,
			      struct range *ret_rounds);

/*
 * The same for an orphan, a socket that its process has closed:
 * tcp_orphan_retries() replaces retries2 and decreases when the RTO reaches
 * rto_max.
 */
void predict_orphan(struct prediction *ret, const struct predict_tcp *tcp);

/*
 * The same where no retransmission leaves the local host (no route), and no tail
 * loss probe either. The elapsed time starts with the transmission, which has
 * left: the first expiry of the RTO does not compare it.
 */
void predict_dropped(struct prediction *ret, const struct predict_tcp *tcp);

/*
 * An idle connection with a dead peer, from setting SO_KEEPALIVE, without any
 * activity shortly before or since: tcp_keepalive_timer(). A user timeout is
 * compared with the time since the last activity: if that was long before
 * SO_KEEPALIVE, the connection can end with the first probe.
 */
void predict_keepalive(struct prediction *ret, const struct predict_tcp *tcp);

/* The same from the last activity, when the timer was already running. */
void predict_keepalive_activity(struct prediction *ret,
				const struct predict_tcp *tcp);

/*
 * connect() without any reply: tcp_write_timeout() for SYN_SENT. It ends by
 * count or by time, whichever is first; unlike for data, the elapsed time
 * starts with the first SYN (tcp_connect()).
 */
void predict_connect(struct prediction *ret, const struct predict_tcp *tcp);

/* A request whose SYN-ACK is never acknowledged: reqsk_timer_handler() in
 * inet_connection_sock.c. */
void predict_syn_ack(struct prediction *ret, const struct predict_tcp *tcp);

/* What the peer does with probes of its zero window. */
enum predict_peer {
	PREDICT_PEER_SILENT,
	PREDICT_PEER_ANSWERS, /* each probe, `rtt` later, still without room */
};

/*
 * Data that waits for a zero window to open, from when it was ready to be sent:
 * tcp_probe_timer(). Unanswered probes end the connection by count; with a user
 * timeout answered ones do, too, and otherwise never: `elapsed` is then
 * NSEC_NEVER. The user timeout starts with the first probe.
 */
void predict_zero_window(struct prediction *ret, const struct predict_tcp *tcp,
			 enum predict_peer peer);

/* The same for an orphan, which ends although its probes are answered. */
void predict_zero_window_orphan(struct prediction *ret,
				const struct predict_tcp *tcp,
				enum predict_peer peer);

/*
 * The most by which delays put off a round, or the end: `late` is `exact` with
 * predict_tcp.late. Usually that is the sum of the delays; where the timer of a
 * round is one jiffy short of the next level of the wheel, the smallest delay
 * adds a granule of that level.
 */
nsec_t predict_delay_effect(const struct prediction *exact,
			    const struct prediction *late);
