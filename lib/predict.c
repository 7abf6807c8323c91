/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Modelled on net/ipv4/tcp_timer.c, tcp_output.c, tcp_input.c, tcp_ipv4.c and
 * inet_connection_sock.c of Linux 5.10 to 7.3; each step below names its
 * function. wheel.h has the timer wheel.
 *
 * A round is one expiry of a timer. The wheel holds the set of all moments at
 * which it can happen, for all phases of the wheel. Each comparison with a
 * timeout divides this set: the moments that end the connection become an end of
 * the prediction, and the others continue. So a round is certain when no phase
 * of the wheel ends the connection before it, and every end is possible.
 *
 * Where the kernel compares, it subtracts a clock from the present: the tick of
 * an earlier expiry (retrans_stamp, icsk_probes_tstamp), or a point between two
 * ticks, when a system call started it (connect(), the last activity before
 * keepalive). `since` is the distance in ticks, and struct clock has the rest.
 *
 * Not modelled: pacing (tcp_pacing_delay() moves a timer), thin streams
 * (tcp_thin_linear_timeouts), a retransmission that the local host drops
 * (TCP_RESOURCE_PROBE_INTERVAL instead of the RTO), ICMP errors other than those
 * of predict_reverted(), microsecond timestamps (tcp_usec_ts), a window that
 * shrinks to zero while data is in flight (tcp_rtx_probe0_timed_out()), memory
 * pressure on orphans, BPF; SYN_SENT with a user timeout before 5.4.
 */
#include "predict.h"

#include <assert.h>
#include <linux/version.h>

#include "macro.h"
#include "message.h"
#include "wheel.h"

struct range range_add(struct range a, struct range b)
{
	return (struct range){
		.min = nsec_add(a.min, b.min),
		.max = nsec_add(a.max, b.max),
	};
}

const char *predict_round_text(enum predict_round_kind kind)
{
	switch (kind) {
	case PREDICT_TAIL_LOSS_PROBE:
		return R_("tail loss probe");
	case PREDICT_RETRANSMISSION:
		return R_("retransmission");
	case PREDICT_KEEPALIVE_PROBE:
		return R_("keepalive probe");
	case PREDICT_WINDOW_PROBE:
		return R_("window probe");
	case PREDICT_GIVE_UP:
		return R_("give up");
	}
	return "?";
}

/* --- time ---------------------------------------------------------------- */

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

/* The clock advances by TICK_NSEC a tick, which is a fraction of a nanosecond
 * less or more than 1/HZ s: tick_do_update_jiffies64(). */
static nsec_t tick_nsec(unsigned int hz)
{
	return (NSEC_PER_SEC + hz / 2) / hz;
}

nsec_t predict_granule(nsec_t timer, unsigned int hz)
{
	int64_t jiffies = (int64_t)predict_jiffies(timer, hz);
	unsigned int level = wheel_level(jiffies, hz);

	return predict_nsec(1UL << (3 * level), hz);
}

/* From a point between two ticks, `since` ticks before the expiry. */
static struct range from_between_ticks(struct wheel_span since,
				       unsigned int hz)
{
	return (struct range){
		.min = (since.min - 1) * tick_nsec(hz),
		.max = since.max * tick_nsec(hz),
	};
}

static struct range all_from_between_ticks(const struct wheel *wheel)
{
	struct wheel_span since = { 0 };

	wheel_since(wheel, 0, INT64_MAX, &since);
	return from_between_ticks(since, wheel->hz);
}

struct range predict_chain(const nsec_t *timers, size_t n, unsigned int hz)
{
	enum wheel_context context = WHEEL_BETWEEN_TICKS;
	struct wheel wheel;

	wheel_init(&wheel, hz, 0);
	for (size_t i = 0; i < n; i++) {
		wheel_pass(&wheel, (int64_t)predict_jiffies(timers[i], hz),
			   context);
		context = WHEEL_CALLBACK;
	}
	return all_from_between_ticks(&wheel);
}

