/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expected values are calculated from the kernel's source, in the comment beside
 * each. Levels are those of calc_wheel_index(), in jiffies:
 *
 *	level 0: below 63, granule 1	level 3: below 32256, granule 512
 *	level 1: below 504, granule 8	level 4: below 258048, granule 4096
 *	level 2: below 4032, granule 64	level 5: below 2064384, granule 32768
 *
 * A timer of T jiffies that its own callback arms is one jiffy nearer to
 * base->clk, which decides about the level, and takes
 *
 *	in level 0: T + 1 jiffies;
 *	in the level of the timer before, or below: from a multiple of the
 *	granule, T rounded down to the granule and one granule more. Written
 *	below as 204 -> 208;
 *	in a coarser level, for the first time: the same from any multiple of
 *	the former granule, so that the rounding is free again.
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
	 * RTOs in jiffies, from the first retransmission. Level 1: 102 takes
	 * 103 .. 110, then 204 -> 208, 408 -> 416; sum 727 .. 734.
	 * Level 2, from multiples of 8: 816 takes 824 .. 880, and the sum is
	 * 1551 .. 1614, any number of the 64; then 1632 -> 1664, 3264 -> 3328:
	 * 6543 .. 6606. Level 3, from multiples of 64: 6528 is 102 * 64, so
	 * 6592 .. 7040, sum 13135 .. 13646; then 13056 -> 13312,
	 * 26112 -> 26624, and six times 30000 -> 30208: 234319 .. 234830.
	 * In ms 937276 .. 939320. The first RTO, 51 jiffies, is 204 .. 208 ms.
	 */
	assert_range(got.elapsed, MSEC(937276 + 204), MSEC(939320 + 208));
	assert_range(got.rounds[0].at, MSEC(204), MSEC(208));
	assert_range(got.rounds[1].at, MSEC(204 + 412), MSEC(208 + 440));
	assert_range(got.rounds[4].at, MSEC(204 + 6204), MSEC(208 + 6456));
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
	 * The first RTO, 201 jiffies, is in level 1: it ends at a multiple of 8,
	 * 201 .. 209 ms after the send. From there 402 -> 408. Level 2: 804
	 * takes 808 .. 864 and leads to 1216 .. 1272, then 1608 -> 1664,
	 * 3216 -> 3264: 6144 .. 6200. Level 3: 6432 takes 6464 .. 6912 and leads
	 * to 12608 .. 13112; 12864 -> 13312, 25728 -> 26112: 52032 .. 52536.
	 * Level 4: 51456 is 12 * 4096 + 2304 and leads to 103744 .. 107832 (any
	 * multiple of 8 among 4096), 102912 -> 106496, and six times
	 * 120000 -> 122880: 947520 .. 951608.
	 */
	predict_give_up(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 15);
	ck_assert_uint_eq(got.retransmissions_max, 15);
	assert_range(got.elapsed, MSEC(947520 + 201), MSEC(951608 + 209));
}
END_TEST

START_TEST(three_retries_are_four_retransmissions)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* Expirations in jiffies as above: 103 .. 110, 311 .. 318, 727 .. 734
	 * and 1551 .. 1614. 3.0 s are 750. */
	tcp.retries2 = 3;
	predict_give_up(&got, &tcp);
	ck_assert_int_eq(got.timeout, SEC(3));
	ck_assert_uint_eq(got.retransmissions_min, 4);
	ck_assert_uint_eq(got.retransmissions_max, 4);
	assert_range(got.elapsed, MSEC(6204 + 204), MSEC(6456 + 208));
}
END_TEST

START_TEST(four_retries_are_four_retransmissions_at_250_hz)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* 6.2 s are 1550 jiffies, one less than the earliest expiration. */
	tcp.retries2 = 4;
	predict_give_up(&got, &tcp);
	ck_assert_int_eq(got.timeout, MSEC(6200));
	ck_assert_uint_eq(got.retransmissions_min, 4);
	ck_assert_uint_eq(got.retransmissions_max, 4);
	ck_assert_uint_eq(got.n_rounds, 5);
	assert_range(got.elapsed, MSEC(6204 + 204), MSEC(6456 + 208));
}
END_TEST

