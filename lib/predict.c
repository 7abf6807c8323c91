/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Modelled on net/ipv4/tcp_timer.c, tcp_output.c, tcp_input.c,
 * inet_connection_sock.c and kernel/time/timer.c of Linux 6.12 and 7.2; each
 * step below names its function.
 *
 * A round is one expiry of a timer. The elapsed time that the kernel compares
 * with its timeout is an interval here. Where the whole interval is below the
 * timeout, the connection continues; where it is at or above, the kernel gives
 * up. An interval that contains the timeout leads to both: the list of rounds
 * has the end first and then the retransmission, each with its part of the
 * interval.
 *
 * Not modelled: pacing (tcp_pacing_delay() moves a timer), thin streams
 * (tcp_thin_linear_timeouts), a retransmission that the local host drops
 * (TCP_RESOURCE_PROBE_INTERVAL instead of the RTO), ICMP errors, microsecond
 * timestamps (tcp_usec_ts), memory pressure on orphans, BPF; the timer wheel
 * before 4.8, and SYN_SENT with a user timeout before 5.4.
 */
#include "predict.h"

#include <assert.h>
#include <linux/version.h>

#include "macro.h"

struct range range_add(struct range a, struct range b)
{
	return (struct range){
		.min = nsec_add(a.min, b.min),
		.max = nsec_add(a.max, b.max),
	};
}

/* --- the wheel ---------------------------------------------------------- */

/* msecs_to_jiffies(), usecs_to_jiffies(): a remainder counts as one jiffy. */
unsigned long predict_jiffies(nsec_t nsec, unsigned int hz)
{
	nsec_t rest = nsec % NSEC_PER_SEC * hz;

	return (unsigned long)(nsec / NSEC_PER_SEC * hz +
			       (rest + NSEC_PER_SEC - 1) / NSEC_PER_SEC);
}

nsec_t predict_nsec(unsigned long jiffies, unsigned int hz)
{
	return SEC(jiffies / hz) + SEC(jiffies % hz) / hz;
}

static nsec_t whole_jiffies(nsec_t nsec, unsigned int hz)
{
	return predict_nsec(predict_jiffies(nsec, hz), hz);
}

/*
 * calc_wheel_index(): level n begins at LVL_START(n), which is 63 buckets of
 * level n - 1, not 64: a few jiffies earlier than in the table at the head of
 * timer.c. Each level is eight times coarser than the one before.
 */
nsec_t predict_granule(nsec_t timer, unsigned int hz)
{
	unsigned long jiffies = predict_jiffies(timer, hz);
	unsigned int depth = hz > 100 ? 9 : 8; /* LVL_DEPTH */
	unsigned int level = 0;

	while (level + 1 < depth && jiffies >= 63UL << (3 * level))
		level++;
	return predict_nsec(1UL << (3 * level), hz);
}

/*
 * calc_index() uses the bucket AFTER the one that contains `expires`. A timer
 * armed within a jiffy expires at a tick: later than its jiffies, and at most a
 * granule later.
 */
struct range predict_timer(nsec_t timer, unsigned int hz)
{
	nsec_t armed = whole_jiffies(timer, hz);

	return (struct range){
		.min = armed,
		.max = nsec_add(armed, predict_granule(armed, hz)),
	};
}

/* --- initial values ------------------------------------------------------ */

struct predict_tcp predict_defaults(unsigned int hz, unsigned int kernel)
{
	/* tcp_sk_init(), and the constants of include/net/tcp.h */
	return (struct predict_tcp){
		.hz = hz,
		.kernel = kernel,
		.rto_min = MSEC(200),
		.rto_max = SEC(120),
		.tail_loss_probe = true,
		.packets_out = 1,
		.retries2 = 15,
		.keepalive_time = SEC(7200),
		.keepalive_intvl = SEC(75),
		.keepalive_probes = 9,
		.syn_retries = 6,
		.syn_linear = kernel >= KERNEL_VERSION(6, 5, 0) ? 4 : 0,
		.synack_retries = 5,
	};
}

/* tcp_rto_max() since 6.15, TCP_RTO_MAX before. */
static nsec_t rto_max(const struct predict_tcp *tcp)
{
	if (tcp->kernel < KERNEL_VERSION(6, 15, 0))
		return SEC(120);
	return whole_jiffies(tcp->rto_max, tcp->hz);
}

