/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The events of a journal in the language of the user, for timelines and
 * ladders. A journal is in English, and is read in another language long after,
 * on another machine. So a text that halfopen composed is composed again from
 * the members of its record, with translated formats; a note, which has only
 * its text, goes through message_record(). What a program printed, and a
 * command that a user wrote for a lab, stay as they are.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>

/* The text of a call, result, state, fault or note. Returns the recorded text
 * or `buffer`. */
const char *record_text(const json_t *record, char *buffer, size_t size);

/* What the timer of a "state" record does: "retransmission"; NULL: no timer. */
const char *record_timer(const json_t *record);

/* The state of a socket and its timer in words: "ESTAB, retransmission in 0.200
 * s (1 so far)", "TIME-WAIT, 59.9 s left", "no socket". `left`: the time until
 * the timer expires, as text; NULL: with milliseconds. Returns `buffer`. */
const char *record_state(const json_t *record, const char *left, char *buffer,
			 size_t size);

/* The fate of a frame: "dropped: path is cut". */
const char *record_fate(const json_t *record);

/* The subject of an expectation: "duration of recv() in client". Returns the
 * recorded text or `buffer`. */
const char *record_subject(const json_t *record, char *buffer, size_t size);

/* "SUBJECT: expected X, observed Y", of an expectation. Returns `buffer`. */
const char *record_failure(const json_t *record, char *buffer, size_t size);
