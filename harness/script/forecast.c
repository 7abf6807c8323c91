/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model (lib/predict.h) is pure; this file collects its inputs. Values of a
 * socket come from sock_diag (RTO, RTT) and, where a probe holds the socket,
 * from its options. Values without a socket option, and those of programs, come
 * from the sysctls of the host, which are per network namespace. Constants that
 * became sysctls keep the value of predict_defaults() on kernels without the
 * sysctl.
 */
#include "forecast.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "errors.h"
#include "kernel.h"
#include "message.h"
#include "run-control.h"

static unsigned int sysctl_in(struct run *run, const char *host,
			      const char *name)
{
	return (unsigned int)run_sysctl(run, host, name);
}

static unsigned int sysctl_of(struct sock *sock, const char *name)
{
	return sysctl_in(sock_run(sock), sock_host(sock), name);
}

/* Sysctls that replaced constants: 6.11, 6.15 and 6.5. */
static void newer_sysctls(struct run *run, const char *host,
			  struct predict_tcp *tcp)
{
	if (kernel_has_sysctl("net.ipv4.tcp_rto_min_us"))
		tcp->rto_min =
			USEC(sysctl_in(run, host, "net.ipv4.tcp_rto_min_us"));
	if (kernel_has_sysctl("net.ipv4.tcp_rto_max_ms"))
		tcp->rto_max =
			MSEC(sysctl_in(run, host, "net.ipv4.tcp_rto_max_ms"));
	if (kernel_has_sysctl("net.ipv4.tcp_syn_linear_timeouts"))
		tcp->syn_linear = sysctl_in(run, host,
					    "net.ipv4.tcp_syn_linear_timeouts");
}

/* For the next connection of a host. */
static struct predict_tcp of_host(struct run *run, const char *host)
{
	struct predict_tcp tcp = predict_defaults(nsec_hz(), kernel_version());

	newer_sysctls(run, host, &tcp);
	tcp.retries2 = sysctl_in(run, host, "net.ipv4.tcp_retries2");
	tcp.syn_retries = sysctl_in(run, host, "net.ipv4.tcp_syn_retries");
	tcp.synack_retries =
		sysctl_in(run, host, "net.ipv4.tcp_synack_retries");
	tcp.orphan_retries =
		sysctl_in(run, host, "net.ipv4.tcp_orphan_retries");
	return tcp;
}

/* Options; of a program's socket, which the script cannot read, the sysctls. */
static void of_options(struct sock *sock, struct predict_tcp *tcp)
{
	if (!sock_probe(sock)) {
		tcp->keepalive_time =
			SEC(sysctl_of(sock, "net.ipv4.tcp_keepalive_time"));
		tcp->keepalive_intvl =
			SEC(sysctl_of(sock, "net.ipv4.tcp_keepalive_intvl"));
		tcp->keepalive_probes =
			sysctl_of(sock, "net.ipv4.tcp_keepalive_probes");
		return;
	}
	tcp->user_timeout = MSEC(sock_get(sock, IPPROTO_TCP, TCP_USER_TIMEOUT));
	tcp->keepalive_time = SEC(sock_get(sock, IPPROTO_TCP, TCP_KEEPIDLE));
	tcp->keepalive_intvl = SEC(sock_get(sock, IPPROTO_TCP, TCP_KEEPINTVL));
	tcp->keepalive_probes =
		(unsigned int)sock_get(sock, IPPROTO_TCP, TCP_KEEPCNT);
}

static void of_socket(struct sock *sock, struct predict_tcp *tcp)
{
	unsigned int early = sysctl_of(sock, "net.ipv4.tcp_early_retrans");
	struct diag_socket seen;

	if (!sock_look(sock, &seen))
		run_needed(sock_run(sock), "the connection", "exists",
			   "no socket in %s", sock_host(sock));
	if (!seen.has_info)
		run_broken_because(sock_run(sock),
				   "no TCP_INFO for the prediction");
	tcp->rto = USEC(seen.info.tcpi_rto);
	tcp->rtt = USEC(seen.info.tcpi_rtt);
	tcp->rttvar = USEC(seen.info.tcpi_rttvar);
	tcp->packets_out = 1;
	tcp->tail_loss_probe = (early == 3 || early == 4) &&
			       (seen.info.tcpi_options & TCPI_OPT_SACK);
	of_options(sock, tcp);
}

