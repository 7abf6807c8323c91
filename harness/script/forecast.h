/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Predictions of the timer model (lib/predict.h) with the current values of the
 * socket and of its host's sysctls. Call them before the fault: the prediction
 * is made and journalled, round by round, when the function is called.
 */
#pragma once

#include "predict.h"
#include "sock.h"

/* The inputs of the model, as they are now. */
struct predict_tcp forecast_inputs(struct sock *sock);

/* Data sent now to a peer that does not answer. */
struct prediction *forecast_give_up(struct sock *sock);

/* No more data, SO_KEEPALIVE set now, a peer that does not answer. */
struct prediction *forecast_keepalive(struct sock *sock);

/*
 * The same after a probe that was answered, counted from that probe. The answer
 * leaves the timer alone, which runs for an interval, so the next probe comes
 * after the longer of keepalive time and interval: tcp_keepalive_timer().
 */
struct prediction *forecast_keepalive_after_answer(struct sock *sock);

/* SO_KEEPALIVE has been set; activity now, then no more. */
struct prediction *forecast_keepalive_after_activity(struct sock *sock);

/* Data that waits from now on for a window that stays closed, or for a route: a
 * peer that answers the probes, or none. */
struct prediction *forecast_zero_window(struct sock *sock,
					enum predict_peer peer);
struct prediction *forecast_zero_window_orphan(struct sock *sock);

/* Data sent now, whose retransmissions do not leave the host. */
struct prediction *forecast_dropped(struct sock *sock);

/* Closed now, nothing unsent, a peer that does not answer the FIN. */
struct prediction *forecast_orphan(struct sock *sock);

/* connect() now in that host to a peer that does not answer. */
struct prediction *forecast_connect(struct run *run, const char *host);

/* The same with the options of a socket that is not connected yet: TCP_SYNCNT,
 * TCP_USER_TIMEOUT. */
struct prediction *forecast_connect_with(struct sock *sock);

/* A SYN that arrives at that host now, whose SYN-ACK is not answered. */
struct prediction *forecast_syn_ack(struct run *run, const char *host);

/*
 * From when on (in terms of nsec_now()) a connect() in the host without a fixed
 * port may replace a TIME-WAIT socket that was entered within `entered`:
 * tcp_twsk_unique(). Whether tcp_tw_reuse permits it is another question.
 */
struct range forecast_tw_reuse(struct run *run, const char *host,
			       struct range entered);
