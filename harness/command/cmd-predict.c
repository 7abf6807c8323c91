/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * halfopen predict prints what predict.h computes. A round is one expiry of a timer;
 * its time is a range, for all values of jiffies at the start (wheel.h). "?" marks a
 * round to which only some of them lead.
 */
#include "commands.h"

#include <linux/version.h>
#include <stdio.h>
#include <string.h>

#include "exit-status.h"
#include "macro.h"
#include "model-settings.h"
#include "predict.h"

/* --- tables ------------------------------------------------------------- */

/* "204 ms", "924.6 s", "7875 s" */
static const char *duration(char text[static 32], nsec_t nsec)
{
	if (nsec < SEC(1))
		snprintf(text, 32, "%.4g ms", nsec_seconds(nsec) * 1000);
	else
		snprintf(text, 32, "%.10g s", nsec_seconds(nsec));
	return text;
}

static void print_range(struct range range)
{
	printf("  %10.3f .. %10.3f", nsec_seconds(range.min),
	       nsec_seconds(range.max));
}

/* The number of the round, "TLP" or "end". */
static void print_name(const struct predict_round *round, unsigned int *ordinal)
{
	switch (round->kind) {
	case PREDICT_TAIL_LOSS_PROBE:
		printf("  %7s", "TLP");
		return;
	case PREDICT_RETRANSMISSION:
	case PREDICT_KEEPALIVE_PROBE:
	case PREDICT_WINDOW_PROBE:
		printf("  %7u", ++*ordinal);
		return;
	case PREDICT_GIVE_UP:
		printf("  %7s", "end");
		return;
	}
}

static const struct predict_round *
first_retransmission(const struct prediction *prediction)
{
	for (size_t i = 0; i < prediction->n_rounds; i++) {
		if (prediction->rounds[i].kind == PREDICT_RETRANSMISSION)
			return &prediction->rounds[i];
	}
	return NULL;
}

/* `clock`: the round with which the elapsed time of the kernel's comparison
 * starts; NULL: no such column. */
static void print_rounds(const struct prediction *prediction,
			 const struct predict_round *clock, const char *what,
			 const char *since)
{
	unsigned int ordinal = 0;
	bool doubt = false, started = false;

	printf("\n  %7s %12s", what, "timer");
	if (clock)
		printf("%26s", "since retransmission 1");
	printf("%26s\n", since);

	for (size_t i = 0; i < prediction->n_rounds; i++) {
		const struct predict_round *round = &prediction->rounds[i];

		print_name(round, &ordinal);
		printf("%c%12.3f", round->certain ? ' ' : '?',
		       nsec_seconds(round->interval));
		started |= round == clock;
		if (clock && !started)
			printf("  %24s", "");
		else if (clock)
			print_range((struct range){
				round->at.min - clock->at.min,
				round->at.max - clock->at.max });
		print_range(round->at);
		printf("\n");
		doubt |= !round->certain;
	}
	if (doubt)
		printf("  ? depends on the value of jiffies at the start\n");
	if (ordinal < MAX(prediction->retransmissions_max, prediction->probes))
		printf("  the rounds between %u and the end are left out\n",
		       ordinal);
}

static void print_elapsed(const char *what, const struct prediction *prediction)
{
	printf("  %s: %.3f .. %.3f s", what,
	       nsec_seconds(prediction->elapsed.min),
	       nsec_seconds(prediction->elapsed.max));
}

static void print_retransmissions(const struct prediction *prediction)
{
	unsigned int min = prediction->retransmissions_min;
	unsigned int max = prediction->retransmissions_max;

	if (min == max)
		printf("%u retransmission%s", max, max == 1 ? "" : "s");
	else
		printf("%u to %u retransmissions", min, max);
}

static void print_machine(const struct predict_tcp *tcp)
{
	struct prediction prediction;
	char jiffy[32], rtt[32], rto[32];

	predict_give_up(&prediction, tcp);
	printf("Linux %u.%u.%u, HZ %u: a jiffy is %s. RTT %s, RTO %s.\n",
	       tcp->kernel >> 16, tcp->kernel >> 8 & 0xff, tcp->kernel & 0xff,
	       tcp->hz,
	       duration(jiffy, predict_nsec(1, tcp->hz)),
	       duration(rtt, tcp->rtt),
	       duration(rto, first_retransmission(&prediction)->interval));
	printf("All times in seconds. A timer is never early, and late by up "
	       "to one granule of\nthe timer wheel, which depends on the value "
	       "of jiffies at the start: each time is a\nrange. A chain of "
	       "timers is late by one granule of its longest timer at most.\n");
}

static void print_data_meaning(const struct predict_tcp *tcp,
			       const struct prediction *prediction)
{
	char timeout[32];

	duration(timeout, prediction->timeout);
	if (tcp->user_timeout)
		printf("  user_timeout = %s replaces tcp_retries2; it is "
		       "compared with\n",
		       timeout);
	else
		printf("  tcp_retries2 = %u is not a count of packets: it is "
		       "converted to a timeout\n  of %s, compared with\n",
		       tcp->retries2, timeout);
	printf("  the time since retransmission 1 at each later expiry of the "
	       "RTO timer.\n");
}

