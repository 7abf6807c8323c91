/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expected values are calculated from the kernel's source, in the comment beside
 * each. Levels are those of calc_wheel_index(), in jiffies:
 *
 *	level 0: below 63, granule 1	level 3: below 32256, granule 512
 *	level 1: below 504, granule 8	level 4: below 258048, granule 4096
 *	level 2: below 4032, granule 64	level 5: below 2064384, granule 32768
 */
#include "predict.h"

#include <linux/version.h>
#include <stdlib.h>

#include "macro.h"
#include "unit.h"

#define assert_range(range_, min_, max_)                                       \
	do {                                                                   \
		ck_assert_int_eq((range_).min, (min_));                        \
		ck_assert_int_eq((range_).max, (max_));                        \
	} while (0)

/* A path of 0.1 ms: the RTO is 200.1 ms, in whole jiffies. No loss probe. */
static struct predict_tcp near_peer(unsigned int hz)
{
	struct predict_tcp tcp = predict_defaults(hz, KERNEL_VERSION(6, 18, 0));

	tcp.rtt = USEC(100);
	tcp.tail_loss_probe = false;
	return tcp;
}

static const struct predict_round *last_round(const struct prediction *got)
{
	ck_assert_uint_gt(got->n_rounds, 0);
	return &got->rounds[got->n_rounds - 1];
}

START_TEST(jiffies_round_up)
{
	/* 200.1 ms / 4 ms = 50.025 */
	ck_assert_uint_eq(predict_jiffies(USEC(200100), 250), 51);
	ck_assert_uint_eq(predict_jiffies(MSEC(200), 250), 50);
	ck_assert_uint_eq(predict_jiffies(0, 250), 0);
	/* A jiffy at 300 Hz is a fraction of ns; the conversion round-trips. */
	for (unsigned long i = 0; i < 1000; i++)
		ck_assert_uint_eq(predict_jiffies(predict_nsec(i, 300), 300),
				  i);
	/* 30 days at 1000 Hz do not overflow. */
	ck_assert_uint_eq(predict_jiffies(SEC(2592000), 1000), 2592000000UL);
}
END_TEST