struct range predict_timer(nsec_t timer, unsigned int hz)
{
	return predict_chain(&timer, 1, hz);
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

static int64_t jiffies_of(const struct predict_tcp *tcp, nsec_t nsec)
{
	return (int64_t)predict_jiffies(nsec, tcp->hz);
}

static int64_t late_ticks(const struct predict_tcp *tcp)
{
	return tcp->late / tick_nsec(tcp->hz);
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

/* --- clocks --------------------------------------------------------------- */

/* What the kernel's clock of a comparison adds to the tick of its moment. */
struct clock {
	nsec_t after_max; /* started at most so long after the tick */
};

static struct clock clock_between_ticks(const struct predict_tcp *tcp)
{
	return (struct clock){ tick_nsec(tcp->hz) - 1 };
}

static struct clock clock_at_tick(const struct predict_tcp *tcp)
{
	return (struct clock){ tcp->late };
}

/* The elapsed time at an expiry `since` ticks after the clock's tick. */
static struct range elapsed_at(const struct predict_tcp *tcp,
			       struct clock clock, int64_t since)
{
	nsec_t nominal = since * tick_nsec(tcp->hz);

	return (struct range){ nominal - clock.after_max, nominal + tcp->late };
}

/*
 * TCP timestamps count whole milliseconds (tcp_time_stamp_ts()): the difference
 * of two is the elapsed time, rounded down or up.
 */
static nsec_t floor_msec(nsec_t nsec)
{
	return nsec - nsec % MSEC(1);
}

static nsec_t ceil_msec(nsec_t nsec)
{
	return floor_msec(nsec + MSEC(1) - 1);
}

/* The distances at which a timeout can be over, and can be not. They overlap
 * where truncation or lateness decides. */
struct bounds {
	int64_t over_from, under_until;
};

/* Far from overflow. */
static const struct bounds never_over = { INT64_MAX / 2, INT64_MAX / 2 };
static const struct bounds always_over = { 0, -1 };

/* Compared as timestamps in milliseconds: retransmits_timed_out(). */
static struct bounds bounds_in_msec(const struct predict_tcp *tcp,
				    struct clock clock, nsec_t timeout)
{
	nsec_t tick = tick_nsec(tcp->hz);
	nsec_t over = timeout - MSEC(1) - tcp->late; /* more than this */
	nsec_t under = timeout + clock.after_max;    /* less than this */

	return (struct bounds){
		.over_from = over < 0 ? 0 : over / tick + 1,
		.under_until = (under - 1) / tick,
	};
}

/* Compared in jiffies: tcp_keepalive_timer(), tcp_probe_timer(). */
static struct bounds bounds_in_jiffies(const struct predict_tcp *tcp,
				       int64_t timeout, int64_t clock_late)
{
	return (struct bounds){
		.over_from = timeout - late_ticks(tcp),
		.under_until = timeout - 1 + clock_late,
	};
}

/* --- rounds --------------------------------------------------------------- */

/* The set of all states of a connection whose timer has just expired. */
struct walk {
	struct prediction *ret;
	const struct predict_tcp *tcp;
	struct wheel wheel;
	struct clock clock;
	struct range lead; /* from the beginning to the tick of the clock */
	nsec_t interval;   /* the expired timer */
	bool certain;	   /* no phase has ended before */
};

static void walk_init(struct walk *ret, struct prediction *prediction,
		      const struct predict_tcp *tcp)
{
	*prediction = (struct prediction){ 0 };
	ret->ret = prediction;
	ret->tcp = tcp;
	wheel_init(&ret->wheel, tcp->hz, late_ticks(tcp));
	ret->clock = clock_between_ticks(tcp);
	ret->lead = (struct range){ -tick_nsec(tcp->hz), 0 };
	ret->interval = 0;
	ret->certain = true;
}

static void walk_timer(struct walk *walk, nsec_t timer,
		       enum wheel_context context)
{
	walk->interval = timer;
	wheel_pass(&walk->wheel, jiffies_of(walk->tcp, timer), context);
}

static struct range walk_at(const struct walk *walk, struct wheel_span since)
{
	nsec_t tick = tick_nsec(walk->tcp->hz);

	return (struct range){ walk->lead.min + since.min * tick,
			       walk->lead.max + since.max * tick };
}

static struct range walk_now(const struct walk *walk)
{
	struct wheel_span since = { 0 };

	wheel_since(&walk->wheel, 0, INT64_MAX, &since);
	return walk_at(walk, since);
}

/* The clock starts at this expiry. */
static void walk_start_clock(struct walk *walk)
{
	walk->lead = walk_now(walk);
	walk->clock = clock_at_tick(walk->tcp);
	wheel_start_clock(&walk->wheel);
}

/* The last two entries are reserved for the ends. */
static void walk_record(struct walk *walk, enum predict_round_kind kind,
			struct range at, bool certain)
{
	struct prediction *ret = walk->ret;
	size_t room = PREDICT_ROUNDS_MAX;

	if (kind != PREDICT_GIVE_UP)
		room -= 2;
	if (ret->n_rounds < room)
		ret->rounds[ret->n_rounds++] = (struct predict_round){
			.kind = kind,
			.interval = walk->interval,
			.at = at,
			.certain = certain,
		};
}

static void walk_round(struct walk *walk, enum predict_round_kind kind)
{
	walk_record(walk, kind, walk_now(walk), walk->certain);
}

static void walk_end(struct walk *walk, struct range at, bool certain,
		     unsigned int retransmissions)
{
	struct prediction *ret = walk->ret;
	bool first = ret->elapsed.max == 0;

	ret->elapsed.min = first ? at.min : MIN(ret->elapsed.min, at.min);
	ret->elapsed.max = MAX(ret->elapsed.max, at.max);
	if (first)
		ret->retransmissions_min = retransmissions;
	ret->retransmissions_max = retransmissions;
	walk_record(walk, PREDICT_GIVE_UP, at, certain && walk->certain);
}

/* Ends the moments for which the timeout is over; false if no other is left. */
static bool walk_survives(struct walk *walk, struct bounds bounds,
			  unsigned int retransmissions)
{
	struct wheel_span over, under;
	bool ends, lives;

	ends = wheel_since(&walk->wheel, bounds.over_from, INT64_MAX, &over);
	lives = wheel_since(&walk->wheel, 0, bounds.under_until, &under);
	if (ends) {
		walk_end(walk, walk_at(walk, over), !lives, retransmissions);
		walk->certain = false;
	}
	if (lives)
		wheel_keep(&walk->wheel, bounds.under_until);
	return lives;
}

/* --- retransmission -------------------------------------------------------- */

/* For which retransmits_timed_out() is called. */
enum stage { STAGE_SYN_SENT, STAGE_OPEN, STAGE_ORPHAN };

/* A socket whose retransmission timer has just expired. */
struct retransmission {
	struct walk walk;
	enum stage stage;
	nsec_t rto;		  /* icsk_rto */
	unsigned int retransmits; /* icsk_retransmits */
};

/* tcp_orphan_retries() */
static unsigned int orphan_retries(const struct predict_tcp *tcp, bool alive)
{
	return tcp->orphan_retries == 0 && alive ? 8 : tcp->orphan_retries;
}

/* The timeout in retransmits_timed_out(). Its base is TCP_RTO_MIN even where
 * tcp_rto_min_us differs. */
static nsec_t give_up_timeout(const struct retransmission *data)
{
	const struct predict_tcp *tcp = data->walk.tcp;
	nsec_t base = predict_nsec(tcp->hz / 5, tcp->hz);
	unsigned int retries = 0;

	if (tcp->user_timeout)
		return tcp->user_timeout;

	switch (data->stage) {
	case STAGE_SYN_SENT:
		base = SEC(1); /* tcp_timeout_init() */
		retries = tcp->syn_retries;
		break;
	case STAGE_OPEN:
		retries = tcp->retries2;
		break;
	case STAGE_ORPHAN:
		retries = orphan_retries(tcp, data->rto < rto_max(tcp));
		break;
	}
	return predict_model_timeout(retries, base, rto_max(tcp), tcp->hz);
}

/* tcp_write_timeout(); false if the connection ends for all phases. */
static bool write_timeout(struct retransmission *data)
{
	struct walk *walk = &data->walk;
	const struct predict_tcp *tcp = walk->tcp;
	nsec_t timeout = give_up_timeout(data);
	struct bounds bounds = bounds_in_msec(tcp, walk->clock, timeout);

	/* retransmits_timed_out(): the first expiry always retransmits. */
	if (data->retransmits == 0)
		bounds = never_over;
	/* For a SYN the count is checked first. It includes the linear rounds,
	 * the timeout does not, so the timeout can end it earlier. */
	if (data->stage == STAGE_SYN_SENT &&
	    data->retransmits >= tcp->syn_retries + syn_linear(tcp))
		bounds = always_over;

	walk->ret->timeout = timeout;
	return walk_survives(walk, bounds, data->retransmits);
}

/* tcp_retransmit_timer(), from tcp_update_rto_stats() on */
static void retransmit(struct retransmission *data)
{
	const struct predict_tcp *tcp = data->walk.tcp;

	walk_round(&data->walk, PREDICT_RETRANSMISSION);
	data->retransmits++;

	/* The first tcp_syn_linear_timeouts SYNs do not double the RTO. */
	if (data->stage != STAGE_SYN_SENT ||
	    data->retransmits > syn_linear(tcp))
		data->rto = MIN(whole_jiffies(2 * data->rto, tcp->hz),
				rto_max(tcp));
}

/*
 * tcp_clamp_rto_to_user_timeout(), since 4.19: the timer is shortened to the
 * remainder of the user timeout, so that the next expiry ends the connection.
 * If no time remains, because the first expiry always retransmits, it is one
 * jiffy.
 */
static int64_t clamped_rto(const struct retransmission *data, nsec_t elapsed)
{
	const struct predict_tcp *tcp = data->walk.tcp;
	nsec_t remaining = tcp->user_timeout - elapsed;

	if (remaining <= 0)
		return 1;
	return MIN(jiffies_of(tcp, data->rto), jiffies_of(tcp, remaining));
}

static struct wheel_span clamped_rto_at(void *arg, int64_t since)
{
	struct retransmission *data = arg;
	struct walk *walk = &data->walk;
	struct range elapsed = elapsed_at(walk->tcp, walk->clock, since);
	struct wheel_span span = {
		.min = clamped_rto(data, ceil_msec(elapsed.max)),
		.max = clamped_rto(data, floor_msec(MAX(elapsed.min, 0))),
	};

	walk->interval = MAX(walk->interval,
			     predict_nsec((unsigned long)span.max,
					  walk->tcp->hz));
	return span;
}

/* tcp_reset_xmit_timer(), up to the next expiry */
static void next_retransmission(struct retransmission *data)
{
	struct walk *walk = &data->walk;
	const struct predict_tcp *tcp = walk->tcp;
	int64_t rto = jiffies_of(tcp, data->rto);
	struct wheel_span since = { 0 };

	wheel_since(&walk->wheel, 0, INT64_MAX, &since);
	if (!tcp->user_timeout || tcp->kernel < KERNEL_VERSION(4, 19, 0) ||
	    clamped_rto_at(data, since.max).min == rto) {
		walk_timer(walk, data->rto, WHEEL_CALLBACK);
		return;
	}
	walk->interval = 0;
	wheel_pass_each(&walk->wheel, rto, WHEEL_CALLBACK, clamped_rto_at,
			data);
}

/* From the first expiry of the retransmission timer to the end. */
static void retransmission_rounds(struct retransmission *data)
{
	while (write_timeout(data)) {
		retransmit(data);
		next_retransmission(data);
	}
}

/*
 * 1c2709cfff1d, in 6.6 and some stable releases: TCP_TIMEOUT_MIN_US, 2 ms,
 * replaced TCP_TIMEOUT_MIN, two jiffies.
 */
static bool has_timeout_min_us(unsigned int kernel)
{
	static const struct {
		unsigned int since, before;
	} stable[] = {
		{ KERNEL_VERSION(5, 10, 199), KERNEL_VERSION(5, 11, 0) },
		{ KERNEL_VERSION(5, 15, 137), KERNEL_VERSION(5, 16, 0) },
		{ KERNEL_VERSION(6, 1, 60), KERNEL_VERSION(6, 2, 0) },
		{ KERNEL_VERSION(6, 5, 9), KERNEL_VERSION(6, 6, 0) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(stable); i++)
		if (kernel >= stable[i].since && kernel < stable[i].before)
			return true;
	return kernel >= KERNEL_VERSION(6, 6, 0);
}

/* tcp_schedule_loss_probe() */
static nsec_t probe_timeout(const struct predict_tcp *tcp, nsec_t rto)
{
	nsec_t jiffy = predict_nsec(1, tcp->hz);
	nsec_t timeout = 2 * tcp->rtt;

	if (tcp->packets_out <= 1)
		timeout += whole_jiffies(tcp->rto_min, tcp->hz);
	else if (has_timeout_min_us(tcp->kernel))
		timeout += MSEC(2);
	else
		timeout = whole_jiffies(timeout, tcp->hz) + 2 * jiffy;

	return MIN(whole_jiffies(timeout, tcp->hz), rto);
}

/* Up to the first expiry of the retransmission timer, where the clock of the
 * comparison starts. */
static void begin_data(struct retransmission *data, struct prediction *ret,
		       const struct predict_tcp *tcp, enum stage stage)
{
	struct walk *walk = &data->walk;
	enum wheel_context context = WHEEL_BETWEEN_TICKS;

	walk_init(walk, ret, tcp);
	data->stage = stage;
	data->rto = first_rto(tcp);
	data->retransmits = 0;
	if (tcp->tail_loss_probe) {
		walk_timer(walk, probe_timeout(tcp, data->rto), context);
		walk_round(walk, PREDICT_TAIL_LOSS_PROBE);
		ret->probes = 1;
		context = WHEEL_CALLBACK;
	}

	/*
	 * tcp_send_loss_probe() clears the pending timer before
	 * tcp_rearm_rto(), so that the full RTO starts again. It sends with
	 * __tcp_retransmit_skb(), which does not set retrans_stamp;
	 * tcp_retransmit_skb() sets it at the first RTO.
	 */
	walk_timer(walk, data->rto, context);
	walk_start_clock(walk);
}

void predict_give_up(struct prediction *ret, const struct predict_tcp *tcp)
{
	struct retransmission data;

	begin_data(&data, ret, tcp, STAGE_OPEN);
	retransmission_rounds(&data);
}

void predict_orphan(struct prediction *ret, const struct predict_tcp *tcp)
{
	struct retransmission data;

	begin_data(&data, ret, tcp, STAGE_ORPHAN);
	retransmission_rounds(&data);
}

/*
 * tcp_ld_RTO_revert() decreases icsk_backoff and arms the timer again for the
 * RTO less the time since the transmission, which usecs_to_jiffies() rounds up
 * while jiffies are rounded down: the timer is set to the end of the RTO, or one
 * jiffy earlier.
 */
struct range predict_reverted(const struct predict_tcp *tcp,
			      struct range *ret_rounds)
{
	struct retransmission data;
	struct prediction prediction;
	int64_t rto = jiffies_of(tcp, first_rto(tcp));

	begin_data(&data, &prediction, tcp, STAGE_OPEN);
	while (write_timeout(&data)) {
		data.retransmits++;
		wheel_pass_rest(&data.walk.wheel,
				(struct wheel_span){ rto - 1, rto });
	}
	ret_rounds->min = prediction.retransmissions_min;
	ret_rounds->max = prediction.retransmissions_max;
	return prediction.elapsed;
}

/* tcp_retransmit_skb() sets retrans_stamp from the time stamp of the segment
 * (tcp_skb_timestamp_ts()), which __tcp_transmit_skb() has set at the last
 * transmission that reached it: the original. */
void predict_dropped(struct prediction *ret, const struct predict_tcp *tcp)
{
	struct retransmission data = {
		.stage = STAGE_OPEN,
		.rto = first_rto(tcp),
	};

	walk_init(&data.walk, ret, tcp);
	walk_timer(&data.walk, data.rto, WHEEL_BETWEEN_TICKS);
	retransmission_rounds(&data);
}

void predict_connect(struct prediction *ret, const struct predict_tcp *tcp)
{
	struct retransmission syn = {
		.stage = STAGE_SYN_SENT,
		.rto = SEC(1), /* tcp_connect_init(): TCP_TIMEOUT_INIT */
	};

	/* tcp_connect() sets retrans_stamp when it sends the first SYN, and
	 * tcp_clean_rtx_queue() clears it when the SYN is acknowledged: only
	 * here does the elapsed time start before any retransmission. */
	walk_init(&syn.walk, ret, tcp);
	walk_timer(&syn.walk, syn.rto, WHEEL_BETWEEN_TICKS);
	retransmission_rounds(&syn);
}

/*
 * reqsk_timer_handler() and syn_ack_recalc(): a count. (The limit is lower when
 * the SYN queue is more than half full; TCP_DEFER_ACCEPT waits for data.)
 */
void predict_syn_ack(struct prediction *ret, const struct predict_tcp *tcp)
{
	enum wheel_context context = WHEEL_BETWEEN_TICKS;
	nsec_t timer = SEC(1); /* req->timeout: TCP_TIMEOUT_INIT */
	struct walk walk;

	walk_init(&walk, ret, tcp);
	for (unsigned int i = 0;; i++) {
		walk_timer(&walk, timer, context);
		if (i == tcp->synack_retries)
			break;
		walk_round(&walk, PREDICT_RETRANSMISSION);
		timer = MIN(2 * timer, rto_max(tcp)); /* reqsk_timeout() */
		context = WHEEL_CALLBACK;
	}
	walk_end(&walk, walk_now(&walk), true, tcp->synack_retries);
}

/* --- keepalive -------------------------------------------------------------- */

/*
 * tcp_keepalive_timer(). With a user timeout the number of probes is not checked
 * (dca43c75e7e5), but at least one must have been sent.
 */
static bool keepalive_survives(struct walk *walk)
{
	const struct predict_tcp *tcp = walk->tcp;
	unsigned int probes = walk->ret->probes;
	struct bounds bounds = never_over;

	if (tcp->user_timeout && probes > 0)
		bounds = bounds_in_jiffies(
			tcp, jiffies_of(tcp, tcp->user_timeout), 0);
	if (!tcp->user_timeout && probes >= tcp->keepalive_probes)
		bounds = always_over;
	return walk_survives(walk, bounds, 0);
}

static void keepalive_rounds(struct walk *walk)
{
	while (keepalive_survives(walk)) {
		walk_round(walk, PREDICT_KEEPALIVE_PROBE);
		walk->ret->probes++;
		walk_timer(walk, walk->tcp->keepalive_intvl, WHEEL_CALLBACK);
	}
}

void predict_keepalive(struct prediction *ret, const struct predict_tcp *tcp)
{
	struct walk walk;

	walk_init(&walk, ret, tcp);
	ret->timeout = whole_jiffies(tcp->user_timeout, tcp->hz);
	walk_timer(&walk, tcp->keepalive_time, WHEEL_BETWEEN_TICKS);
	keepalive_rounds(&walk);
}

/*
 * The timer that ran already finds that the time has not passed, and is armed
 * again for the rest, or it happens to expire when the time has passed. That is
 * compared in jiffies, so that the probe can be sent in the jiffy before a new
 * timer would expire.
 */
void predict_keepalive_activity(struct prediction *ret,
				const struct predict_tcp *tcp)
{
	int64_t time = jiffies_of(tcp, tcp->keepalive_time);
	struct walk walk;

	walk_init(&walk, ret, tcp);
	ret->timeout = whole_jiffies(tcp->user_timeout, tcp->hz);
	walk.interval = tcp->keepalive_time;
	wheel_pass_rest(&walk.wheel, (struct wheel_span){ time - 1, time });
	keepalive_rounds(&walk);
}

/* --- zero window -------------------------------------------------------------- */

/* A socket whose persist timer has just expired. */
struct persist {
	struct walk walk;
	enum predict_peer peer;
	bool orphan;
	nsec_t base;	      /* tcp_probe0_base() */
	unsigned int backoff; /* icsk_backoff */
	unsigned int unanswered; /* icsk_probes_out */
};

/* tcp_probe0_when() */
static nsec_t persist_timer(const struct persist *persist)
{
	const struct predict_tcp *tcp = persist->walk.tcp;
	unsigned int limit = 10; /* ilog2(TCP_RTO_MAX / TCP_RTO_MIN) + 1 */

	return MIN(persist->base << MIN(persist->backoff, limit),
		   rto_max(tcp));
}

/* tcp_probe_timer() */
static bool persist_survives(struct persist *persist)
{
	struct walk *walk = &persist->walk;
	const struct predict_tcp *tcp = walk->tcp;
	unsigned int max_probes = tcp->retries2;
	struct bounds bounds = never_over;

	if (tcp->user_timeout && walk->ret->probes > 0)
		bounds = bounds_in_jiffies(tcp,
					   jiffies_of(tcp, tcp->user_timeout),
					   late_ticks(tcp));
	if (persist->orphan) {
		/* inet_csk_rto_backoff() has no limit like the one of
		 * tcp_probe0_when(), and starts with icsk_rto. */
		unsigned int backoff = MIN(persist->backoff, 31U);
		/* icsk_rto << icsk_backoff, compared without overflow */
		bool alive = jiffies_of(tcp, first_rto(tcp)) <=
			     (jiffies_of(tcp, rto_max(tcp)) - 1) >> backoff;

		max_probes = orphan_retries(tcp, alive);
		if (!alive && persist->backoff >= max_probes)
			bounds = always_over;
	}
	if (persist->unanswered >= max_probes)
		bounds = always_over;
	return walk_survives(walk, bounds, 0);
}

/* tcp_clamp_probe0_to_user_timeout() */
static struct wheel_span clamped_persist(void *arg, int64_t since)
{
	struct persist *persist = arg;
	struct walk *walk = &persist->walk;
	const struct predict_tcp *tcp = walk->tcp;
	int64_t when = jiffies_of(tcp, persist_timer(persist));
	int64_t left = jiffies_of(tcp, tcp->user_timeout) - since;
	int64_t late = late_ticks(tcp);
	struct wheel_span delay = { 0, late };
	struct wheel_span span;

	if (persist->peer == PREDICT_PEER_ANSWERS)
		delay = walk->wheel.answer;
	span.min = MIN(when, MAX(left - delay.max, 2)); /* TCP_TIMEOUT_MIN */
	span.max = MIN(when, MAX(left - delay.min + late, 2));
	walk->interval = MAX(walk->interval,
			     predict_nsec((unsigned long)span.max, tcp->hz));
	return span;
}

/*
 * tcp_send_probe0() arms the timer in its own callback. An answer arms it again,
 * one RTT later and from the beginning: tcp_ack_probe().
 */
static void next_window_probe(struct persist *persist)
{
	struct walk *walk = &persist->walk;
	nsec_t timer = persist_timer(persist);
	enum wheel_context context = WHEEL_CALLBACK;

	if (persist->peer == PREDICT_PEER_ANSWERS)
		context = WHEEL_ANSWER;
	if (!walk->tcp->user_timeout) {
		walk_timer(walk, timer, context);
		return;
	}
	walk->interval = 0;
	wheel_pass_each(&walk->wheel, jiffies_of(walk->tcp, timer), context,
			clamped_persist, persist);
}

/* Of a socket that never ends: its probes are answered, and what has not ended it
 * by the largest icsk_backoff does not end it. */
enum { ROUNDS_SHOWN = 20 };

static void persist_rounds(struct prediction *ret,
			   const struct predict_tcp *tcp,
			   enum predict_peer peer, bool orphan)
{
	nsec_t rto_min = predict_nsec(tcp->hz / 5, tcp->hz); /* TCP_RTO_MIN */
	int64_t rtt = tcp->rtt / tick_nsec(tcp->hz);
	struct persist persist = {
		.peer = peer,
		.orphan = orphan,
		.base = MAX(first_rto(tcp), rto_min),
	};
	struct walk *walk = &persist.walk;

	walk_init(walk, ret, tcp);
	walk->wheel.answer =
		(struct wheel_span){ rtt, rtt + 1 + late_ticks(tcp) };
	ret->timeout = whole_jiffies(tcp->user_timeout, tcp->hz);
	/* tcp_check_probe_timer() */
	walk_timer(walk, persist.base, WHEEL_BETWEEN_TICKS);
	walk_start_clock(walk); /* icsk_probes_tstamp */
	while (persist_survives(&persist)) {
		if (peer == PREDICT_PEER_ANSWERS && !ret->timeout &&
		    persist.backoff == tcp->retries2 &&
		    ret->probes >= ROUNDS_SHOWN) {
			ret->elapsed = (struct range){ NSEC_NEVER, NSEC_NEVER };
			return;
		}
		walk_round(walk, PREDICT_WINDOW_PROBE);
		ret->probes++;
		if (peer == PREDICT_PEER_SILENT)
			persist.unanswered++;
		/* tcp_send_probe0() */
		if (persist.backoff < tcp->retries2)
			persist.backoff++;
		next_window_probe(&persist);
	}
}

void predict_zero_window(struct prediction *ret, const struct predict_tcp *tcp,
			 enum predict_peer peer)
{
	persist_rounds(ret, tcp, peer, false);
}

void predict_zero_window_orphan(struct prediction *ret,
				const struct predict_tcp *tcp,
				enum predict_peer peer)
{
	persist_rounds(ret, tcp, peer, true);
}

nsec_t predict_delay_effect(const struct prediction *exact,
			    const struct prediction *late)
{
	size_t n = MIN(exact->n_rounds, late->n_rounds);
	nsec_t effect = late->elapsed.max - exact->elapsed.max;

	for (size_t i = 0; i < n; i++)
		if (exact->rounds[i].kind == late->rounds[i].kind)
			effect = MAX(effect, late->rounds[i].at.max -
						     exact->rounds[i].at.max);
	return effect;
}
