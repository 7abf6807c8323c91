/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens in a lab is a chain: a program runs, the wire forwards its
 * segment, a softirq receives it, another program runs. On a busy machine each
 * link waits for a CPU, and the last one is late by the sum. At any time the
 * chain waits for one link only, so that the sum of what all threads have
 * waited since the chain began is an upper bound. A delay counts once, whatever
 * its length: a timer that is armed late by d expires late by d.
 *
 * One timer makes more of a delay, that of retransmissions. An acknowledgement
 * that is late by d gives an RTT sample that is too large by d. From the first
 * sample R, tcp_rtt_estimator() makes an RTO of 3 R (RFC 6298 section 2.2),
 * from later ones less; so the RTO is too large by 3 d at most. It doubles with
 * each retransmission, and the time until retransmission n is 2^n - 1 times as
 * long. By how much a connection's RTO was too large at most is seen on the
 * wire, since no RTO is below TCP_RTO_MIN. The timeout of a SYN is a constant.
 */
#include "lab-delay.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "array.h"
#include "errors.h"
#include "host.h"
#include "wire.h"

/* TCP_RTO_MIN, the default of tcp_rto_min(). */
static const nsec_t rto_min = MSEC(200);

enum { RETRANSMISSIONS_MAX = 30 };

/* --- sums ----------------------------------------------------------------- */

struct sampling {
	struct run *run;
	struct lab_delay *delay;
};

static void add_process(void *data, pid_t pid, nsec_t waited)
{
	struct sampling *sampling = data;
	struct lab_delay *delay = sampling->delay;
	struct lab_delay_process *grown;

	if (pid == getpid()) {
		delay->run_queue = waited;
		return;
	}
	grown = array_grow(delay->processes, delay->n, &delay->capacity,
			   sizeof(*grown));
	if (!grown)
		run_broken(sampling->run,
			   error_origin(-ENOMEM, "scheduling delay"));
	delay->processes = grown;
	grown[delay->n++] = (struct lab_delay_process){ pid, waited };
}

struct lab_delay *lab_delay_sample(struct run *run)
{
	struct lab_delay *delay = calloc(1, sizeof(*delay));
	struct sampling sampling = { run, delay };
	const struct softirqs *softirqs = &run->options->softirqs;

	if (!delay)
		run_broken(run, error_origin(-ENOMEM, "scheduling delay"));
	delay->at = nsec_now();
	delay->loop = loop_total_delay(run->loop);
	delay->wire = wire_total_residence(world_wire(run->world));
	for (size_t i = 0; i < softirqs->n; i++)
		delay->softirqs += softirqs_waited(softirqs, i);
	host_each_run_delay(add_process, &sampling);
	return delay;
}

struct lab_delay *lab_delay_free(struct lab_delay *delay)
{
	if (!delay)
		return NULL;
	free(delay->processes);
	free(delay);
	return NULL;
}

/* 0 for a process that was not there yet. */
static nsec_t waited_before(const struct lab_delay *delay, pid_t pid)
{
	for (size_t i = 0; i < delay->n; i++)
		if (delay->processes[i].pid == pid)
			return delay->processes[i].waited;
	return 0;
}

nsec_t lab_delay_between(const struct lab_delay *begin,
			 const struct lab_delay *end)
{
	nsec_t sum = MAX(MAX(end->loop - begin->loop, end->wire - begin->wire),
			 end->run_queue - begin->run_queue);

	sum += end->softirqs - begin->softirqs;
	for (size_t i = 0; i < end->n; i++) {
		const struct lab_delay_process *process = &end->processes[i];

		/* A pid may have been used again: then it counts from 0. */
		sum += MAX(process->waited - waited_before(begin, process->pid),
			   (nsec_t)0);
	}
	return sum;
}

/* --- retransmissions ------------------------------------------------------ */

static const struct wire_capture *
first_transmission(const struct wire_capture *frames,
		   const struct wire_capture *frame)
{
	for (const struct wire_capture *first = frame; first-- > frames;)
		if (first->connection == frame->connection &&
		    first->from_client == frame->from_client &&
		    first->frame.tcp.seq == frame->frame.tcp.seq &&
		    first->transmission == 1)
			return first;
	return NULL;
}

/* Until the timer that the last retransmission armed has expired, too. */
static nsec_t growth_of(const struct wire_capture *first,
			const struct wire_capture *last, nsec_t longest)
{
	unsigned int n = MIN(last->transmission - 1, RETRANSMISSIONS_MAX);
	nsec_t rto = (last->at - first->at) / (((nsec_t)1 << n) - 1);
	nsec_t growth = MIN(rto - rto_min, 3 * longest);

	return MAX(growth, (nsec_t)0) * (((nsec_t)2 << n) - 1);
}

nsec_t lab_delay_growth(const struct wire_capture *frames, size_t n,
			nsec_t longest)
{
	nsec_t most = 0;

	for (size_t i = 0; i < n; i++) {
		const struct wire_capture *first;

		if (!frames[i].connection || frames[i].transmission < 2 ||
		    frames[i].kinds & (WIRE_SYN | WIRE_SYN_ACK))
			continue;
		first = first_transmission(frames, &frames[i]);
		if (first)
			most = MAX(most, growth_of(first, &frames[i], longest));
	}
	return most;
}

nsec_t lab_delay_since(struct run *run, const struct lab_delay *begin)
{
	struct wire *wire = world_wire(run->world);
	struct lab_delay *now = lab_delay_sample(run);
	nsec_t sum = lab_delay_between(begin, now);
	const struct wire_capture *frames;
	size_t n = wire_captures(wire, &frames);

	/* Earlier ones are over. */
	while (n && frames->at < begin->at) {
		frames++;
		n--;
	}
	lab_delay_free(now);
	return sum +
	       lab_delay_growth(frames, n,
				MAX(wire_residence(wire), run->softirq_wait));
}