START_TEST(granules_follow_the_timer_wheel)
{
	static const struct {
		unsigned int hz;
		nsec_t timer, granule;
	} table[] = {
		/* The table at the head of kernel/time/timer.c. */
		{ 1000, MSEC(40), MSEC(1) },
		{ 1000, MSEC(201), MSEC(8) },
		{ 1000, SEC(2), MSEC(64) },
		{ 1000, SEC(10), MSEC(512) },
		{ 1000, SEC(120), MSEC(4096) },
		{ 1000, SEC(900), MSEC(32768) },
		{ 1000, SEC(7200), MSEC(262144) },
		{ 250, MSEC(204), MSEC(4) },
		{ 250, MSEC(408), MSEC(32) },
		{ 250, SEC(4), MSEC(256) },
		{ 250, SEC(120), MSEC(2048) },
		{ 250, SEC(600), MSEC(16384) },
		{ 250, SEC(7200), MSEC(131072) },
		{ 100, MSEC(210), MSEC(10) },
		{ 100, SEC(1), MSEC(80) },
		{ 100, SEC(10), MSEC(640) },
		{ 100, SEC(120), MSEC(5120) },
		{ 100, SEC(7200), MSEC(327680) },
		/* 8 and 4096 jiffies of 1/300 s, down to the ns */
		{ 300, SEC(1), INT64_C(26666666) },
		{ 300, SEC(120), INT64_C(13653333333) },
		/* LVL_START(n): the 63rd bucket belongs to the next level */
		{ 1000, MSEC(62), MSEC(1) },
		{ 1000, MSEC(63), MSEC(8) },
		{ 1000, MSEC(503), MSEC(8) },
		{ 1000, MSEC(504), MSEC(64) },
		{ 250, MSEC(4 * 62), MSEC(4) },
		{ 250, MSEC(4 * 63), MSEC(32) },
		/* LVL_DEPTH is 9 above 100 Hz, and 8 at it: the last level's
		 * granules are 8^8 and 8^7 jiffies. */
		{ 250, SEC(86400 * 20), MSEC(4 * 16777216LL) },
		{ 100, SEC(86400 * 10), MSEC(10 * 2097152LL) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		ck_assert_int_eq(predict_granule(table[i].timer, table[i].hz),
				 table[i].granule);
}
END_TEST

START_TEST(timer_is_never_early_and_at_most_a_granule_late)
{
	/* 51 jiffies, level 0; 1 s is 250, level 1: 8 * 4 ms */
	assert_range(predict_timer(USEC(200100), 250), MSEC(204), MSEC(208));
	assert_range(predict_timer(SEC(1), 250), SEC(1), MSEC(1032));
	/* A timer of 0 jiffies expires at the next tick. */
	assert_range(predict_timer(0, 250), 0, MSEC(4));
}
END_TEST

START_TEST(model_timeout_counts_doublings_of_200_ms)
{
	/* (2^(n + 1) - 1) * 200 ms up to n = ilog2(120 / 0.2) = 9; then 120 s
	 * for each retransmission. */
	static const int64_t ms[] = { 200,    600,    1400,   3000,
				      6200,   12600,  25400,  51000,
				      102200, 204600, 324600, 444600,
				      564600, 684600, 804600, 924600 };
	static const unsigned int hz[] = { 100, 250, 300, 1000 };

	for (size_t h = 0; h < ARRAY_SIZE(hz); h++)
		for (unsigned int i = 0; i < ARRAY_SIZE(ms); i++)
			ck_assert_int_eq(predict_model_timeout(i, MSEC(200),
							       SEC(120), hz[h]),
					 MSEC(ms[i]));

	/* Base of a SYN: 1 s. ilog2(120) = 6: 127 s, then 120 s a round. */
	ck_assert_int_eq(predict_model_timeout(6, SEC(1), SEC(120), 250),
			 SEC(127));
	ck_assert_int_eq(predict_model_timeout(7, SEC(1), SEC(120), 250),
			 SEC(247));
	/* rto_max 1 s: ilog2(5) = 2: 7 * 200 ms + 13 * 1 s */
	ck_assert_int_eq(predict_model_timeout(15, MSEC(200), SEC(1), 250),
			 MSEC(14400));
}
END_TEST

START_TEST(rto_is_rtt_and_variance_in_whole_jiffies)
{
	struct predict_tcp tcp = near_peer(250);

	ck_assert_int_eq(predict_rto(&tcp), MSEC(204));
	tcp.hz = 1000;
	ck_assert_int_eq(predict_rto(&tcp), MSEC(201));
	tcp.hz = 100;
	ck_assert_int_eq(predict_rto(&tcp), MSEC(210));

	/* Above rto_min, the variance counts: 100 ms + 4 * 80 ms = 420 ms. */
	tcp.rtt = MSEC(100);
	tcp.rttvar = MSEC(80);
	ck_assert_int_eq(predict_rto(&tcp), MSEC(420));
	/* tcp_rto_min_us = 5000 is 2 jiffies of 250 Hz: 0.1 ms + 8 ms */
	tcp = near_peer(250);
	tcp.rto_min = MSEC(5);
	ck_assert_int_eq(predict_rto(&tcp), MSEC(12));
	/* 3 s + 8 ms; tcp_bound_rto() limits it where rto_max can be set. */
	tcp.rtt = SEC(3);
	tcp.rto_max = SEC(2);
	ck_assert_int_eq(predict_rto(&tcp), SEC(2));
	tcp.kernel = KERNEL_VERSION(6, 12, 0);
	ck_assert_int_eq(predict_rto(&tcp), MSEC(3008));
}
END_TEST

START_TEST(default_give_up_at_250_hz)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	predict_give_up(&got, &tcp);
	ck_assert_int_eq(got.timeout, MSEC(924600));
	ck_assert_uint_eq(got.retransmissions_min, 15);
	ck_assert_uint_eq(got.retransmissions_max, 15);
	ck_assert_uint_eq(got.probes, 0);
	ck_assert_uint_eq(got.n_rounds, 16);

	/*
	 * From the first retransmission: RTOs of 408 ms to 104.448 s, in sum
	 * 204 ms * (2^10 - 2) = 208.488 s, and 6 * 120 s: 928.488 s. With one
	 * round less: 808.488 s. Granules: 102, 204, 408 jiffies 32 ms each;
	 * 816, 1632, 3264 jiffies 256 ms; 6528, 13056, 26112 and six times
	 * 30000 jiffies 2.048 s: 96 + 768 + 9 * 2048 = 19.296 s.
	 * The first RTO, 51 jiffies, is 204 .. 208 ms.
	 */
	assert_range(got.elapsed, MSEC(928488 + 204),
		     MSEC(928488 + 19296 + 208));
	assert_range(got.rounds[0].at, MSEC(204), MSEC(208));
	assert_range(got.rounds[1].at, MSEC(204 + 408), MSEC(208 + 440));
	ck_assert_int_eq(got.rounds[9].interval, MSEC(104448));
	ck_assert_int_eq(got.rounds[10].interval, SEC(120));
	ck_assert_int_eq(got.rounds[14].kind, PREDICT_RETRANSMISSION);
	ck_assert_int_eq(last_round(&got)->kind, PREDICT_GIVE_UP);
	ck_assert(last_round(&got)->certain);
}
END_TEST

START_TEST(default_give_up_at_1000_hz)
{
	struct predict_tcp tcp = near_peer(1000);
	struct prediction got;

	/*
	 * 201 ms * 1022 = 205.422 s for 402 ms to 102.912 s, and 720 s:
	 * 925.422 s. Granules: 402: 8 ms; 804, 1608, 3216: 64; 6432, 12864,
	 * 25728: 512; 51456, 102912 and six times 120000: 4096 ms:
	 * 8 + 192 + 1536 + 8 * 4096 = 34.504 s. First: 201 jiffies, 8 ms.
	 */
	predict_give_up(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 15);
	ck_assert_uint_eq(got.retransmissions_max, 15);
	assert_range(got.elapsed, MSEC(925422 + 201),
		     MSEC(925422 + 34504 + 209));
}
END_TEST

START_TEST(three_retries_are_four_retransmissions)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/*
	 * Expirations, from the first retransmission: 0, 408, 1224, 2856, 6120
	 * ms; granules 32, 32, 32, 256. 3.0 s lies between 2856 + 96 and 6120.
	 */
	tcp.retries2 = 3;
	predict_give_up(&got, &tcp);
	ck_assert_int_eq(got.timeout, SEC(3));
	ck_assert_uint_eq(got.retransmissions_min, 4);
	ck_assert_uint_eq(got.retransmissions_max, 4);
	assert_range(got.elapsed, MSEC(6120 + 204), MSEC(6120 + 352 + 208));
}
END_TEST

