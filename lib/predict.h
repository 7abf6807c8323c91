/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timer model: when the kernel's TCP sends again, and when it gives up,
 * worked out from its algorithm, before anything is measured. Pure code.
 *
 * A kernel timer is never early, and late by up to a granule of the timer
 * wheel (kernel/time/timer.c, calc_index()). So every moment here is a range:
 * `min` is the earliest that the algorithm allows and exact; `max` has the
 * granules in it, and nothing else: what the machine adds (scheduling, a busy
 * softirq) is the caller's allowance.
 *
 * Where a granule decides between two outcomes (the elapsed time straddles the
 * time-out), both are in the answer.
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

/* --- the wheel ---------------------------------------------------------- */

unsigned long predict_jiffies(nsec_t nsec, unsigned int hz); /* rounds up */
nsec_t predict_nsec(unsigned long jiffies, unsigned int hz);

/* The granule of the wheel level that holds a timer armed for so long. */
nsec_t predict_granule(nsec_t timer, unsigned int hz);

/* From arming to firing: [timer in whole jiffies, the same + granule]. Timers
 * beyond the wheel (15 days at HZ 100, 49 at 250) are not known here. */
struct range predict_timer(nsec_t timer, unsigned int hz);

/* --- retransmission ----------------------------------------------------- */

/* What the model must know; every field says where the kernel keeps it. */
struct predict_tcp {
	unsigned int hz;
	unsigned int kernel; /* KERNEL_VERSION(a, b, 0); linux/version.h */

	nsec_t rto; /* icsk_rto now, as TCP_INFO tells (tcpi_rto); 0: rtt's */
	nsec_t rtt, rttvar; /* tcpi_rtt, tcpi_rttvar; to compute with */
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
 * The time-out that `retries` stands for: tcp_model_timeout(). For 15, 200 ms
 * and 120 s it is 924.6 s.
 */
nsec_t predict_model_timeout(unsigned int retries, nsec_t rto_base,
			     nsec_t rto_max, unsigned int hz);

enum predict_round_kind {
	PREDICT_TAIL_LOSS_PROBE, /* not counted by icsk_retransmits */
	PREDICT_RETRANSMISSION, /* an RTO round */
	PREDICT_KEEPALIVE_PROBE,
	PREDICT_GIVE_UP, /* the timer that fires and ends it; sends nothing
			  * (a dead keepalive sends a RST) */
};

enum { PREDICT_ROUNDS_MAX = 300 };

struct predict_round {
	enum predict_round_kind kind;
	nsec_t interval; /* the timer that led to it: the RTO of the round */
	struct range at; /* since the first transmission (or the arming) */
	bool certain; /* false: whether it comes is up to the granules */
};

struct prediction {
	struct range elapsed; /* until the application is told */
	unsigned int retransmissions_min, retransmissions_max; /* RTO rounds */
	unsigned int probes; /* tail loss or keepalive; the most possible */
	nsec_t timeout; /* what the elapsed time is compared with; 0 none */
	size_t n_rounds; /* with the possible ones, and the end(s) */
	struct predict_round rounds[PREDICT_ROUNDS_MAX];
};

/*
 * Data sent into a void on an ESTABLISHED connection: tcp_retransmit_timer(),
 * tcp_write_timeout(), retransmits_timed_out(). The clock of that comparison
 * starts with the FIRST RETRANSMISSION by RTO (retrans_stamp), not with the
 * first transmission, and not with the tail loss probe.
 */
void predict_give_up(struct prediction *ret, const struct predict_tcp *tcp);

/*
 * The end of the same, where the sender's own kernel reports host unreachable
 * after each copy, as it does when nobody answers its neighbour questions:
 * tcp_ld_RTO_revert() takes every doubling back. So each round takes one RTO, and
 * how many fit into the time-out is in `ret_rounds`.
 */
struct range predict_reverted(const struct prediction *prediction,
			      const struct predict_tcp *tcp,
			      struct range *ret_rounds);

/*
 * The same for a socket that its process has closed: tcp_orphan_retries() takes
 * the place of retries2, and what it says falls when the RTO reaches rto_max.
 */
void predict_orphan(struct prediction *ret, const struct predict_tcp *tcp);

/*
 * An idle connection with a dead peer, from the moment of the last activity or
 * of setting SO_KEEPALIVE, whichever is later: tcp_keepalive_timer(). A user
 * time-out is compared with the time since the last activity, though: where
 * that was long before SO_KEEPALIVE, it can end with the first probe.
 */
void predict_keepalive(struct prediction *ret, const struct predict_tcp *tcp);

/*
 * connect() into a void: tcp_write_timeout() for SYN_SENT. It ends by count or
 * by time, whichever is first; the clock of that comparison starts with the
 * first SYN (tcp_connect()), unlike that of data.
 */
void predict_connect(struct prediction *ret, const struct predict_tcp *tcp);

/* A half-open request whose SYN-ACK is never answered:
 * reqsk_timer_handler() in inet_connection_sock.c. */
void predict_syn_ack(struct prediction *ret, const struct predict_tcp *tcp);