struct predict_tcp forecast_inputs(struct sock *sock)
{
	struct predict_tcp tcp = of_host(sock_run(sock), sock_host(sock));

	of_socket(sock, &tcp);
	return tcp;
}

static void journal_prediction(struct run *run, const char *what,
			       const struct prediction *p)
{
	if (p->timeout)
		run_note(run, "predicted for %s: timeout %.3f s", what,
			 nsec_seconds(p->timeout));
	for (size_t i = 0; i < p->n_rounds; i++) {
		const struct predict_round *round = &p->rounds[i];

		run_note(run,
			 round->certain ? "predicted for %s: %.3f .. %.3f s "
					  "%s, timer %.3f s" :
					  R_("predicted for %s: %.3f .. %.3f s "
					     "%s (possible), timer %.3f s"),
			 what, nsec_seconds(round->at.min),
			 nsec_seconds(round->at.max),
			 predict_round_text(round->kind),
			 nsec_seconds(round->interval));
	}
}

typedef void predict_fn(struct prediction *ret, const struct predict_tcp *tcp);

static struct prediction *compute(struct run *run,
				  const struct predict_tcp *tcp,
				  predict_fn *model)
{
	struct prediction *prediction = calloc(1, sizeof(*prediction));

	if (!prediction)
		run_broken(run, error_origin(-ENOMEM, "prediction"));
	model(prediction, tcp);
	return prediction;
}

/*
 * The prediction is exact: without any delay. A delay within the tolerance can
 * have a greater effect than itself, where it moves the arming of a timer beyond
 * a granule of the wheel. The verdict of the run takes that into account
 * (run-control.h).
 */
static void consider_delays(struct run *run, struct predict_tcp tcp,
			    predict_fn *model, const struct prediction *exact)
{
	struct prediction *late;

	/* The work grows with the cube of the delay: with more, the process
	 * would itself be late. */
	tcp.late = MIN(run_slack(run), MSEC(100));
	late = compute(run, &tcp, model);
	run->delay_effect =
		MAX(run->delay_effect, predict_delay_effect(exact, late));
	run->delay_decides |=
		late->elapsed.min < exact->elapsed.min ||
		late->retransmissions_min != exact->retransmissions_min ||
		late->retransmissions_max != exact->retransmissions_max ||
		late->probes != exact->probes;
	free(late);
}

static struct prediction *predict(struct run *run,
				  const struct predict_tcp *tcp,
				  predict_fn *model, const char *what)
{
	struct prediction *prediction = compute(run, tcp, model);

	consider_delays(run, *tcp, model, prediction);
	journal_prediction(run, what, prediction);
	return prediction;
}

struct prediction *forecast_give_up(struct sock *sock)
{
	struct predict_tcp tcp = forecast_inputs(sock);

	return predict(sock_run(sock), &tcp, predict_give_up,
		       R_("unanswered data"));
}

struct prediction *forecast_keepalive(struct sock *sock)
{
	struct predict_tcp tcp = forecast_inputs(sock);

	return predict(sock_run(sock), &tcp, predict_keepalive,
		       R_("keepalive"));
}

struct prediction *forecast_keepalive_after_answer(struct sock *sock)
{
	struct predict_tcp tcp = forecast_inputs(sock);

	tcp.keepalive_time = MAX(tcp.keepalive_time, tcp.keepalive_intvl);
	return predict(sock_run(sock), &tcp, predict_keepalive_activity,
		       R_("keepalive after an answer"));
}

struct prediction *forecast_keepalive_after_activity(struct sock *sock)
{
	struct predict_tcp tcp = forecast_inputs(sock);