START_TEST(four_retries_depend_on_the_wheel_at_250_hz)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* 6.2 s is within 6120 .. 6472 ms. */
	tcp.retries2 = 4;
	predict_give_up(&got, &tcp);
	ck_assert_int_eq(got.timeout, MSEC(6200));
	ck_assert_uint_eq(got.retransmissions_min, 4);
	ck_assert_uint_eq(got.retransmissions_max, 5);
	ck_assert_uint_eq(got.n_rounds, 7);

	/* If the timer expires after 6.2 s, less 1 ms of rounding, the
	 * connection ends. */
	ck_assert_int_eq(got.rounds[4].kind, PREDICT_GIVE_UP);
	ck_assert(!got.rounds[4].certain);
	assert_range(got.rounds[4].at, MSEC(6199 + 204), MSEC(6472 + 208));

	/* If the timer expires before 6.2 s, one more segment is sent, */
	ck_assert_int_eq(got.rounds[5].kind, PREDICT_RETRANSMISSION);
	ck_assert(!got.rounds[5].certain);
	assert_range(got.rounds[5].at, MSEC(6120 + 204), MSEC(6200 + 208));

	/* and the end is 6528 ms (1632 jiffies, granule 256 ms) later. */
	ck_assert_int_eq(got.rounds[6].kind, PREDICT_GIVE_UP);
	assert_range(got.rounds[6].at, MSEC(12648 + 204),
		     MSEC(6200 + 6528 + 256 + 208));
	assert_range(got.elapsed, MSEC(6403), MSEC(13192));
}
END_TEST