static unsigned int syn_linear(const struct predict_tcp *tcp)
{
	return tcp->kernel < KERNEL_VERSION(6, 5, 0) ? 0 : tcp->syn_linear;
}

/*
 * tcpi_rttvar is mdev_us / 4, but __tcp_set_rto() adds rttvar_us, which
 * tcp_rtt_estimator() keeps at the recent maximum of mdev_us and never below
 * tcp_rto_min_us(). The result is exact for a steady path and too low for a
 * while after the RTT jumps. Where icsk_rto itself (tcpi_rto) is known, it is
 * used.
 */
nsec_t predict_rto(const struct predict_tcp *tcp)
{
	nsec_t rto_min = whole_jiffies(tcp->rto_min, tcp->hz);
	nsec_t rto = tcp->rtt + MAX(4 * tcp->rttvar, rto_min);

	/* A timer of 0 jiffies takes one: calc_index(). */
	rto = MAX(whole_jiffies(rto, tcp->hz), predict_nsec(1, tcp->hz));
	return MIN(rto, rto_max(tcp));
}

static nsec_t first_rto(const struct predict_tcp *tcp)
{
	if (!tcp->rto)
		return predict_rto(tcp);
	return MIN(whole_jiffies(tcp->rto, tcp->hz), rto_max(tcp));
}

nsec_t predict_model_timeout(unsigned int retries, nsec_t rto_base,
			     nsec_t rto_max, unsigned int hz)
{
	uint64_t base = predict_jiffies(rto_base, hz);
	uint64_t max = predict_jiffies(rto_max, hz);
	unsigned int doublings = 0; /* linear_backoff_thresh */
	uint64_t jiffies;

	assert(base > 0);
	while (max / base >> (doublings + 1))
		doublings++;

	if (retries <= doublings)
		jiffies = ((UINT64_C(2) << retries) - 1) * base;
	else
		jiffies = ((UINT64_C(2) << doublings) - 1) * base +
			  (retries - doublings) * max;

	return MSEC((jiffies * 1000 + hz - 1) / hz); /* jiffies_to_msecs() */
}

/* --- rounds ------------------------------------------------------------- */

/* The last two entries are reserved for the ends. */
static void add_round(struct prediction *ret, struct predict_round round)
{
	size_t room = PREDICT_ROUNDS_MAX;

	if (round.kind != PREDICT_GIVE_UP)
		room -= 2;
	if (ret->n_rounds < room)
		ret->rounds[ret->n_rounds++] = round;
}

static void add_end(struct prediction *ret, struct predict_round round)
{
	if (ret->elapsed.max == 0)
		ret->elapsed.min = round.at.min;
	ret->elapsed.max = round.at.max;
	add_round(ret, round);
}

enum outcome { GOES_ON, EITHER, GIVES_UP };

/* For which retransmits_timed_out() is called. */
enum stage { STAGE_SYN_SENT, STAGE_OPEN, STAGE_ORPHAN };

/* A socket whose retransmission timer has just expired. */
struct walk {
	struct prediction *ret;
	const struct predict_tcp *tcp;
	enum stage stage;
	nsec_t rto;		  /* icsk_rto */
	nsec_t interval;	  /* the expired timer: rto, or clamped */
	unsigned int retransmits; /* icsk_retransmits */
	struct range clock;   /* retrans_stamp, since the first transmission */
	struct range elapsed; /* since retrans_stamp */
	bool clamped; /* the timer was shortened to end at user_timeout */
};

/*
 * The kernel measures elapsed time with the clock of TCP timestamps, which
 * counts whole milliseconds (tcp_time_stamp_ts()): the difference may be up to
 * one millisecond too large, and is never below the elapsed whole milliseconds.
 */
static const nsec_t TRUNCATION = MSEC(1);

/* tcp_orphan_retries() */
static unsigned int orphan_retries(const struct walk *walk)
{
	bool alive = walk->rto < rto_max(walk->tcp);

	if (walk->tcp->orphan_retries == 0 && alive)
		return 8;
	return walk->tcp->orphan_retries;
}

/* The timeout in retransmits_timed_out(). Its base is TCP_RTO_MIN even where
 * tcp_rto_min_us differs. */
