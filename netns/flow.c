/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hash table of flows: one for each 4-tuple in each network, found by either
 * direction, since the hash of the 4-tuple is symmetric. A connection that is
 * forwarded has a flow in every network that it crosses.
 *
 * Transmissions are counted by byte. Nearly every byte is sent once, so the
 * implied count of the sequence space between `floor` and `next` is 1, and only
 * ranges with another count are kept (`repeats`): above 1 for retransmissions,
 * 0 for bytes that the host's kernel lost on the way here, as at an unplugged
 * cable. Their number is limited: the lowest ones are given up, and `floor`
 * rises above them. Below the floor nothing is known. So a transfer of
 * gigabytes costs the same memory as a short one.
 */
#include "flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "macro.h"

enum {
	BUCKETS = 64, /* at first */
	REPEATS = 64,
	/* The floor stays so close to `next` that sequence_before() can compare
	 * the two. */
	KNOWN_SPACE = 1 << 30,
};

/* Bytes that were not sent exactly once. */
struct repeat {
	uint32_t from, until;
	unsigned int count;
};

/* One end of a flow, and what it has sent in this network. */
struct flow_end {
	struct address address;
	uint16_t port;
	bool seen; /* it has sent a segment: next and floor are valid */
	bool known; /* the ISN is */
	uint32_t isn;
	uint32_t next; /* the first sequence number not yet sent */
	uint32_t floor; /* the first whose transmissions are counted */
	struct repeat *repeats; /* sorted, not adjacent with equal counts */
	size_t n_repeats;
};

struct flow {
	struct flow *next; /* of the bucket */
	unsigned int network;
	unsigned int connection;
	unsigned int client; /* index of its end */
	struct flow_end ends[2];
};

struct flows {
	struct flow **buckets;
	size_t n_buckets, n;
	unsigned int n_connections;
};

int flows_new(struct flows **ret)
{
	struct flows *flows = calloc(1, sizeof(*flows));

	if (flows)
		flows->buckets = calloc(BUCKETS, sizeof(struct flow *));
	if (!flows || !flows->buckets) {
		free(flows);
		return error_origin(-ENOMEM, "flows");
	}
	flows->n_buckets = BUCKETS;
	*ret = flows;
	return 0;
}

struct flows *flows_free(struct flows *flows)
{
	if (!flows)
		return NULL;
	for (size_t i = 0; i < flows->n_buckets; i++) {
		while (flows->buckets[i]) {
			struct flow *flow = flows->buckets[i];

			flows->buckets[i] = flow->next;
			free(flow->ends[0].repeats);
			free(flow->ends[1].repeats);
			free(flow);
		}
	}
	free(flows->buckets);
	free(flows);
	return NULL;
}

/* --- the table -------------------------------------------------------- */

/* Two rounds of multiplication and shifting: the table takes the low bits,
 * which must depend on all bits of address and port. */
static size_t hash_end(const struct address *address, uint16_t port)
{
	uint64_t words[2] = { 0, 0 }, hash;

	memcpy(words, address->bytes, address_size(address));
	hash = (words[0] ^ port) * UINT64_C(0x9e3779b97f4a7c15);
	hash = (hash ^ hash >> 29 ^ words[1]) * UINT64_C(0xbf58476d1ce4e5b9);
	return (size_t)(hash ^ hash >> 32);
}

/* The sum of both hashes is the same for either direction. */
static struct flow **bucket_of(const struct flows *flows,
			       const struct address *a, uint16_t a_port,
			       const struct address *b, uint16_t b_port)
{
	size_t hash = hash_end(a, a_port) + hash_end(b, b_port);

	return &flows->buckets[hash & (flows->n_buckets - 1)];
}

static bool is_end(const struct flow_end *end, const struct address *address,
		   uint16_t port)
{
	return end->port == port && address_equal(&end->address, address);
}