START_TEST(phase_decides_about_a_round_at_1000_hz)
{
	struct predict_tcp tcp = near_peer(1000);
	struct prediction got;

	/* 6.2 s are within the expirations at 6144 .. 6200 ms, a multiple of 8:
	 * with 6200 the connection ends, with 6144 .. 6192 it continues. */
	tcp.retries2 = 4;
	predict_give_up(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 4);
	ck_assert_uint_eq(got.retransmissions_max, 5);
	ck_assert_uint_eq(got.n_rounds, 7);

	ck_assert_int_eq(got.rounds[4].kind, PREDICT_GIVE_UP);
	ck_assert(!got.rounds[4].certain);
	assert_range(got.rounds[4].at, MSEC(6200 + 201), MSEC(6200 + 209));
	ck_assert_int_eq(got.rounds[5].kind, PREDICT_RETRANSMISSION);
	ck_assert(!got.rounds[5].certain);
	assert_range(got.rounds[5].at, MSEC(6144 + 201), MSEC(6192 + 209));

	/* Level 3: the next expiration is at a multiple of 512. At 6200, the
	 * first retransmission was 6200 mod 64 = 56 before a multiple of 64; the
	 * phase that ended would have led to 12608, 13112 + 8 - 512, ... */
	ck_assert_int_eq(got.rounds[6].kind, PREDICT_GIVE_UP);
	assert_range(got.rounds[6].at, MSEC(12608 + 201), MSEC(13104 + 209));
	assert_range(got.elapsed, MSEC(6401), MSEC(13313));
}
END_TEST

START_TEST(five_retries_are_five_retransmissions)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* 12.6 s lies between 6456 and 12860 ms: 3215 .. 3278 jiffies */
	tcp.retries2 = 5;
	predict_give_up(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 5);
	ck_assert_uint_eq(got.retransmissions_max, 5);
	assert_range(got.elapsed, MSEC(12860 + 204), MSEC(13112 + 208));
}
END_TEST

START_TEST(zero_retries_send_once)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* retransmits_timed_out() returns false while icsk_retransmits is 0;
	 * at the next expiration 412 ms exceed 200 ms. */
	tcp.retries2 = 0;
	predict_give_up(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 1);
	ck_assert_uint_eq(got.retransmissions_max, 1);
	assert_range(got.elapsed, MSEC(204 + 412), MSEC(208 + 440));
}
END_TEST

START_TEST(large_rtt_means_fewer_retransmissions)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/*
	 * RTO 1 s: 250 jiffies in level 1, up to a multiple of 8. 500 -> 504.
	 * Level 2: 1000 takes 1008 .. 1064, sum 1512 .. 1568 (of multiples of
	 * 8), 2000 -> 2048, 4000 -> 4032: 7592 .. 7648. Level 3: 8000 is 15 *
	 * 512 + 320: 15656 .. 16160; 16000 -> 16384: 32040 .. 32544; 30000 ->
	 * 30208, seven times: 243496 .. 244000 jiffies are 974.0 .. 976.0 s,
	 * and the round before is below 924.6 s.
	 */
	tcp.rto = SEC(1);
	predict_give_up(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 13);
	ck_assert_uint_eq(got.retransmissions_max, 13);
	assert_range(got.elapsed, MSEC(973984 + 1000), MSEC(976000 + 1032));
}
END_TEST

START_TEST(exact_200_ms_is_deterministic)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* The elapsed time starts after the first RTO: 200 ms * 1022 + 720 s =
	 * 924.4 s are below 924.6 s, but each round takes a jiffy more, and more
	 * in coarser levels: 15 retransmissions for each phase. */
	tcp.rto = MSEC(200);
	predict_give_up(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 15);
	ck_assert_uint_eq(got.retransmissions_max, 15);
}
END_TEST