START_TEST(five_retries_are_five_retransmissions)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* 12.6 s lies between 6472 and 12648 ms; granules 352 + 256 ms */
	tcp.retries2 = 5;
	predict_give_up(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 5);
	ck_assert_uint_eq(got.retransmissions_max, 5);
	assert_range(got.elapsed, MSEC(12648 + 204), MSEC(12648 + 608 + 208));
}
END_TEST

START_TEST(zero_retries_send_once)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* retransmits_timed_out() returns false while icsk_retransmits is 0;
	 * at the next expiration 408 ms exceed 200 ms. */
	tcp.retries2 = 0;
	predict_give_up(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 1);
	ck_assert_uint_eq(got.retransmissions_max, 1);
	assert_range(got.elapsed, MSEC(204 + 408), MSEC(208 + 440));
}
END_TEST

START_TEST(large_rtt_means_fewer_retransmissions)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/*
	 * RTO 1 s: expirations at 0, 2, 6, 14, 30, 62, 126 s, then every 120 s:
	 * 246, 366, 486, 606, 726, 846 (the 13th), 966 s. 846 s and 18 s of
	 * granules are below 924.6.
	 */
	tcp.rto = SEC(1);
	predict_give_up(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 13);
	ck_assert_uint_eq(got.retransmissions_max, 13);
	ck_assert_int_eq(got.elapsed.min, SEC(967));
}
END_TEST

START_TEST(exact_200_ms_may_need_a_sixteenth)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* The elapsed time starts after the first RTO: 200 ms * 1022 + 720 s =
	 * 924.4 s; with granules of up to 19.3 s as above it can exceed 924.6. */
	tcp.rto = MSEC(200);
	predict_give_up(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 15);
	ck_assert_uint_eq(got.retransmissions_max, 16);
}
END_TEST

START_TEST(loss_probe_delays_the_first_rto)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* One packet: the loss probe is sent after 2 * 0.1 + 200 ms = 51
	 * jiffies, and restarts the RTO of 51 jiffies. */
	tcp.tail_loss_probe = true;
	predict_give_up(&got, &tcp);
	ck_assert_uint_eq(got.probes, 1);
	ck_assert_uint_eq(got.retransmissions_max, 15);
	ck_assert_int_eq(got.rounds[0].kind, PREDICT_TAIL_LOSS_PROBE);
	assert_range(got.rounds[0].at, MSEC(204), MSEC(208));
	ck_assert_int_eq(got.rounds[1].kind, PREDICT_RETRANSMISSION);
	assert_range(got.rounds[1].at, MSEC(408), MSEC(416));
	ck_assert_int_eq(got.elapsed.min, MSEC(928488 + 408));

	/* Three packets, RTT 10 ms: the probe is sent after 2 * 10 + 2 ms = 6
	 * jiffies (before 6.6: 5 and 2); the RTO of 210 ms is 53 jiffies. */
	tcp.rtt = MSEC(10);
	tcp.packets_out = 3;
	predict_give_up(&got, &tcp);
	assert_range(got.rounds[0].at, MSEC(24), MSEC(28));
	assert_range(got.rounds[1].at, MSEC(24 + 212), MSEC(28 + 216));
	tcp.kernel = KERNEL_VERSION(6, 1, 0);
	predict_give_up(&got, &tcp);
	assert_range(got.rounds[0].at, MSEC(28), MSEC(32));
}
END_TEST

START_TEST(rto_max_is_an_option_since_6_15)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	tcp.rto_max = SEC(1);
	predict_give_up(&got, &tcp);
	ck_assert_int_eq(got.timeout, MSEC(14400));
	tcp.kernel = KERNEL_VERSION(6, 12, 0);
	predict_give_up(&got, &tcp);
	ck_assert_int_eq(got.timeout, MSEC(924600));
}
END_TEST