	return predict(sock_run(sock), &tcp, predict_keepalive_activity,
		       R_("keepalive after activity"));
}

struct prediction *forecast_orphan(struct sock *sock)
{
	struct predict_tcp tcp = forecast_inputs(sock);

	return predict(sock_run(sock), &tcp, predict_orphan,
		       R_("unanswered FIN of an orphan"));
}

static void silent(struct prediction *ret, const struct predict_tcp *tcp)
{
	predict_zero_window(ret, tcp, PREDICT_PEER_SILENT);
}

static void answers(struct prediction *ret, const struct predict_tcp *tcp)
{
	predict_zero_window(ret, tcp, PREDICT_PEER_ANSWERS);
}

static void silent_orphan(struct prediction *ret, const struct predict_tcp *tcp)
{
	predict_zero_window_orphan(ret, tcp, PREDICT_PEER_SILENT);
}

struct prediction *forecast_zero_window(struct sock *sock,
					enum predict_peer peer)
{
	struct predict_tcp tcp = forecast_inputs(sock);

	return predict(sock_run(sock), &tcp,
		       peer == PREDICT_PEER_ANSWERS ? answers : silent,
		       R_("a zero window"));
}

struct prediction *forecast_zero_window_orphan(struct sock *sock)
{
	struct predict_tcp tcp = forecast_inputs(sock);

	return predict(sock_run(sock), &tcp, silent_orphan,
		       R_("a zero window, orphan"));
}

struct prediction *forecast_dropped(struct sock *sock)
{
	struct predict_tcp tcp = forecast_inputs(sock);

	return predict(sock_run(sock), &tcp, predict_dropped,
		       R_("data without a route"));
}

struct prediction *forecast_connect(struct run *run, const char *host)
{
	struct predict_tcp tcp = of_host(run, host);

	return predict(run, &tcp, predict_connect, R_("unanswered connect()"));
}

struct prediction *forecast_connect_with(struct sock *sock)
{
	struct predict_tcp tcp = of_host(sock_run(sock), sock_host(sock));

	tcp.syn_retries = (unsigned int)sock_get(sock, IPPROTO_TCP, TCP_SYNCNT);
	tcp.user_timeout = MSEC(sock_get(sock, IPPROTO_TCP, TCP_USER_TIMEOUT));
	return predict(sock_run(sock), &tcp, predict_connect,
		       R_("unanswered connect()"));
}

struct prediction *forecast_syn_ack(struct run *run, const char *host)
{
	struct predict_tcp tcp = of_host(run, host);

	return predict(run, &tcp, predict_syn_ack, R_("unanswered SYN-ACK"));
}

/*
 * Since 6.14 tcp_twsk_unique() compares milliseconds of tcp_clock_ms(), which
 * is CLOCK_MONOTONIC: the connect() must be later than entry plus delay, both
 * rounded down. Before that it compares seconds of ktime_get_seconds(), which
 * advances with the tick: the first second that begins after the entry is late
 * enough.
 */
struct range forecast_tw_reuse(struct run *run, const char *host,
			       struct range entered)
{
	const char *name = "net.ipv4.tcp_tw_reuse_delay";
	const nsec_t jiffy = NSEC_PER_SEC / nsec_hz();
	struct range from;
	nsec_t delay;

	if (kernel_has_sysctl(name)) {
		delay = MSEC(run_sysctl(run, host, name));
		from.min = entered.min + delay;
		from.max = entered.max + delay + MSEC(1);
	} else {
		from.min = (entered.min - jiffy) / SEC(1) * SEC(1) + SEC(1);
		from.max = entered.max / SEC(1) * SEC(1) + SEC(1) + jiffy;
	}
	run_predicted(run, "reuse_after_min_s",
		      nsec_seconds(from.min - entered.max));
	run_predicted(run, "reuse_after_max_s",
		      nsec_seconds(from.max - entered.min));
	return from;
}