/* The index of the end that is the first one; -1 for another 4-tuple. */
static int match(const struct flow *flow, const struct address *a,
		 uint16_t a_port, const struct address *b, uint16_t b_port)
{
	for (int i = 0; i < 2; i++)
		if (is_end(&flow->ends[i], a, a_port) &&
		    is_end(&flow->ends[!i], b, b_port))
			return i;
	return -1;
}

static struct flow **bucket_of_frame(const struct flows *flows,
				     const struct frame *f)
{
	return bucket_of(flows, &f->source, f->tcp.source_port, &f->destination,
			 f->tcp.destination_port);
}

/* The sender's end is `ret_end`. */
static struct flow *find(const struct flows *flows, unsigned int network,
			 const struct frame *f, unsigned int *ret_end)
{
	struct flow *flow = *bucket_of_frame(flows, f);

	for (; flow; flow = flow->next) {
		int end = flow->network != network ?
				  -1 :
				  match(flow, &f->source, f->tcp.source_port,
					&f->destination,
					f->tcp.destination_port);

		if (end < 0)
			continue;
		*ret_end = (unsigned int)end;
		return flow;
	}
	return NULL;
}

/* In any network: the one with the newest connection. */
static struct flow *find_newest(const struct flows *flows,
				const struct address *a, uint16_t a_port,
				const struct address *b, uint16_t b_port,
				unsigned int *ret_end)
{
	struct flow *flow = *bucket_of(flows, a, a_port, b, b_port);
	struct flow *newest = NULL;

	for (; flow; flow = flow->next) {
		int end = match(flow, a, a_port, b, b_port);

		if (end < 0 ||
		    (newest && flow->connection <= newest->connection))
			continue;
		newest = flow;
		*ret_end = (unsigned int)end;
	}
	return newest;
}

/* Without memory the table stays as it is, and gets slower. */
static void grow(struct flows *flows)
{
	struct flow **old = flows->buckets;
	size_t n_old = flows->n_buckets;

	if (flows->n < n_old)
		return;
	flows->buckets = calloc(n_old * 2, sizeof(*flows->buckets));
	if (!flows->buckets) {
		flows->buckets = old;
		return;
	}
	flows->n_buckets = n_old * 2;
	for (size_t i = 0; i < n_old; i++) {
		while (old[i]) {
			struct flow *flow = old[i];
			struct flow **bucket = bucket_of(
				flows, &flow->ends[0].address,
				flow->ends[0].port, &flow->ends[1].address,
				flow->ends[1].port);

			old[i] = flow->next;
			flow->next = *bucket;
			*bucket = flow;
		}
	}
	free(old);
}

/* The sender is its end 0. */
static struct flow *add(struct flows *flows, unsigned int network,
			const struct frame *f)
{
	struct flow *flow = calloc(1, sizeof(*flow));
	struct flow **bucket;

	if (!flow)
		return NULL;
	grow(flows);
	bucket = bucket_of_frame(flows, f);
	flow->network = network;
	flow->ends[0].address = f->source;
	flow->ends[0].port = f->tcp.source_port;
	flow->ends[1].address = f->destination;
	flow->ends[1].port = f->tcp.destination_port;
	flow->next = *bucket;
	*bucket = flow;
	flows->n++;
	return flow;
}

/* --- transmissions ---------------------------------------------------- */

/* The first segment of an end, or a new sequence space: nothing was sent
 * before.
 */
static void begin_at(struct flow_end *end, uint32_t seq)
{
	end->seen = true;
	end->next = end->floor = seq;
	end->n_repeats = 0;
}

/* Deletes the counts of the bytes below; a repeat that crosses the new floor is
 * shortened. */
static void raise_floor(struct flow_end *end, uint32_t floor)
{
	size_t gone = 0;

	end->floor = floor;
	if (!end->n_repeats)
		return;
	while (gone < end->n_repeats &&
	       !sequence_before(floor, end->repeats[gone].until))
		gone++;
	end->n_repeats -= gone;
	memmove(end->repeats, end->repeats + gone,
		end->n_repeats * sizeof(*end->repeats));
	if (end->n_repeats && sequence_before(end->repeats[0].from, floor))
		end->repeats[0].from = floor;
}