START_TEST(loss_probe_delays_the_first_rto)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* One packet: the loss probe is sent after 2 * 0.1 + 200 ms = 51
	 * jiffies, and its callback starts the RTO of 51 jiffies, which takes
	 * 52. */
	tcp.tail_loss_probe = true;
	predict_give_up(&got, &tcp);
	ck_assert_uint_eq(got.probes, 1);
	ck_assert_uint_eq(got.retransmissions_max, 15);
	ck_assert_int_eq(got.rounds[0].kind, PREDICT_TAIL_LOSS_PROBE);
	assert_range(got.rounds[0].at, MSEC(204), MSEC(208));
	ck_assert_int_eq(got.rounds[1].kind, PREDICT_RETRANSMISSION);
	assert_range(got.rounds[1].at, MSEC(412), MSEC(416));
	assert_range(got.elapsed, MSEC(937276 + 412), MSEC(939320 + 416));

	/* Three packets, RTT 10 ms: the probe is sent after 2 * 10 + 2 ms = 6
	 * jiffies (before 6.6: 5 and 2); the RTO of 210 ms is 53 jiffies. */
	tcp.rtt = MSEC(10);
	tcp.packets_out = 3;
	predict_give_up(&got, &tcp);
	assert_range(got.rounds[0].at, MSEC(24), MSEC(28));
	assert_range(got.rounds[1].at, MSEC(24 + 216), MSEC(28 + 216));
}
END_TEST

START_TEST(loss_probe_follows_stable_releases)
{
	static const struct {
		unsigned int kernel;
		nsec_t probe;
	} table[] = {
		{ KERNEL_VERSION(5, 10, 198), MSEC(28) },
		{ KERNEL_VERSION(5, 10, 199), MSEC(24) },
		{ KERNEL_VERSION(5, 11, 0), MSEC(28) },
		{ KERNEL_VERSION(6, 1, 59), MSEC(28) },
		{ KERNEL_VERSION(6, 1, 60), MSEC(24) },
		{ KERNEL_VERSION(6, 4, 16), MSEC(28) },
		{ KERNEL_VERSION(6, 5, 9), MSEC(24) },
		{ KERNEL_VERSION(6, 6, 0), MSEC(24) },
	};
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	tcp.tail_loss_probe = true;
	tcp.rtt = MSEC(10);
	tcp.packets_out = 3;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		tcp.kernel = table[i].kernel;
		predict_give_up(&got, &tcp);
		ck_assert_int_eq(got.rounds[0].at.min, table[i].probe);
	}
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
	 * The expirations at 0 and 412 .. 440 ms retransmit. The remaining 560
	 * to 588 ms are less than the RTO of 816 ms: the timer is set to 1000
	 * ms, 250 jiffies, in level 1. The expiration before was at a multiple
	 * of 8, and 103 .. 110 jiffies: from there 140 -> 144 .. 147 -> 152, of
	 * which 103 + 147 leads to 255, 106 + 144 to 250 + 8 - 6, ...: 1004 to
	 * 1032 ms.
	 */
	tcp.user_timeout = SEC(1);
	predict_give_up(&got, &tcp);
	ck_assert_int_eq(got.timeout, SEC(1));
	ck_assert_uint_eq(got.retransmissions_min, 2);
	ck_assert_uint_eq(got.retransmissions_max, 2);
	assert_range(got.elapsed, MSEC(204 + 1004), MSEC(208 + 1032));
	ck_assert_int_eq(last_round(&got)->interval, MSEC(588));

	/* Before 4.19 the user timeout does not shorten the RTO: 103 .. 110 and
	 * 204 -> 208 jiffies. */
	tcp.kernel = KERNEL_VERSION(4, 18, 0);
	predict_give_up(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_max, 2);
	assert_range(got.elapsed, MSEC(204 + 1244), MSEC(208 + 1272));
}
END_TEST