static nsec_t walk_timeout(const struct walk *walk)
{
	const struct predict_tcp *tcp = walk->tcp;
	nsec_t base = predict_nsec(tcp->hz / 5, tcp->hz);
	unsigned int retries = 0;

	if (tcp->user_timeout)
		return tcp->user_timeout;

	switch (walk->stage) {
	case STAGE_SYN_SENT:
		base = SEC(1); /* tcp_timeout_init() */
		retries = tcp->syn_retries;
		break;
	case STAGE_OPEN:
		retries = tcp->retries2;
		break;
	case STAGE_ORPHAN:
		retries = orphan_retries(walk);
		break;
	}
	return predict_model_timeout(retries, base, rto_max(tcp), tcp->hz);
}

/* tcp_write_timeout() */
static enum outcome walk_outcome(const struct walk *walk)
{
	const struct predict_tcp *tcp = walk->tcp;
	nsec_t timeout = walk_timeout(walk);

	/* For a SYN the count is checked first. It includes the linear rounds,
	 * the timeout does not, so the timeout can end it earlier. */
	if (walk->stage == STAGE_SYN_SENT &&
	    walk->retransmits >= tcp->syn_retries + syn_linear(tcp))
		return GIVES_UP;

	/* retransmits_timed_out(): the first expiry always retransmits. */
	if (walk->retransmits == 0)
		return GOES_ON;
	if (walk->clamped || walk->elapsed.min >= timeout)
		return GIVES_UP;
	return walk->elapsed.max > timeout - TRUNCATION ? EITHER : GOES_ON;
}

/* tcp_write_err() */
static void walk_give_up(const struct walk *walk, enum outcome outcome,
			 bool certain)
{
	struct prediction *ret = walk->ret;
	struct range elapsed = walk->elapsed;
	bool first_end = ret->elapsed.max == 0;

	ret->timeout = walk_timeout(walk);
	if (outcome == EITHER)
		elapsed.min = MAX(elapsed.min, ret->timeout - TRUNCATION);

	if (first_end)
		ret->retransmissions_min = walk->retransmits;
	ret->retransmissions_max = walk->retransmits;
	add_end(ret, (struct predict_round){
			     .kind = PREDICT_GIVE_UP,
			     .interval = walk->interval,
			     .at = range_add(walk->clock, elapsed),
			     .certain = certain,
		     });
}

/* tcp_retransmit_timer(), from tcp_update_rto_stats() on */
static void walk_retransmit(struct walk *walk, bool certain)
{
	const struct predict_tcp *tcp = walk->tcp;

	add_round(walk->ret,
		  (struct predict_round){
			  .kind = PREDICT_RETRANSMISSION,
			  .interval = walk->interval,
			  .at = range_add(walk->clock, walk->elapsed),
			  .certain = certain,
		  });
	walk->retransmits++;

	/* The first tcp_syn_linear_timeouts SYNs do not double the RTO. */
	if (walk->stage != STAGE_SYN_SENT ||
	    walk->retransmits > syn_linear(tcp))
		walk->rto = MIN(2 * walk->rto, rto_max(tcp));
}

static nsec_t floor_msec(nsec_t nsec)
{
	return nsec - nsec % MSEC(1);
}

/*
 * tcp_clamp_rto_to_user_timeout(), since 4.19: the timer is shortened to the
 * remainder of the user timeout, so that the next expiry ends the connection.
 * If no time remains, because the first expiry always retransmits, it is one
 * jiffy.
 */
static struct range walk_clamp(struct walk *walk, struct range next)
{
	const struct predict_tcp *tcp = walk->tcp;
	nsec_t timeout = tcp->user_timeout;
	nsec_t left = MAX(timeout - floor_msec(walk->elapsed.min), MSEC(1));
	nsec_t timer = whole_jiffies(left, tcp->hz);
	struct range soonest = range_add(walk->elapsed,
					 predict_timer(1, tcp->hz));
	nsec_t latest;

	walk->clamped = timer <= walk->rto;
	walk->interval = MIN(timer, walk->rto);
	if (walk->elapsed.max == 0) /* the first round: no truncation */
		return predict_timer(walk->interval, tcp->hz);