/* The largest count of a byte from `from` to `until`, both at most `next`. */
static unsigned int most_sent(const struct flow_end *end, uint32_t from,
			      uint32_t until)
{
	unsigned int most = 0;
	uint32_t at = from;

	for (size_t i = 0; i < end->n_repeats; i++) {
		const struct repeat *repeat = &end->repeats[i];

		if (!sequence_before(at, repeat->until))
			continue;
		if (!sequence_before(repeat->from, until))
			break;
		if (sequence_before(at, repeat->from))
			most = MAX(most, 1U);
		most = MAX(most, repeat->count);
		at = repeat->until;
	}
	return sequence_before(at, until) ? MAX(most, 1U) : most;
}

/*
 * A list of repeats under construction. The old list has at most REPEATS ranges
 * and as many gaps between them, in which the count is 1; one retransmission
 * splits at most two of these.
 */
struct repeats {
	size_t n;
	struct repeat all[3 * REPEATS + 3];
};

/* Appends a range, and joins it with the last one where possible. A count of 1
 * is implied and needs no range. */
static void put_repeat(struct repeats *to, uint32_t from, uint32_t until,
		       unsigned int count)
{
	struct repeat *last = to->n ? &to->all[to->n - 1] : NULL;

	if (from == until || count == 1)
		return;
	if (last && last->until == from && last->count == count)
		last->until = until;
	else
		to->all[to->n++] = (struct repeat){ from, until, count };
}

/* The part of [from, until) that lies in [a, b) has been sent once more. */
static void put_split(struct repeats *to, uint32_t from, uint32_t until,
		      unsigned int count, uint32_t a, uint32_t b)
{
	uint32_t left = sequence_before(a, from) ? from : a;
	uint32_t right = sequence_before(until, b) ? until : b;

	if (!sequence_before(left, right)) {
		put_repeat(to, from, until, count);
		return;
	}
	put_repeat(to, from, left, count);
	put_repeat(to, left, right, count + 1);
	put_repeat(to, right, until, count);
}

/*
 * Counts every byte of [a, b), which lies between floor and next, once more:
 * the list is rebuilt from the floor up, range by range and gap by gap. Only
 * retransmissions come here; they are rare enough for this cost.
 */
static int count_again(struct flow_end *end, uint32_t a, uint32_t b)
{
	struct repeats new = { .n = 0 };
	uint32_t at = end->floor;
	size_t surplus;

	if (!end->repeats) {
		end->repeats = calloc(REPEATS, sizeof(*end->repeats));
		if (!end->repeats)
			return error_origin(-ENOMEM, "count transmissions");
	}
	for (size_t i = 0; i < end->n_repeats; i++) {
		const struct repeat *repeat = &end->repeats[i];

		put_split(&new, at, repeat->from, 1, a, b);
		put_split(&new, repeat->from, repeat->until, repeat->count, a,
			  b);
		at = repeat->until;
	}
	put_split(&new, at, end->next, 1, a, b);
	surplus = new.n > REPEATS ? new.n - REPEATS : 0;
	if (surplus)
		end->floor = new.all[surplus - 1].until;
	end->n_repeats = new.n - surplus;
	memcpy(end->repeats, new.all + surplus,
	       end->n_repeats * sizeof(*end->repeats));
	return 0;
}

/*
 * The segment begins above `next`: the bytes in between did not reach the wire.
 * The kernel of the host has sent them, and they were dropped in its own queue
 * or at a link without carrier; when they come, they are transmission 1.
 */
static int note_hole(struct flow_end *end, uint32_t until)
{
	struct repeat *last;

	if (!end->repeats) {
		end->repeats = calloc(REPEATS, sizeof(*end->repeats));
		if (!end->repeats)
			return error_origin(-ENOMEM, "count transmissions");
	}
	if (end->n_repeats == REPEATS)
		raise_floor(end, end->repeats[0].until);
	last = &end->repeats[end->n_repeats++];
	*last = (struct repeat){ end->next, until, 0 };
	return 0;
}

