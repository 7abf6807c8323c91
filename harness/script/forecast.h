/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Predictions for the run at hand: lib/predict.h with the values of the living
 * socket and of its host's sysctls. Ask before the fault: the answer is made
 * then, and journalled round by round.
 */
#pragma once

#include "predict.h"
#include "sock.h"

/* What the model needs, as it stands now. */
struct predict_tcp forecast_inputs(struct sock *sock);

/* Data sent now, to a peer that will not answer. */
struct prediction *forecast_give_up(struct sock *sock);

/* No data any more, SO_KEEPALIVE set now, and a peer that will not answer. */
struct prediction *forecast_keepalive(struct sock *sock);

/* Closed now, nothing unsent, to a peer that will not answer the FIN. */
struct prediction *forecast_orphan(struct sock *sock);

/*
 * The same after a probe that was answered, counted from that probe. The answer
 * leaves the timer alone, which is armed for an interval, so the next probe
 * comes after the longer of time and interval: tcp_keepalive_timer().
 */
struct prediction *forecast_keepalive_after_answer(struct sock *sock);

/* connect() now, in that host, to what does not answer. */
struct prediction *forecast_connect(struct run *run, const char *host);

/* A SYN that comes to that host now, whose SYN-ACK nobody answers. */
struct prediction *forecast_syn_ack(struct run *run, const char *host);

/*
 * The moments, as nsec_now() counts, from which a connect() in the host that has
 * to choose a port may take over a TIME-WAIT that was entered between those
 * two: tcp_twsk_unique(). Says nothing of whether tcp_tw_reuse lets it.
 */
struct range forecast_tw_reuse(struct run *run, const char *host,
			       struct range entered);

/* Journals a prediction's rounds and its end. */
void forecast_tell(struct run *run, const char *what,
		   const struct prediction *prediction);
