/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire counts transmissions: a record has "transmission", 1 for the first one
 * of its bytes. For the time since the last one, the sequence number and the time
 * of everything that was sent is kept for each direction of a connection.
 *
 * The kernel retransmits after a timeout, after duplicate acknowledgements, and
 * once before the timeout as a tail loss probe (tcp_send_loss_probe(), RFC 8985
 * section 7). The probe is not one of the retransmissions that tcp_retries2 and
 * icsk_retransmits count, so it has a name of its own, where nothing else is
 * possible:
 *
 * - It comes before the retransmission timeout can have expired, and nothing from
 *   the peer, which could cause a fast retransmission, comes before it.
 * - Or the counters of the host leave no other possibility. A single segment in
 *   flight is probed only after 2 SRTT + TCP_RTO_MIN, when its timeout is near.
 *
 * Counters are known after the last record only, and therefore these remarks.
 */
#include "ladder-transmissions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "errors.h"
#include "journal.h"
#include "ladder-hosts.h"
#include "ladder-rows.h"
#include "macro.h"
#include "message.h"
#include "segment.h"

/* TCP_RTO_MIN, in seconds, where the sysctl tcp_rto_min_us is not set; and a
 * margin for timers that count whole jiffies. */
static const double default_rto_min = 0.2, jiffy = 0.01;

/* Bytes that one end of a connection has sent. */
struct sent {
	int64_t seq; /* of the first one, relative */
	double first, last; /* when they were sent first, and last */
	int loss_probes; /* of its transmissions */
};

/* One of the two directions of a connection. */
struct direction {
	struct sent *sent;
	size_t n_sent, sent_capacity;
	unsigned int probes; /* since the last segment from the peer */
	bool window_shut; /* the sender last announced a window of 0 */
	json_int_t last_ack; /* of the last segment */
	double received; /* when its sender last received anything */
};

/* A row that gets its remark after the last record. */
struct retransmission {
	size_t row;
	size_t direction, sent; /* of its bytes */
	int transmission;
	double since; /* the last transmission, in seconds */
	bool early; /* before any timeout */
};

/* Changes of a host's counters during the run, and what frames show of them. */
struct host_counts {
	json_int_t retransmitted; /* RetransSegs */
	json_int_t timeouts; /* TCPTimeouts */
	json_int_t aborts; /* TCPAbortOnTimeout */
	json_int_t loss_probes; /* TCPLossProbes */
	json_int_t fast; /* TCPFastRetrans, TCPSlowStartRetrans */
	json_int_t seen; /* retransmissions in frames */
	json_int_t seen_first; /* those of bytes that had been sent once */
};

struct ladder_transmissions {
	struct ladder *ladder;
	struct direction *directions; /* 2 i + 1: to connection i's client */
	size_t n_directions, directions_capacity;
	struct retransmission *retransmissions;
	size_t n_retransmissions, retransmissions_capacity;
	double rto_min[LADDER_HOSTS_MAX]; /* seconds; 0: not set */
	struct host_counts counts[LADDER_HOSTS_MAX];
};

int ladder_transmissions_new(struct ladder_transmissions **ret,
			     struct ladder *ladder)
{
	struct ladder_transmissions *t = calloc(1, sizeof(*t));

	if (!t)
		return error_origin(-ENOMEM, "ladder");
	t->ladder = ladder;
	*ret = t;
	return 0;
}

struct ladder_transmissions *
ladder_transmissions_free(struct ladder_transmissions *t)
{
	if (!t)
		return NULL;
	for (size_t i = 0; i < t->n_directions; i++)
		free(t->directions[i].sent);
	free(t->directions);
	free(t->retransmissions);
	free(t);
	return NULL;
}

/* The direction in which the frame of the record travels. The other one has the
 * index with the lowest bit changed. */