START_TEST(user_timeout_starts_at_the_first_retransmission)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* The first RTO elapses although the timeout is shorter. The next RTO
	 * of 408 ms is shortened to 100 ms, 25 jiffies, which take 26. */
	tcp.user_timeout = MSEC(100);
	predict_give_up(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 1);
	ck_assert_uint_eq(got.retransmissions_max, 1);
	assert_range(got.elapsed, MSEC(308), MSEC(312));
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

	/* 8 retries mean 102.2 s: 52.540 .. 54.584 s (as for the default above)
	 * are below, and 105.788 s above, after 8 retransmissions. */
	predict_orphan(&got, &tcp);
	ck_assert_int_eq(got.timeout, MSEC(102200));
	ck_assert_uint_eq(got.retransmissions_max, 8);
	assert_range(got.elapsed, MSEC(105788 + 204), MSEC(107832 + 208));

	/* RTOs: 204, 408, 816 ms, 1 s: 103 .. 110, 208, 250 -> 256 jiffies. From
	 * the RTO of 1 s on `alive` is false in tcp_write_timeout(): the timeout
	 * is that of 0 retries, 200 ms. */
	tcp.rto_max = SEC(1);
	predict_orphan(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_max, 3);
	ck_assert_int_eq(got.timeout, MSEC(200));
	assert_range(got.elapsed, MSEC(204 + 4 * 567), MSEC(208 + 4 * 574));
}
END_TEST

START_TEST(keepalive_lasts_as_many_intervals_as_probes)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* 7200 s up to a multiple of 131.072 s; from there 18750 -> 18944
	 * jiffies, nine times, are 681.984 s. */
	predict_keepalive(&got, &tcp);
	ck_assert_uint_eq(got.probes, 9);
	ck_assert_uint_eq(got.n_rounds, 10);
	assert_range(got.elapsed, MSEC(7881984), MSEC(7881984 + 131072));

	/* 2 s up to a multiple of 32 ms; 250 -> 256 jiffies, three times */
	tcp.keepalive_time = SEC(2);
	tcp.keepalive_intvl = SEC(1);
	tcp.keepalive_probes = 3;
	predict_keepalive(&got, &tcp);
	ck_assert_uint_eq(got.probes, 3);
	assert_range(got.elapsed, MSEC(2000 + 3072), MSEC(2032 + 3072));
	ck_assert_int_eq(got.rounds[0].kind, PREDICT_KEEPALIVE_PROBE);
	assert_range(got.rounds[0].at, SEC(2), MSEC(2032));
	assert_range(got.rounds[2].at, MSEC(2000 + 2048), MSEC(2032 + 2048));
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
	assert_range(got.elapsed, MSEC(3024), MSEC(3056));

	/* More probes than keepalive_probes: 501 .. 508 jiffies after the last
	 * activity, and every 256. 8 s are 2000, between 1781 .. 1788 and 2037. */
	tcp.user_timeout = SEC(8);
	predict_keepalive(&got, &tcp);
	ck_assert_uint_eq(got.probes, 6);
	assert_range(got.elapsed, MSEC(2000 + 6 * 1024), MSEC(2032 + 6 * 1024));

	/* 3050 ms are 763 jiffies, within 757 .. 764: one phase of eight ends. It
	 * is 763 or 764 jiffies after the activity. */
	tcp.user_timeout = MSEC(3050);
	predict_keepalive(&got, &tcp);
	ck_assert_uint_eq(got.probes, 2);
	ck_assert_uint_eq(got.n_rounds, 4);
	ck_assert(!got.rounds[1].certain);
	assert_range(got.rounds[1].at, MSEC(4 * 762), MSEC(4 * 764));
	assert_range(got.rounds[2].at, MSEC(4 * 756), MSEC(4 * 762));
	assert_range(got.rounds[3].at, MSEC(4 * 1012), MSEC(4 * 1018));
	assert_range(got.elapsed, MSEC(4 * 762), MSEC(4 * 1018));
}
END_TEST