/* Records that the bytes from `from` to `until` were sent. In a transfer
 * without loss `from` is `next`, and only `next` moves. */
static int count(struct flow_end *end, uint32_t from, uint32_t until)
{
	uint32_t known = sequence_before(until, end->next) ? until : end->next;
	int r = 0;

	if (from == until)
		return 0;
	if (sequence_before(end->next, from))
		r = note_hole(end, from);
	else if (sequence_before(from, known) &&
		 sequence_before(end->floor, known))
		r = count_again(end,
				sequence_before(from, end->floor) ? end->floor :
								    from,
				known);
	if (r < 0)
		return error_trace(r);
	if (sequence_before(end->next, until))
		end->next = until;
	if (end->next - end->floor > KNOWN_SPACE)
		raise_floor(end, end->next - KNOWN_SPACE / 2);
	return 0;
}

/* 1 for bytes above `next`; 0 for a segment without bytes, and for one that
 * begins below the floor. */
static unsigned int transmission_of(const struct flow_end *end, uint32_t from,
				    uint32_t until)
{
	if (from == until || sequence_before(from, end->floor))
		return 0;
	if (!sequence_before(from, end->next))
		return 1;
	return 1 +
	       most_sent(end, from,
			 sequence_before(until, end->next) ? until : end->next);
}

/* --- segments --------------------------------------------------------- */

/*
 * `sent`: what its sender has sent before; NULL: nothing.
 *
 * A keepalive probe of Linux is empty and has the sequence number snd_una - 1
 * (tcp_xmit_probe_skb()), which the peer has acknowledged: it must answer with
 * an ACK (RFC 9293 section 3.8.4). A zero-window probe has the same form.
 */
static unsigned int kinds_of_segment(const struct frame *f,
				     const struct flow_end *sent)
{
	uint32_t length = frame_sequence_length(f);
	unsigned int kinds = WIRE_TCP;
	bool again = sent && length &&
		     !sequence_before(sent->next, f->tcp.seq + length);

	if (frame_is_syn(f))
		kinds |= WIRE_SYN;
	if (frame_is_syn_ack(f))
		kinds |= WIRE_SYN_ACK;
	if (frame_is_fin(f))
		kinds |= WIRE_FIN;
	if (frame_is_rst(f))
		kinds |= WIRE_RST;
	if (frame_is_data(f) && !again)
		kinds |= WIRE_DATA;
	if (again && !frame_is_rst(f))
		kinds |= WIRE_RETRANSMISSION;
	if (frame_is_pure_ack(f))
		kinds |= sent && f->tcp.seq == sent->next - 1 ?
				 WIRE_KEEPALIVE_PROBE :
				 WIRE_PURE_ACK;
	return kinds;
}

static unsigned int kinds_of_other(const struct frame *frame)
{
	switch (frame->kind) {
	case FRAME_ARP:
	case FRAME_ND:
		return WIRE_NEIGHBOUR;
	case FRAME_ICMP:
		return WIRE_ICMP;
	case FRAME_TCP:
	case FRAME_OTHER:
		break;
	}
	return WIRE_OTHER;
}

/* Its sequence number is the ISN of its sender. */
static bool has_isn(const struct frame *f)
{
	return frame_is_syn(f) || frame_is_syn_ack(f);
}

static struct segment_base base_of(const struct flow *flow, unsigned int sender)
{
	const struct flow_end *from = &flow->ends[sender];
	const struct flow_end *to = &flow->ends[!sender];

	return (struct segment_base){ .knows_sender = from->known,
				      .sender = from->known ? from->isn : 0,
				      .knows_receiver = to->known,
				      .receiver = to->known ? to->isn : 0 };
}

static void set_connection(const struct flow *flow, unsigned int sender,
		   struct flow_report *ret)
{
	ret->base = base_of(flow, sender);
	ret->connection = flow->connection;
	ret->from_client = flow->connection && flow->client == sender;
}