static int get_direction(struct ladder_transmissions *t, int connection,
			 const json_t *record, size_t *ret)
{
	size_t index = 2 * (size_t)connection +
		       !journal_is_true(record, "from_client");

	while (t->n_directions <= (index | 1)) {
		struct direction *grown = array_grow(t->directions,
						     t->n_directions,
						     &t->directions_capacity,
						     sizeof(*grown));

		if (!grown)
			return error_origin(-ENOMEM, "ladder");
		t->directions = grown;
		grown[t->n_directions++] = (struct direction){ .last_ack = -1 };
	}
	*ret = index;
	return 0;
}

static struct sent *find_sent(struct direction *direction, json_int_t seq)
{
	for (size_t i = direction->n_sent; i > 0; i--)
		if (direction->sent[i - 1].seq == seq)
			return &direction->sent[i - 1];
	return NULL;
}

static int add_sent(struct direction *direction, json_int_t seq, double t)
{
	struct sent *grown = array_grow(direction->sent, direction->n_sent,
					&direction->sent_capacity,
					sizeof(*grown));

	if (!grown)
		return error_origin(-ENOMEM, "ladder");
	direction->sent = grown;
	grown[direction->n_sent++] =
		(struct sent){ .seq = seq, .first = t, .last = t };
	return 0;
}

/* The second transmission of bytes of an established connection. */
static bool may_be_loss_probe(const struct ladder_row *row, int transmission)
{
	return transmission == 2 && !(row->flags & SEGMENT_SYN);
}

static bool is_early(const struct ladder_transmissions *t,
		     const struct ladder_row *row,
		     const struct direction *own, const struct sent *sent)
{
	double rto_min = t->rto_min[row->host] > 0 ? t->rto_min[row->host] :
						     default_rto_min;

	return row->t - sent->first < rto_min - jiffy &&
	       own->received < sent->first;
}

static int add_retransmission(struct ladder_transmissions *t, size_t at,
			      size_t direction, json_int_t seq,
			      int transmission)
{
	struct ladder_row *row = &t->ladder->rows[at];
	struct direction *own = &t->directions[direction];
	struct sent *sent = find_sent(own, seq);
	struct host_counts *counts = &t->counts[row->host];
	struct retransmission *grown;

	row->repeated = true;
	counts->seen++;
	counts->seen_first += may_be_loss_probe(row, transmission);
	if (!sent) {
		/* The ISN is not known, or the segment begins within one that
		 * was sent before. */
		row->remark = strdup(_("retransmission"));
		if (!row->remark)
			return error_origin(-ENOMEM, "ladder");
		return seq < 0 ? 0 : error_trace(add_sent(own, seq, row->t));
	}
	grown = array_grow(t->retransmissions, t->n_retransmissions,
			   &t->retransmissions_capacity, sizeof(*grown));
	if (!grown)
		return error_origin(-ENOMEM, "ladder");
	t->retransmissions = grown;
	grown[t->n_retransmissions++] = (struct retransmission){
		.row = at,
		.direction = direction,
		.sent = (size_t)(sent - own->sent),
		.transmission = transmission,
		.since = MAX(row->t - sent->last, 0.0),
		.early = may_be_loss_probe(row, transmission) &&
			 is_early(t, row, own, sent),
	};
	sent->last = row->t;
	return 0;
}

static bool has_kind(const json_t *frame, const char *kind)
{
	size_t i;
	json_t *each;

	json_array_foreach (json_object_get(frame, "kinds"), i, each) {
		const char *text = json_string_value(each);

		if (text && strcmp(text, kind) == 0)
			return true;
	}
	return false;
}

/* Data, or an acknowledgement that is not a duplicate: what an undisturbed
 * transfer consists of. */
static bool is_plain(struct direction *own, const struct ladder_row *row,
		     const json_t *record)
{
	json_int_t ack = -1;
	bool duplicate;

	if ((row->flags & ~SEGMENT_PSH) != SEGMENT_ACK)
		return false;
	journal_get_integer(record, "ack", &ack);
	duplicate = !row->payload && ack == own->last_ack;
	own->last_ack = ack;
	return !duplicate;
}