START_TEST(fifteen_rounds_fit_without_doubling)
{
	struct predict_tcp tcp = near_peer(250);
	struct range rounds, end;

	/*
	 * A reverted round of 51 jiffies takes 51 or 52 in level 0: 14 of them
	 * take up to 728 jiffies, less than the 750 of the timeout; 15 take 765
	 * to 780.
	 */
	tcp.retries2 = 3;
	end = predict_reverted(&tcp, &rounds);
	assert_range(rounds, 15, 15);
	assert_range(end, MSEC(204 + 4 * 765), MSEC(208 + 4 * 780));
}
END_TEST

START_TEST(connect_with_linear_rounds)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/*
	 * RTOs: 1, 1, 1, 1, 1, 2, 4, 8, 16, 32 s; the end after 64 s more. In
	 * ticks after the one before the SYN, which was sent up to a tick later:
	 * 251 .. 258; 250 -> 256, four times: 1275 .. 1282; 500 -> 504: 1779 ..
	 * 1786. Level 2: 1000 leads to 2787 .. 2850; 2000 -> 2048, 4000 -> 4032:
	 * 8867 .. 8930. Level 3: 8000 leads to 16931 .. 17442; 16000 -> 16384:
	 * 33315 .. 33826.
	 */
	predict_connect(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 10);
	ck_assert_uint_eq(got.retransmissions_max, 10);
	assert_range(got.rounds[4].at, MSEC(4 * 1274), MSEC(4 * 1282));
	assert_range(got.rounds[5].at, MSEC(4 * 1778), MSEC(4 * 1786));
	assert_range(got.rounds[9].at, MSEC(4 * 16930), MSEC(4 * 17442));
	assert_range(got.elapsed, MSEC(4 * 33314), MSEC(4 * 33826));
}
END_TEST

START_TEST(connect_without_linear_rounds)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* Before 6.5: 1, 2, 4, 8, 16, 32 s and the end: 251 .. 258 ticks,
	 * 500 -> 504: 755 .. 762; 1000 leads to 1763 .. 1826; 2000 -> 2048,
	 * 4000 -> 4032: 7843 .. 7906; 8000 leads to 15907 .. 16418;
	 * 16000 -> 16384 */
	tcp.kernel = KERNEL_VERSION(6, 1, 0);
	predict_connect(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_max, 6);
	assert_range(got.rounds[5].at, MSEC(4 * 15906), MSEC(4 * 16418));
	assert_range(got.elapsed, MSEC(4 * 32290), MSEC(4 * 32802));
}
END_TEST

START_TEST(connect_can_time_out_within_the_linear_rounds)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* By count the end would follow 1 + 4 SYNs. But 1 retry means 1 + 2 s,
	 * which have elapsed since tcp_connect() at the third expiration: 251 ..
	 * 258 ticks, and twice 256. */
	tcp.syn_retries = 1;
	predict_connect(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 2);
	ck_assert_uint_eq(got.retransmissions_max, 2);
	assert_range(got.elapsed, MSEC(4 * 762), MSEC(4 * 770));

	/* 2 retries mean 7 s, 1750 ticks: more than the fifth expiration (1275
	 * .. 1282), less than the sixth. */
	tcp.syn_retries = 2;
	predict_connect(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 5);
	ck_assert_uint_eq(got.retransmissions_max, 5);
	assert_range(got.elapsed, MSEC(4 * 1778), MSEC(4 * 1786));
}
END_TEST