	/* elapsed + (timeout - elapsed in whole ms), in whole jiffies */
	latest = timeout + TRUNCATION + predict_nsec(1, tcp->hz) +
		 predict_granule(walk->interval, tcp->hz);
	return (struct range){
		.min = MAX(MIN(next.min, timeout - TRUNCATION), soonest.min),
		.max = MAX(MIN(next.max, latest), soonest.max),
	};
}

/* tcp_reset_xmit_timer(), up to the next expiry */
static void walk_to_next(struct walk *walk)
{
	const struct predict_tcp *tcp = walk->tcp;
	struct range next;

	walk->interval = walk->rto;
	next = range_add(walk->elapsed, predict_timer(walk->rto, tcp->hz));
	if (tcp->user_timeout && tcp->kernel >= KERNEL_VERSION(4, 19, 0))
		next = walk_clamp(walk, next);
	walk->elapsed = next;
}

/* From the first expiry of the retransmission timer to the end. */
static void walk_rounds(struct walk *walk)
{
	bool certain = true;

	for (;;) {
		enum outcome outcome = walk_outcome(walk);

		if (outcome != GOES_ON)
			walk_give_up(walk, outcome,
				     certain && outcome == GIVES_UP);
		if (outcome == GIVES_UP)
			return;
		if (outcome == EITHER) {
			certain = false;
			walk->elapsed.max =
				MIN(walk->elapsed.max, walk_timeout(walk));
		}
		walk_retransmit(walk, certain);
		walk_to_next(walk);
	}
}

/* tcp_schedule_loss_probe() */
static nsec_t probe_timeout(const struct predict_tcp *tcp, nsec_t rto)
{
	nsec_t jiffy = predict_nsec(1, tcp->hz);
	nsec_t timeout = 2 * tcp->rtt;

	if (tcp->packets_out <= 1)
		timeout += whole_jiffies(tcp->rto_min, tcp->hz);
	else if (tcp->kernel >= KERNEL_VERSION(6, 6, 0))
		timeout += MSEC(2); /* TCP_TIMEOUT_MIN_US */
	else
		timeout = whole_jiffies(timeout, tcp->hz) + 2 * jiffy;

	return MIN(whole_jiffies(timeout, tcp->hz), rto);
}

static void predict_data(struct prediction *ret, const struct predict_tcp *tcp,
			 enum stage stage)
{
	struct walk walk = {
		.ret = ret,
		.tcp = tcp,
		.stage = stage,
		.rto = first_rto(tcp),
	};

	*ret = (struct prediction){ 0 };
	if (tcp->tail_loss_probe) {
		nsec_t timer = probe_timeout(tcp, walk.rto);

		walk.clock = predict_timer(timer, tcp->hz);
		ret->probes = 1;
		add_round(ret, (struct predict_round){
				       .kind = PREDICT_TAIL_LOSS_PROBE,
				       .interval = timer,
				       .at = walk.clock,
				       .certain = true,
			       });
	}

	/*
	 * tcp_send_loss_probe() clears the pending timer before
	 * tcp_rearm_rto(), so that the full RTO starts again. It sends with
	 * __tcp_retransmit_skb(), which does not set retrans_stamp;
	 * tcp_retransmit_skb() sets it at the first RTO.
	 */
	walk.interval = walk.rto;
	walk.clock = range_add(walk.clock, predict_timer(walk.rto, tcp->hz));
	walk_rounds(&walk);
}

void predict_give_up(struct prediction *ret, const struct predict_tcp *tcp)
{
	predict_data(ret, tcp, STAGE_OPEN);
}

/* The remainder of a reverted timer is rounded down to a jiffy. */
struct range predict_reverted(const struct prediction *prediction,
			      const struct predict_tcp *tcp,
			      struct range *ret_rounds)
{
	struct range clock = prediction->rounds[prediction->probes].at;
	struct range rto = predict_timer(first_rto(tcp), tcp->hz);
	nsec_t timeout = prediction->timeout;

	rto.min -= predict_nsec(1, tcp->hz);
	ret_rounds->min = (timeout + rto.max - 1) / rto.max;
	ret_rounds->max = (timeout + rto.min - 1) / rto.min;
	return (struct range){ clock.min + timeout - TRUNCATION,
			       clock.max + timeout + rto.max };
}

void predict_orphan(struct prediction *ret, const struct predict_tcp *tcp)
{
	predict_data(ret, tcp, STAGE_ORPHAN);
}