int ladder_transmissions_sent(struct ladder_transmissions *t, size_t at,
			      const json_t *record)
{
	struct ladder_row *row = &t->ladder->rows[at];
	int transmission = ladder_int(record, "transmission");
	json_int_t seq = -1;
	size_t direction;
	struct direction *own;
	int r = get_direction(t, row->connection, record, &direction);

	if (r < 0)
		return error_trace(r);
	own = &t->directions[direction];
	journal_get_integer(record, "seq", &seq);
	row->plain = is_plain(own, row, record);
	if (has_kind(record, "probe")) {
		bool shut = t->directions[direction ^ 1].window_shut;

		row->repeated = true;
		row->remark =
			ladder_text(shut ? _("window probe %u") : _("probe %u"),
				    ++own->probes);
		return row->remark ? 0 : error_origin(-ENOMEM, "ladder");
	}
	if (transmission > 1 || has_kind(record, "retransmission"))
		r = add_retransmission(t, at, direction, seq, transmission);
	else if (transmission == 1 && seq >= 0)
		r = add_sent(own, seq, row->t);
	return error_trace(r);
}

int ladder_transmissions_received(struct ladder_transmissions *t,
				  const struct ladder_row *row,
				  const json_t *record, double at)
{
	struct direction *own, *peer;
	size_t direction;
	int r = get_direction(t, row->connection, record, &direction);

	if (r < 0)
		return error_trace(r);
	own = &t->directions[direction];
	peer = &t->directions[direction ^ 1];
	peer->received = at;
	if (row->control)
		return 0;
	peer->probes = 0;
	own->window_shut = !(row->flags & SEGMENT_RST) &&
			   !ladder_int(record, "window");
	return 0;
}

void ladder_transmissions_setting(struct ladder_transmissions *t,
				  const json_t *record, int host)
{
	if (strcmp(journal_text(record, "name"), "net.ipv4.tcp_rto_min_us") ==
	    0)
		t->rto_min[host] =
			strtod(journal_text(record, "value"), NULL) / 1e6;
}

void ladder_transmissions_counter(struct ladder_transmissions *t,
				  const json_t *record, int host)
{
	struct host_counts *counts = &t->counts[host];
	const struct {
		const char *name;
		json_int_t *count;
	} counters[] = {
		{ "RetransSegs", &counts->retransmitted },
		{ "TCPTimeouts", &counts->timeouts },
		{ "TCPAbortOnTimeout", &counts->aborts },
		{ "TCPLossProbes", &counts->loss_probes },
		{ "TCPFastRetrans", &counts->fast },
		{ "TCPSlowStartRetrans", &counts->fast },
	};

	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		if (strcmp(journal_text(record, "name"), counters[i].name) == 0)
			*counters[i].count += ladder_int(record, "change");
}

/*
 * Every first retransmission of the host is a loss probe: frames show all of the
 * host's retransmissions; each is one by timeout or a loss probe (a timeout that
 * aborts the connection sends nothing); and there are as many loss probes as
 * first retransmissions.
 */
static bool has_only_loss_probes_first(const struct host_counts *counts)
{
	return counts->loss_probes > 0 && !counts->fast &&
	       counts->seen == counts->retransmitted &&
	       counts->retransmitted == counts->timeouts - counts->aborts +
						counts->loss_probes &&
	       counts->seen_first == counts->loss_probes;
}

int ladder_transmissions_finish(struct ladder_transmissions *t)
{
	for (size_t i = 0; i < t->n_retransmissions; i++) {
		const struct retransmission *r = &t->retransmissions[i];
		struct ladder_row *row = &t->ladder->rows[r->row];
		struct sent *sent = &t->directions[r->direction].sent[r->sent];
		bool loss_probe =
			r->early ||
			(may_be_loss_probe(row, r->transmission) &&
			 has_only_loss_probes_first(&t->counts[row->host]));
		int n = r->transmission - 1 - sent->loss_probes;
		char since[32];

		ladder_duration(r->since, since);
		sent->loss_probes += loss_probe;
		row->remark =
			loss_probe ?
				ladder_text(_("tail loss probe, +%s"), since) :
				ladder_text(_("retransmission %d, +%s"),
					    MAX(n, 1), since);
		if (!row->remark)
			return error_origin(-ENOMEM, "ladder");
	}
	return 0;
}