START_TEST(user_timeout_shortens_the_last_timer)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/*
	 * The expirations at 0 and 408 .. 440 ms retransmit. The remaining 560
	 * to 592 ms are less than the RTO of 816 ms: the end is at 1000 ms, +- 1
	 * ms for two truncated timestamps, up to a jiffy for msecs_to_jiffies(),
	 * and 32 ms, the granule of 148 jiffies.
	 */
	tcp.user_timeout = SEC(1);
	predict_give_up(&got, &tcp);
	ck_assert_int_eq(got.timeout, SEC(1));
	ck_assert_uint_eq(got.retransmissions_min, 2);
	ck_assert_uint_eq(got.retransmissions_max, 2);
	assert_range(got.elapsed, MSEC(204 + 999), MSEC(208 + 1037));
	ck_assert_int_eq(last_round(&got)->interval, MSEC(592));

	/* Before 4.19 the user timeout does not shorten the RTO: 408 + 816 ms. */
	tcp.kernel = KERNEL_VERSION(4, 18, 0);
	predict_give_up(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_max, 2);
	assert_range(got.elapsed, MSEC(204 + 1224), MSEC(208 + 1288));
}
END_TEST

START_TEST(user_timeout_starts_at_the_first_retransmission)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* The first RTO elapses although the timeout is shorter. The next RTO
	 * of 408 ms is shortened to 100 ms, 25 jiffies. */
	tcp.user_timeout = MSEC(100);
	predict_give_up(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 1);
	ck_assert_uint_eq(got.retransmissions_max, 1);
	assert_range(got.elapsed, MSEC(304), MSEC(312));
}
END_TEST

START_TEST(user_timeout_of_days_ends)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* More rounds than the table holds: the last entry is the end. */
	tcp.user_timeout = SEC(86400) * 10;
	predict_give_up(&got, &tcp);
	ck_assert_int_eq(last_round(&got)->kind, PREDICT_GIVE_UP);
	ck_assert_int_ge(got.elapsed.min, SEC(864000));
	ck_assert_uint_gt(got.retransmissions_max, PREDICT_ROUNDS_MAX);
}
END_TEST

START_TEST(orphan_has_eight_retries_or_none)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* 8 retries mean 102.2 s: 204 ms * (2^8 - 2) = 51.816 s is below, and
	 * 204 ms * (2^9 - 2) = 104.040 s above, after 8 retransmissions. */
	predict_orphan(&got, &tcp);
	ck_assert_int_eq(got.timeout, MSEC(102200));
	ck_assert_uint_eq(got.retransmissions_max, 8);
	ck_assert_int_eq(got.elapsed.min, MSEC(104040 + 204));

	/* RTOs: 204, 408, 816 ms, 1 s. From the RTO of 1 s on `alive` is false
	 * in tcp_write_timeout(): the timeout is that of 0 retries, 200 ms. */
	tcp.rto_max = SEC(1);
	predict_orphan(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_max, 3);
	ck_assert_int_eq(got.timeout, MSEC(200));
	ck_assert_int_eq(got.elapsed.min, MSEC(204 + 408 + 816 + 1000));
}
END_TEST

START_TEST(keepalive_lasts_as_many_intervals_as_probes)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* 7200 + 9 * 75 s; granules: 1800000 jiffies 131.072 s, 18750 jiffies
	 * 2.048 s, nine times */
	predict_keepalive(&got, &tcp);
	ck_assert_uint_eq(got.probes, 9);
	ck_assert_uint_eq(got.n_rounds, 10);
	assert_range(got.elapsed, SEC(7875), MSEC(7875000 + 131072 + 18432));

	/* 2 + 3 * 1 s; 500 and 250 jiffies: four granules of 32 ms */
	tcp.keepalive_time = SEC(2);
	tcp.keepalive_intvl = SEC(1);
	tcp.keepalive_probes = 3;
	predict_keepalive(&got, &tcp);
	ck_assert_uint_eq(got.probes, 3);
	assert_range(got.elapsed, SEC(5), MSEC(5128));
	ck_assert_int_eq(got.rounds[0].kind, PREDICT_KEEPALIVE_PROBE);
	assert_range(got.rounds[0].at, SEC(2), MSEC(2032));
	assert_range(got.rounds[2].at, SEC(4), MSEC(4096));
	ck_assert_int_eq(got.rounds[3].kind, PREDICT_GIVE_UP);
}
END_TEST