void predict_connect(struct prediction *ret, const struct predict_tcp *tcp)
{
	struct walk walk = {
		.ret = ret,
		.tcp = tcp,
		.stage = STAGE_SYN_SENT,
		.rto = SEC(1), /* tcp_connect_init(): TCP_TIMEOUT_INIT */
		.interval = SEC(1),
		/* tcp_connect() sets retrans_stamp when it sends the first SYN,
		 * and tcp_clean_rtx_queue() clears it when the SYN is
		 * acknowledged: only here does the elapsed time start before
		 * any retransmission. */
		.elapsed = predict_timer(SEC(1), tcp->hz),
	};

	*ret = (struct prediction){ 0 };
	walk_rounds(&walk);
}

/*
 * reqsk_timer_handler() and syn_ack_recalc(): a count. (The limit is lower when
 * the SYN queue is more than half full; TCP_DEFER_ACCEPT waits for data.)
 */
void predict_syn_ack(struct prediction *ret, const struct predict_tcp *tcp)
{
	struct predict_round round = {
		.kind = PREDICT_RETRANSMISSION,
		.interval = SEC(1), /* req->timeout: TCP_TIMEOUT_INIT */
		.certain = true,
	};

	*ret = (struct prediction){
		.retransmissions_min = tcp->synack_retries,
		.retransmissions_max = tcp->synack_retries,
	};
	for (unsigned int i = 0; i < tcp->synack_retries; i++) {
		round.at = range_add(round.at,
				     predict_timer(round.interval, tcp->hz));
		add_round(ret, round);
		/* reqsk_timeout() */
		round.interval = MIN(2 * round.interval, rto_max(tcp));
	}
	round.kind = PREDICT_GIVE_UP;
	round.at = range_add(round.at, predict_timer(round.interval, tcp->hz));
	add_end(ret, round);
}

/* --- keepalive ---------------------------------------------------------- */

/*
 * tcp_keepalive_timer(). keepalive_time_elapsed() counts jiffies, as `at` does,
 * so nothing is truncated. With a user timeout the number of probes is not
 * checked (dca43c75e7e5), but at least one must have been sent.
 */
static enum outcome keepalive_outcome(const struct predict_tcp *tcp,
				      struct range at, unsigned int probes)
{
	nsec_t timeout = whole_jiffies(tcp->user_timeout, tcp->hz);

	if (timeout == 0)
		return probes >= tcp->keepalive_probes ? GIVES_UP : GOES_ON;
	if (probes == 0 || at.max < timeout)
		return GOES_ON;
	return at.min >= timeout ? GIVES_UP : EITHER;
}

static void keepalive_give_up(struct prediction *ret,
			      const struct predict_tcp *tcp,
			      struct predict_round round, enum outcome outcome)
{
	if (outcome == EITHER) {
		/* The kernel counts from the start of the jiffy of the last
		 * activity. */
		nsec_t earliest = ret->timeout - predict_nsec(1, tcp->hz);

		round.at.min = MAX(round.at.min, earliest);
		round.certain = false;
	}
	round.kind = PREDICT_GIVE_UP;
	add_end(ret, round);
}

void predict_keepalive(struct prediction *ret, const struct predict_tcp *tcp)
{
	struct predict_round round = {
		.kind = PREDICT_KEEPALIVE_PROBE,
		.interval = tcp->keepalive_time,
		.certain = true,
	};

	*ret = (struct prediction){
		.timeout = whole_jiffies(tcp->user_timeout, tcp->hz),
	};
	for (;;) {
		enum outcome outcome;

		/* A timer of 0 jiffies takes one: calc_index(). */
		round.interval = MAX(whole_jiffies(round.interval, tcp->hz),
				     predict_nsec(1, tcp->hz));
		round.at = range_add(round.at,
				     predict_timer(round.interval, tcp->hz));

		outcome = keepalive_outcome(tcp, round.at, ret->probes);
		if (outcome != GOES_ON)
			keepalive_give_up(ret, tcp, round, outcome);
		if (outcome == GIVES_UP)
			return;
		if (outcome == EITHER) {
			round.certain = false;
			round.at.max = MIN(round.at.max, ret->timeout);
		}
		add_round(ret, round);
		ret->probes++;
		round.interval = tcp->keepalive_intvl;
	}
}