/* A SYN of its own: neither a retransmission, nor that of a simultaneous open
 * (RFC 9293 section 3.5), which crosses an unanswered SYN. */
static bool is_new_connection(const struct frame *f,
			      const struct flow_end *from,
			      const struct flow_end *to)
{
	if (!frame_is_syn(f))
		return false;
	if (from->known)
		return from->isn != f->tcp.seq;
	return from->seen || !to->seen || !to->known || to->next != to->isn + 1;
}

/*
 * Sets kinds and transmission, and records the segment as sent by this end. A
 * RST is not recorded: it need not come from the sequence space of its sender
 * (RFC 9293 section 3.10.7.1: without a connection it takes its number from the
 * segment that it answers).
 */
static int see_sent(struct flow_end *end, const struct frame *f,
		    struct flow_report *ret)
{
	uint32_t until = f->tcp.seq + frame_sequence_length(f);
	bool first = !end->seen;

	if (frame_is_rst(f)) {
		ret->kinds = kinds_of_segment(f, end->seen ? end : NULL);
		return 0;
	}
	if (has_isn(f) && (!end->known || end->isn != f->tcp.seq)) {
		end->known = true;
		end->isn = f->tcp.seq;
		first = true;
	}
	if (first)
		begin_at(end, f->tcp.seq);
	ret->kinds = kinds_of_segment(f, first ? NULL : end);
	ret->transmission = transmission_of(end, f->tcp.seq, until);
	return error_trace(count(end, f->tcp.seq, until));
}

/* Classifies the segment without recording it. */
static void classify_only(const struct flows *flows, unsigned int network,
		    const struct frame *f, bool forged, struct flow_report *ret)
{
	unsigned int sender;
	const struct flow *flow = find(flows, network, f, &sender);
	const struct flow_end *end;

	if (!flow) {
		ret->kinds = kinds_of_segment(f, NULL);
		return;
	}
	/* The SYN of a ghost opens no connection: no machine has sent it. */
	if (!forged &&
	    is_new_connection(f, &flow->ends[sender], &flow->ends[!sender])) {
		ret->kinds = kinds_of_segment(f, NULL);
		return;
	}
	end = forged || !flow->ends[sender].seen ? NULL : &flow->ends[sender];
	ret->kinds = kinds_of_segment(f, end);
	set_connection(flow, sender, ret);
	if (end && !frame_is_rst(f))
		ret->transmission = transmission_of(
			end, f->tcp.seq, f->tcp.seq + frame_sequence_length(f));
}

/* Copies what is known about the same 4-tuple in another network. */
static void inherit(struct flow *flow, const struct flow *known,
		    unsigned int sender)
{
	flow->connection = known->connection;
	flow->client = known->client == sender ? 0 : 1;
	for (unsigned int i = 0; i < 2; i++) {
		flow->ends[i].known = known->ends[i ^ sender].known;
		flow->ends[i].isn = known->ends[i ^ sender].isn;
	}
}

/* The first segment of a 4-tuple in this network. */
static struct flow *begin_flow(struct flows *flows, unsigned int network,
			       const struct frame *f, enum flow_sender sender)
{
	const struct flow *known = NULL;
	unsigned int end = 0;
	struct flow *flow;

	if (sender == FLOW_MULTIHOMED)
		known = find_newest(flows, &f->source, f->tcp.source_port,
				    &f->destination, f->tcp.destination_port,
				    &end);
	flow = add(flows, network, f);
	if (!flow)
		return NULL;
	if (known) {
		inherit(flow, known, end);
	} else if (frame_is_syn_ack(f) ?
			   sender != FLOW_ON_BEHALF :
			   sender == FLOW_ENDPOINT && !frame_is_syn(f)) {
		/* The SYN was forged, or came before the wire. From a gateway
		 * a segment without a SYN may be one that it translated and
		 * that was not recognised: no connection. */
		flow->connection = ++flows->n_connections;
		flow->client = frame_is_syn_ack(f) ? 1 : 0;
	}
	return flow;
}