START_TEST(user_timeout_replaces_the_count_of_keepalive)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	tcp.keepalive_time = SEC(2);
	tcp.keepalive_intvl = SEC(1);
	tcp.keepalive_probes = 3;

	/* The timeout is over before the first probe, which is still sent. */
	tcp.user_timeout = SEC(1);
	predict_keepalive(&got, &tcp);
	ck_assert_uint_eq(got.probes, 1);
	assert_range(got.elapsed, SEC(3), MSEC(3064));

	/* More probes than keepalive_probes: at 2 .. 7 s. */
	tcp.user_timeout = SEC(8);
	predict_keepalive(&got, &tcp);
	ck_assert_uint_eq(got.probes, 6);
	ck_assert_int_eq(got.elapsed.min, SEC(8));

	/* 3050 ms are 763 jiffies, 3052 ms, within 3000 .. 3064 ms. */
	tcp.user_timeout = MSEC(3050);
	predict_keepalive(&got, &tcp);
	ck_assert_uint_eq(got.probes, 2);
	ck_assert_uint_eq(got.n_rounds, 4);
	ck_assert(!got.rounds[1].certain);
	assert_range(got.rounds[1].at, MSEC(3048), MSEC(3064));
	assert_range(got.rounds[2].at, MSEC(3000), MSEC(3052));
	assert_range(got.rounds[3].at, MSEC(4000), MSEC(4084));
}
END_TEST

START_TEST(fifteen_rounds_fit_without_doubling)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction p;
	struct range rounds, end;

	/*
	 * RTO 204 ms; 208 ms with its granule; 200 ms with a jiffy rounded off:
	 * 3000 / 208 = 14.4 and 3000 / 200 = 15. The last one expires within
	 * 208 ms of the timeout, which starts after 204 to 208 ms.
	 */
	tcp.retries2 = 3;
	predict_give_up(&p, &tcp);
	end = predict_reverted(&p, &tcp, &rounds);
	assert_range(rounds, 15, 15);
	assert_range(end, MSEC(204 + 3000 - 1), MSEC(208 + 3000 + 208));
}
END_TEST

START_TEST(connect_with_linear_rounds)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* RTOs: 1, 1, 1, 1, 1, 2, 4, 8, 16, 32 s; the end after 64 s more */
	predict_connect(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 10);
	ck_assert_uint_eq(got.retransmissions_max, 10);
	ck_assert_int_eq(got.rounds[4].at.min, SEC(5));
	ck_assert_int_eq(got.rounds[5].at.min, SEC(7));
	ck_assert_int_eq(got.rounds[9].at.min, SEC(67));
	ck_assert_int_eq(got.elapsed.min, SEC(131));
}
END_TEST

START_TEST(connect_without_linear_rounds)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* Before 6.5: 1, 3, 7, 15, 31, 63 s; the end after 64 s more */
	tcp.kernel = KERNEL_VERSION(6, 1, 0);
	predict_connect(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_max, 6);
	ck_assert_int_eq(got.rounds[5].at.min, SEC(63));
	ck_assert_int_eq(got.elapsed.min, SEC(127));
}
END_TEST

START_TEST(connect_can_time_out_within_the_linear_rounds)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* By count the end would follow 1 + 4 SYNs. But 1 retry means 1 + 2 s,
	 * which have elapsed since tcp_connect() at the third expiration. Three
	 * times 250 jiffies, granule 32 ms. */
	tcp.syn_retries = 1;
	predict_connect(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 2);
	ck_assert_uint_eq(got.retransmissions_max, 2);
	assert_range(got.elapsed, SEC(3), MSEC(3096));

	/* 2 retries mean 7 s: expirations at 1, 2, 3, 4, 5 s (5.16 s with
	 * granules, below 7 s), and the end at 7 s. The sixth timer is 500
	 * jiffies, granule also 32 ms. */
	tcp.syn_retries = 2;
	predict_connect(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 5);
	ck_assert_uint_eq(got.retransmissions_max, 5);
	assert_range(got.elapsed, SEC(7), MSEC(7192));
}
END_TEST