START_TEST(connect_with_user_timeout)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/*
	 * SYN retransmissions at 1, 2, 3 and 4 s. The fourth is 1019 .. 1026
	 * ticks after the one before tcp_connect(), at a multiple of 8. The RTO
	 * of 1 s is shortened to the rest of 1250 ticks, of which the SYN was
	 * sent up to one later: 224 -> 232 .. 232 -> 240, up to 1259 ticks. (In
	 * that case the SYN was sent at the end of its tick, so that the end is
	 * nearer to 5033 ms: the model does not relate the two.)
	 */
	tcp.user_timeout = SEC(5);
	predict_connect(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 4);
	ck_assert_uint_eq(got.retransmissions_max, 4);
	assert_range(got.elapsed, SEC(5), MSEC(4 * 1259));
}
END_TEST

START_TEST(connect_with_user_timeout_below_the_first_rto)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/*
	 * The first expiration, at 1 .. 1.032 s, still retransmits. No time
	 * remains, so the next timer is one jiffy, which takes two.
	 */
	tcp.user_timeout = MSEC(5);
	predict_connect(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 1);
	ck_assert_uint_eq(got.retransmissions_max, 1);
	assert_range(got.elapsed, MSEC(1008), MSEC(1040));
}
END_TEST

START_TEST(syn_ack_is_counted)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* 1, 2, 4, 8, 16 s, and the end after 32 s: as for connect() without
	 * linear rounds. */
	predict_syn_ack(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_max, 5);
	ck_assert_uint_eq(got.n_rounds, 6);
	assert_range(got.rounds[4].at, MSEC(4 * 7842), MSEC(4 * 7906));
	assert_range(got.elapsed, MSEC(4 * 15906), MSEC(4 * 16418));
}
END_TEST

START_TEST(chain_rounds_up_once)
{
	const nsec_t timers[] = { SEC(1), SEC(1) };

	/* 251 .. 258 ticks, and 250 -> 256 */
	assert_range(predict_chain(timers, ARRAY_SIZE(timers), 250),
		     MSEC(4 * 506), MSEC(4 * 514));
}
END_TEST

START_TEST(unanswered_window_probes_are_counted)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* 51 jiffies take 52; 102 take 103 .. 110; 204 -> 208 */
	tcp.retries2 = 2;
	predict_zero_window(&got, &tcp, PREDICT_PEER_SILENT);
	ck_assert_uint_eq(got.probes, 2);
	ck_assert_int_eq(got.rounds[0].kind, PREDICT_WINDOW_PROBE);
	assert_range(got.rounds[0].at, MSEC(204), MSEC(208));
	assert_range(got.elapsed, MSEC(204 + 4 * 311), MSEC(208 + 4 * 318));

	/* 15 jiffies of 1/1024 s are no whole number of ns, and 15 << 13 is
	 * exactly 120 s: the orphan ends after 13 answered probes. */
	tcp.hz = 1024;
	tcp.rto = predict_nsec(15, 1024);
	tcp.retries2 = 15;
	predict_zero_window_orphan(&got, &tcp, PREDICT_PEER_ANSWERS);
	ck_assert_uint_eq(got.probes, 13);

	/* An orphan has 8, or tcp_orphan_retries. */
	tcp.orphan_retries = 1;
	predict_zero_window_orphan(&got, &tcp, PREDICT_PEER_SILENT);
	ck_assert_uint_eq(got.probes, 1);
}
END_TEST

START_TEST(answered_window_probes_end_by_user_timeout_only)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	predict_zero_window(&got, &tcp, PREDICT_PEER_ANSWERS);
	ck_assert_int_eq(got.elapsed.min, NSEC_NEVER);

	/* 250 jiffies after the first probe; the timer before is shortened to
	 * the rest, in level 1. */
	tcp.user_timeout = SEC(1);
	predict_zero_window(&got, &tcp, PREDICT_PEER_ANSWERS);
	ck_assert_uint_eq(got.probes, 2);
	ck_assert_int_ge(got.elapsed.min, MSEC(204 + 1000));
	ck_assert_int_le(got.elapsed.max, MSEC(208 + 1032 + 4));
}
END_TEST

