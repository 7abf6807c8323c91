/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which transmission of its bytes a segment is: the remarks "retransmission 2,
 * +0.412 s", "tail loss probe, +0.025 s", "window probe 1". The functions take
 * records in the order of the journal.
 */
#pragma once

#include "ladder.h"

struct ladder_transmissions;

/* `ladder` is borrowed. -ENOMEM. */
int ladder_transmissions_new(struct ladder_transmissions **ret,
			     struct ladder *ladder);
struct ladder_transmissions *
ladder_transmissions_free(struct ladder_transmissions *t);

/*
 * Row `at` is a segment that a host sends in a connection, `record` its "frame"
 * record. Sets row->repeated and row->plain; row->remark is set here or in
 * ladder_transmissions_finish(). -ENOMEM.
 */
int ladder_transmissions_sent(struct ladder_transmissions *t,
			      size_t at, const json_t *record);

/* A segment of a connection, or an ICMP error about one, reaches a host. */
int ladder_transmissions_received(struct ladder_transmissions *t,
				  const struct ladder_row *row,
				  const json_t *record, double at);

/* A "sysctl" or a "counter" record of the host. */
void ladder_transmissions_setting(struct ladder_transmissions *t,
				  const json_t *record, int host);
void ladder_transmissions_counter(struct ladder_transmissions *t,
				  const json_t *record, int host);

/* After the last record, before rows are sorted. -ENOMEM. */
int ladder_transmissions_finish(struct ladder_transmissions *t);