START_TEST(connect_with_user_timeout)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/*
	 * SYN retransmissions at 1, 2, 3 and 4 s. The fourth is 4 .. 4.128 s
	 * after tcp_connect(); the RTO of 1 s is shortened to the remaining 872
	 * to 1000 ms: 250 jiffies, granule 32 ms; +- 1 ms and a jiffy as above.
	 */
	tcp.user_timeout = SEC(5);
	predict_connect(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 4);
	ck_assert_uint_eq(got.retransmissions_max, 4);
	assert_range(got.elapsed, MSEC(4999), MSEC(5037));
}
END_TEST

START_TEST(connect_with_user_timeout_below_the_first_rto)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/*
	 * The first expiration, at 1 .. 1.032 s, still retransmits. No time
	 * remains, so the next timer is one jiffy, with a granule of one.
	 */
	tcp.user_timeout = MSEC(5);
	predict_connect(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 1);
	ck_assert_uint_eq(got.retransmissions_max, 1);
	assert_range(got.elapsed, MSEC(1004), MSEC(1040));
}
END_TEST

START_TEST(syn_ack_is_counted)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* 1, 3, 7, 15, 31 s, and the end at 63 s. Granules: 250, 500 jiffies
	 * 32 ms; 1000, 2000, 4000 jiffies 256 ms; 8000 jiffies 2.048 s. */
	predict_syn_ack(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_max, 5);
	ck_assert_uint_eq(got.n_rounds, 6);
	ck_assert_int_eq(got.rounds[4].at.min, SEC(31));
	assert_range(got.elapsed, SEC(63), MSEC(63000 + 64 + 768 + 2048));
}
END_TEST

START_TEST(defaults_follow_the_kernel)
{
	struct predict_tcp tcp = predict_defaults(250, KERNEL_VERSION(6, 5, 0));

	ck_assert_uint_eq(tcp.syn_linear, 4);
	tcp = predict_defaults(250, KERNEL_VERSION(6, 4, 0));
	ck_assert_uint_eq(tcp.syn_linear, 0);
}
END_TEST

static const TTest *const *const tests[] = {
	&jiffies_round_up,
	&granules_follow_the_timer_wheel,
	&timer_is_never_early_and_at_most_a_granule_late,
	&model_timeout_counts_doublings_of_200_ms,
	&rto_is_rtt_and_variance_in_whole_jiffies,
	&default_give_up_at_250_hz,
	&default_give_up_at_1000_hz,
	&three_retries_are_four_retransmissions,
	&four_retries_depend_on_the_wheel_at_250_hz,
	&five_retries_are_five_retransmissions,
	&zero_retries_send_once,
	&large_rtt_means_fewer_retransmissions,
	&exact_200_ms_may_need_a_sixteenth,
	&loss_probe_delays_the_first_rto,
	&rto_max_is_an_option_since_6_15,
	&user_timeout_shortens_the_last_timer,
	&user_timeout_starts_at_the_first_retransmission,
	&user_timeout_of_days_ends,
	&orphan_has_eight_retries_or_none,
	&keepalive_lasts_as_many_intervals_as_probes,
	&user_timeout_replaces_the_count_of_keepalive,
	&fifteen_rounds_fit_without_doubling,
	&connect_with_linear_rounds,
	&connect_without_linear_rounds,
	&connect_can_time_out_within_the_linear_rounds,
	&connect_with_user_timeout,
	&connect_with_user_timeout_below_the_first_rto,
	&syn_ack_is_counted,
	&defaults_follow_the_kernel,
};

int main(void)
{
	return unit_run("predict", tests, ARRAY_SIZE(tests), NULL);
}