static void print_data(const struct predict_tcp *tcp)
{
	struct prediction open, orphan;

	predict_give_up(&open, tcp);
	predict_orphan(&orphan, tcp);

	printf("\nUNACKNOWLEDGED DATA on an established connection\n");
	print_data_meaning(tcp, &open);
	print_rounds(&open, first_retransmission(&open), "round",
		     "since the send");
	print_elapsed("gives up", &open);
	printf(", after ");
	print_retransmissions(&open);
	printf("\n");
	printf("  orphan (closed by its process), tcp_orphan_retries = %u%s:\n",
	       tcp->orphan_retries,
	       tcp->orphan_retries ? "" : " (8 while RTO < its maximum)");
	print_elapsed("gives up", &orphan);
	printf(", after ");
	print_retransmissions(&orphan);
	printf("\n");
}

static void print_keepalive(const struct predict_tcp *tcp)
{
	struct prediction prediction;
	char time[32], intvl[32], timeout[32];

	predict_keepalive(&prediction, tcp);
	printf("\nKEEPALIVE on an idle connection with a dead peer\n");
	printf("  tcp_keepalive_time %s, tcp_keepalive_intvl %s, "
	       "tcp_keepalive_probes %u\n",
	       duration(time, tcp->keepalive_time),
	       duration(intvl, tcp->keepalive_intvl), tcp->keepalive_probes);
	if (tcp->user_timeout)
		printf("  user_timeout = %s replaces tcp_keepalive_probes\n",
		       duration(timeout, tcp->user_timeout));
	print_rounds(&prediction, NULL, "probe", "since the last activity");
	print_elapsed("connection ends", &prediction);
	printf("\n");
}

static void print_connect(const struct predict_tcp *tcp)
{
	struct prediction prediction;
	char timeout[32];

	predict_connect(&prediction, tcp);
	printf("\nCONNECT() without a reply\n");
	printf("  tcp_syn_retries %u", tcp->syn_retries);
	if (tcp->kernel >= KERNEL_VERSION(6, 5, 0))
		printf(" + tcp_syn_linear_timeouts %u", tcp->syn_linear);
	printf(" SYNs after the first;\n");
	printf("  or until %s after connect(), whichever is first\n",
	       duration(timeout, prediction.timeout));
	print_rounds(&prediction, NULL, "SYN", "since connect()");
	print_elapsed("gives up", &prediction);
	printf(", after ");
	print_retransmissions(&prediction);
	printf("\n");
}

static void print_syn_ack(const struct predict_tcp *tcp)
{
	struct prediction prediction;

	predict_syn_ack(&prediction, tcp);
	printf("\nSYN-ACK without a reply\n");
	printf("  tcp_synack_retries %u\n", tcp->synack_retries);
	print_rounds(&prediction, NULL, "SYN-ACK", "since the first");
	print_elapsed("request dropped", &prediction);
	printf("\n");
}

static void print_zero_window(const struct predict_tcp *tcp)
{
	struct prediction silent, answered;
	char timeout[32];

	predict_zero_window(&silent, tcp, PREDICT_PEER_SILENT);
	predict_zero_window(&answered, tcp, PREDICT_PEER_ANSWERS);
	printf("\nZERO WINDOW, and data to send\n");
	printf("  tcp_retries2 = %u is here a number of unanswered probes\n",
	       tcp->retries2);
	if (tcp->user_timeout)
		printf("  user_timeout = %s counts from the first probe, "
		       "answered or not\n",
		       duration(timeout, tcp->user_timeout));
	print_rounds(&silent, NULL, "probe", "since the window is zero");
	print_elapsed("without answers gives up", &silent);
	printf("\n");
	if (answered.elapsed.max == NSEC_NEVER) {
		printf("  with answers: no end\n");
		return;
	}
	print_elapsed("with answers gives up", &answered);
	printf("\n");
}

const struct usage usage_predict = {
	.name = "predict",
	.arguments = "[KEY=VALUE...]",
	.brief = "compute how long until this machine's TCP gives up",
	.text = "Computes how long until TCP gives up, from the kernel's "
		"algorithm, with the sysctls of this network namespace or the "
		"given values.",
	.each_word = model_settings_each,
	.after = "Full names of sysctls work too: net.ipv4.tcp_retries2=8. Times "
		 "have the unit us, ms or s; a plain number is in the "
		 "sysctl's own unit, for rtt, rto and user_timeout in ms.",
	.status = "0, or 2 for an unknown key or an invalid value.",
};

int cmd_predict(int argc, char **argv)
{
	struct predict_tcp tcp;
	int option;

	usage_begin(&usage_predict, argc, argv);
	option = usage_next();
	if (option != USAGE_END)
		return usage_end(option);
	if (!model_settings_read(&tcp, argv + optind))
		return EXIT_STATUS_USAGE;

	print_machine(&tcp);
	print_data(&tcp);
	print_keepalive(&tcp);
	print_connect(&tcp);
	print_syn_ack(&tcp);
	print_zero_window(&tcp);
	return EXIT_STATUS_PASS;
}
