/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The values of a lab, one word each: numbers, durations, percentages, sizes,
 * kinds of frames, socket states, outcomes of calls, signals.
 *
 * Parsers return -EINVAL and a message without a place for an invalid text, and
 * leave `*ret` unchanged.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"
#include "nsec.h"

/* A decimal number. `what` is for the message: "port". */
int lab_value_number(const char *text, const char *what, uint64_t min,
		     uint64_t max, uint64_t *ret);

/* "2s", "1m30s", "250ms", "5h", "1.5s", up to a year. A unit is required. */
int lab_value_duration(const char *text, nsec_t *ret);

/* An MTU in bytes. IPv6 needs at least 1280 (RFC 8200 section 5). */
int lab_value_mtu(const char *text, unsigned int *ret);

/* A duration of whole seconds, at least one: the unit of
 * nf_conntrack_tcp_timeout_established. */
int lab_value_idle(const char *text, nsec_t *ret);

/* "10%", "0.5%", with up to four decimals; as a share: 0 .. 1. */
int lab_value_share(const char *text, double *ret);

/* "1500", "64KiB" or "64K", "1MiB", "2GiB": at least 1. */
int lab_value_bytes(const char *text, uint64_t *ret);

/* "10Mbit/s", "1Gbit/s", "64kbit/s", "9600bit/s", also with decimals: bits per
 * second. */
int lab_value_rate(const char *text, uint64_t *ret);

/* "TERM", "SIGTERM", "15". */
int lab_value_signal(const char *text, int *ret);

/* yes, no, true, false. */
int lab_value_bool(const char *text, bool *ret);

/* The name of an outcome in its usual case: "ETIMEDOUT", "EOF", "DATA"; NULL
 * for other texts. */
const char *lab_value_outcome(const char *text);
/* Writes up to `size` names of outcomes, and returns how many. */
size_t lab_value_outcomes(const char **ret, size_t size);

/* A state as ss(8) names it, or "ESTABLISHED"; 0 for other texts. */
enum diag_state lab_value_state(const char *text);
size_t lab_value_states(const char **ret, size_t size);

/* The states of a tracked connection, in the order of enum lab_tracked_state:
 * the end of a sysctl's name, with '-' for '_'. */
const char *const *lab_value_tracked_states(size_t *ret_n);

/* The answers to a rejected frame, in the order of enum lab_answer. */
const char *const *lab_value_answers(size_t *ret_n);

struct lab_kind {
	const char *one, *many;
	unsigned int bits; /* enum wire_kind, LAB_PAYLOAD; 0: any frame */
};

const struct lab_kind *lab_value_kinds(size_t *ret_n);
/* "syn" or "syns"; NULL for other texts. */
const struct lab_kind *lab_value_kind(const char *text);

/* A text that lab_value_duration() reads as the same duration: "1m30s". Returns
 * `buffer`, of at least 32 bytes. */
const char *lab_value_duration_text(nsec_t duration, char *buffer, size_t size);
