/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * halfopen predict prints what predict.h computes. A round is one expiry of a timer;
 * its time is a range, for all values of jiffies at the start (wheel.h). "?" marks a
 * round to which only some of them lead.
 */
#include "commands.h"

#include <linux/version.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "exit-status.h"
#include "fold.h"
#include "macro.h"
#include "message.h"
#include "model-settings.h"
#include "predict.h"

enum { COLUMNS = 80 };

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

/* Columns, with two blanks before each. */
enum { ROUND = 9, TIMER = 13, RANGE = 26 };

/* Right-aligned. */
static void print_cell(const char *text, int columns)
{
	printf("%*s%s", MAX(columns - fold_width(text, SIZE_MAX), 0), "", text);
}

/* The number of the round, "TLP" or "end". */
static void print_name(const struct predict_round *round, unsigned int *ordinal)
{
	switch (round->kind) {
	case PREDICT_TAIL_LOSS_PROBE:
		print_cell("TLP", ROUND);
		return;
	case PREDICT_RETRANSMISSION:
	case PREDICT_KEEPALIVE_PROBE:
	case PREDICT_WINDOW_PROBE:
		printf("  %7u", ++*ordinal);
		return;
	case PREDICT_GIVE_UP:
		print_cell(_("end"), ROUND);
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

	putchar('\n');
	print_cell(what, ROUND);
	print_cell(_("timer"), TIMER);
	if (clock)
		print_cell(_("since retransmission 1"), RANGE);
	print_cell(since, RANGE);
	putchar('\n');

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
		puts(_("  ? depends on the value of jiffies at the start"));
	if (ordinal < MAX(prediction->retransmissions_max, prediction->probes))
		printf(_("  the rounds between %u and the end are left out\n"),
		       ordinal);
}

static void print_elapsed(const char *what, const struct prediction *prediction)
{
	printf("  %s%s%.3f .. %.3f s", what, _(": "),
	       nsec_seconds(prediction->elapsed.min),
	       nsec_seconds(prediction->elapsed.max));
}

static void print_retransmissions(const struct prediction *prediction)
{
	unsigned int min = prediction->retransmissions_min;
	unsigned int max = prediction->retransmissions_max;

	if (min == max)
		printf(message_plural(", after %u retransmission\n",
				      ", after %u retransmissions\n", max),
		       max);
	else
		printf(_(", after %u to %u retransmissions\n"), min, max);
}

static void print_machine(const struct predict_tcp *tcp)
{
	struct prediction prediction;
	char jiffy[32], rtt[32], rto[32];

	predict_give_up(&prediction, tcp);
	printf(_("Linux %u.%u.%u, HZ %u: a jiffy is %s. RTT %s, RTO %s.\n"),
	       tcp->kernel >> 16, tcp->kernel >> 8 & 0xff, tcp->kernel & 0xff,
	       tcp->hz, duration(jiffy, predict_nsec(1, tcp->hz)),
	       duration(rtt, tcp->rtt),
	       duration(rto, first_retransmission(&prediction)->interval));
	fold_print(
		stdout,
		_("All times in seconds. A timer is never early, and late by "
		  "up to one granule of the timer wheel, which depends on the "
		  "value of jiffies at the start: each time is a range. A "
		  "chain "
		  "of timers is late by one granule of its longest timer at "
		  "most."),
		0, 0, COLUMNS);
}

static void print_data_meaning(const struct predict_tcp *tcp,
			       const struct prediction *prediction)
{
	char timeout[32];

	duration(timeout, prediction->timeout);
	if (tcp->user_timeout)
		printf(_("  user_timeout = %s replaces tcp_retries2; it is "
			 "compared with\n"
			 "  the time since retransmission 1 at each later "
			 "expiry "
			 "of the RTO timer.\n"),
		       timeout);
	else
		printf(_("  tcp_retries2 = %u is not a count of packets: it is "
			 "converted to a timeout\n  of %s, compared with\n"
			 "  the time since retransmission 1 at each later "
			 "expiry "
			 "of the RTO timer.\n"),
		       tcp->retries2, timeout);
}

static void print_data(const struct predict_tcp *tcp)
{
	struct prediction open, orphan;

	predict_give_up(&open, tcp);
	predict_orphan(&orphan, tcp);

	puts(_("\nUNACKNOWLEDGED DATA on an established connection"));
	print_data_meaning(tcp, &open);
	print_rounds(&open, first_retransmission(&open), _("round"),
		     _("since the send"));
	print_elapsed(_("gives up"), &open);
	print_retransmissions(&open);
	printf(_("  orphan (closed by its process), tcp_orphan_retries = "
		 "%u%s:\n"),
	       tcp->orphan_retries,
	       tcp->orphan_retries ? "" : _(" (8 while RTO < its maximum)"));
	print_elapsed(_("gives up"), &orphan);
	print_retransmissions(&orphan);
}

static void print_keepalive(const struct predict_tcp *tcp)
{
	struct prediction prediction;
	char time[32], intvl[32], timeout[32];

	predict_keepalive(&prediction, tcp);
	puts(_("\nKEEPALIVE on an idle connection with a dead peer"));
	printf("  tcp_keepalive_time %s, tcp_keepalive_intvl %s, "
	       "tcp_keepalive_probes %u\n",
	       duration(time, tcp->keepalive_time),
	       duration(intvl, tcp->keepalive_intvl), tcp->keepalive_probes);
	if (tcp->user_timeout)
		printf(_("  user_timeout = %s replaces tcp_keepalive_probes\n"),
		       duration(timeout, tcp->user_timeout));
	print_rounds(&prediction, NULL, _("probe"),
		     _("since the last activity"));
	print_elapsed(_("connection ends"), &prediction);
	printf("\n");
}

static void print_connect(const struct predict_tcp *tcp)
{
	struct prediction prediction;
	char timeout[32];

	predict_connect(&prediction, tcp);
	puts(_("\nCONNECT() without a reply"));
	printf("  tcp_syn_retries %u", tcp->syn_retries);
	if (tcp->kernel >= KERNEL_VERSION(6, 5, 0))
		printf(" + tcp_syn_linear_timeouts %u", tcp->syn_linear);
	printf(_(" SYNs after the first;\n"
		 "  or until %s after connect(), whichever is first\n"),
	       duration(timeout, prediction.timeout));
	print_rounds(&prediction, NULL, "SYN", _("since connect()"));
	print_elapsed(_("gives up"), &prediction);
	print_retransmissions(&prediction);
}

static void print_syn_ack(const struct predict_tcp *tcp)
{
	struct prediction prediction;

	predict_syn_ack(&prediction, tcp);
	puts(_("\nSYN-ACK without a reply"));
	printf("  tcp_synack_retries %u\n", tcp->synack_retries);
	print_rounds(&prediction, NULL, "SYN-ACK", _("since the first"));
	print_elapsed(_("request dropped"), &prediction);
	printf("\n");
}

static void print_zero_window(const struct predict_tcp *tcp)
{
	struct prediction silent, answered;
	char timeout[32];

	predict_zero_window(&silent, tcp, PREDICT_PEER_SILENT);
	predict_zero_window(&answered, tcp, PREDICT_PEER_ANSWERS);
	puts(_("\nZERO WINDOW, and data to send"));
	printf(_("  tcp_retries2 = %u is here a number of unanswered probes\n"),
	       tcp->retries2);
	if (tcp->user_timeout)
		printf(_("  user_timeout = %s counts from the first probe, "
			 "answered or not\n"),
		       duration(timeout, tcp->user_timeout));
	print_rounds(&silent, NULL, _("probe"), _("since the window is zero"));
	print_elapsed(_("without answers gives up"), &silent);
	printf("\n");
	if (answered.elapsed.max == NSEC_NEVER) {
		puts(_("  with answers: no end"));
		return;
	}
	print_elapsed(_("with answers gives up"), &answered);
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