START_TEST(dropped_retransmissions_count_from_the_send)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* In ticks after the one before the send: 52, 155 .. 162, 363 .. 370,
	 * 779 .. 786; 3 s are 750. */
	tcp.retries2 = 3;
	predict_dropped(&got, &tcp);
	ck_assert_uint_eq(got.retransmissions_min, 3);
	ck_assert_uint_eq(got.retransmissions_max, 3);
	assert_range(got.elapsed, MSEC(4 * 778), MSEC(4 * 786));
}
END_TEST

START_TEST(activity_with_the_timer_running_loses_the_phase)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction got;

	/* The timer that was running can expire in jiffy 500 after the activity,
	 * or is armed again in any level up to 1: 500 .. 508. Then 250 jiffies
	 * take 251 .. 258. */
	tcp.keepalive_time = SEC(2);
	tcp.keepalive_intvl = SEC(1);
	tcp.keepalive_probes = 1;
	predict_keepalive_activity(&got, &tcp);
	assert_range(got.rounds[0].at, MSEC(4 * 499), MSEC(4 * 508));
	assert_range(got.elapsed, MSEC(4 * 750), MSEC(4 * 766));
}
END_TEST

START_TEST(delays_add_up)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction exact, late;

	/* 250 -> 256 leaves six jiffies, which absorb a delay of five, but a
	 * delay of six costs eight. */
	tcp.syn_linear = 4;
	tcp.syn_retries = 1;
	predict_connect(&exact, &tcp);
	tcp.late = MSEC(20);
	predict_connect(&late, &tcp);
	ck_assert_int_eq(late.elapsed.max, exact.elapsed.max);
	tcp.late = MSEC(24);
	predict_connect(&late, &tcp);
	ck_assert_int_eq(late.elapsed.min, exact.elapsed.min);
	ck_assert_int_eq(late.elapsed.max, exact.elapsed.max + MSEC(2 * 32));
}
END_TEST

/*
 * A first RTO of 63 jiffies: the fourth is 504, the first length in level 2.
 * Its timer is armed by a callback, in which base->clk is one ahead, and so is in
 * level 1; in a callback that is late by a jiffy it is in level 2. The end, which
 * is in level 2 anyway, is hardly later.
 */
START_TEST(smallest_delay_can_add_a_granule_to_one_round)
{
	struct predict_tcp tcp = near_peer(250);
	struct prediction exact, late;

	tcp.rto = MSEC(252);
	tcp.retries2 = 4;
	predict_give_up(&exact, &tcp);
	tcp.late = MSEC(4);
	predict_give_up(&late, &tcp);
	ck_assert_int_lt(late.elapsed.max - exact.elapsed.max, MSEC(64));
	ck_assert_int_ge(predict_delay_effect(&exact, &late),
			 MSEC(4 * (64 - 8)));
	ck_assert_int_lt(predict_delay_effect(&exact, &late), MSEC(4 * 64));
	ck_assert_int_eq(predict_delay_effect(&exact, &exact), 0);
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
	&four_retries_are_four_retransmissions_at_250_hz,
	&phase_decides_about_a_round_at_1000_hz,
	&five_retries_are_five_retransmissions,
	&zero_retries_send_once,
	&large_rtt_means_fewer_retransmissions,
	&exact_200_ms_is_deterministic,
	&loss_probe_delays_the_first_rto,
	&loss_probe_follows_stable_releases,
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
	&chain_rounds_up_once,
	&unanswered_window_probes_are_counted,
	&answered_window_probes_end_by_user_timeout_only,
	&dropped_retransmissions_count_from_the_send,
	&activity_with_the_timer_running_loses_the_phase,
	&delays_add_up,
	&smallest_delay_can_add_a_granule_to_one_round,
	&defaults_follow_the_kernel,
};

int main(void)
{
	return unit_run("predict", tests, ARRAY_SIZE(tests), NULL);
}