static int see_segment(struct flows *flows, unsigned int network,
		       const struct frame *f, enum flow_sender sender,
		       struct flow_report *ret)
{
	unsigned int from = 0;
	struct flow *flow = find(flows, network, f, &from);
	int r;

	if (!flow && frame_is_rst(f)) {
		ret->kinds = kinds_of_segment(f, NULL);
		return 0;
	}
	if (!flow)
		flow = begin_flow(flows, network, f, sender);
	if (!flow)
		return error_origin(-ENOMEM, "remember a flow");
	if (is_new_connection(f, &flow->ends[from], &flow->ends[!from])) {
		flow->connection =
			sender == FLOW_ON_BEHALF ? 0 : ++flows->n_connections;
		flow->client = from;
	}
	r = see_sent(&flow->ends[from], f, ret);
	if (r < 0)
		return error_trace(r);
	set_connection(flow, from, ret);
	return 0;
}

int flows_see(struct flows *flows, unsigned int network,
	      const struct frame *frame, enum flow_sender sender,
	      struct flow_report *ret)
{
	*ret = (struct flow_report){ 0 };
	if (frame->kind != FRAME_TCP)
		ret->kinds = kinds_of_other(frame);
	else if (sender == FLOW_GHOST || sender == FLOW_FORGED)
		classify_only(flows, network, frame, sender == FLOW_FORGED,
			      ret);
	else
		return error_trace(
			see_segment(flows, network, frame, sender, ret));
	return 0;
}

/* The sender's end is `from`. NAT leaves sequence numbers as they are. */
static void bind_flow(struct flow *flow, unsigned int from,
		      const struct flow_report *origin)
{
	struct flow_end *sender = &flow->ends[from];
	struct flow_end *receiver = &flow->ends[!from];

	flow->connection = origin->connection;
	flow->client = origin->from_client ? from : !from;
	sender->seen = receiver->seen = false;
	sender->known = origin->base.knows_sender;
	sender->isn = origin->base.sender;
	receiver->known = origin->base.knows_receiver;
	receiver->isn = origin->base.receiver;
}

int flows_see_forwarded(struct flows *flows, unsigned int network,
			const struct frame *frame,
			const struct flow_report *origin,
			struct flow_report *ret)
{
	unsigned int from = 0;
	struct flow *flow = find(flows, network, frame, &from);
	bool fresh = !flow;
	int r;

	*ret = *origin;
	if (fresh && frame_is_rst(frame)) {
		ret->kinds = kinds_of_segment(frame, NULL);
		return 0;
	}
	if (fresh)
		flow = add(flows, network, frame);
	if (!flow)
		return error_origin(-ENOMEM, "remember a flow");
	/* A 4-tuple may pass to another connection; a late segment of the
	 * former one does not get it back. */
	if (fresh || flow->connection < origin->connection)
		bind_flow(flow, from, origin);
	r = see_sent(&flow->ends[from], frame, ret);
	if (r < 0)
		return error_trace(r);
	ret->base = base_of(flow, from);
	ret->transmission = origin->transmission;
	return 0;
}

/* --- questions -------------------------------------------------------- */

unsigned int flows_find_quoted(const struct flows *flows, unsigned int network,
			       const struct frame *quoted,
			       bool *ret_from_client)
{
	unsigned int sender = 0;
	const struct flow *flow = find(flows, network, quoted, &sender);

	if (!flow)
		flow = find_newest(flows, &quoted->source,
				   quoted->tcp.source_port,
				   &quoted->destination,
				   quoted->tcp.destination_port, &sender);
	if (!flow || !flow->connection)
		return 0;
	/* The message goes to the sender of what it quotes. */
	*ret_from_client = flow->client != sender;
	return flow->connection;
}

unsigned int flows_find_socket(const struct flows *flows,
			       const struct address *local, uint16_t local_port,
			       const struct address *peer, uint16_t peer_port)
{
	unsigned int end;
	const struct flow *flow =
		find_newest(flows, local, local_port, peer, peer_port, &end);

	return flow ? flow->connection : 0;
}
