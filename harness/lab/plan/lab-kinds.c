/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of lab-values.h: what the kernel and the wire have names for. */
#include "lab-values.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <strings.h>

#include "lab-words.h"
#include "wire.h"

/* --- kinds of frames ------------------------------------------------------*/

static const struct lab_kind kinds[] = {
	{ "segment", "segments", WIRE_TCP },
	{ "syn", "syns", WIRE_SYN },
	{ "syn-ack", "syn-acks", WIRE_SYN_ACK },
	{ "fin", "fins", WIRE_FIN },
	{ "rst", "rsts", WIRE_RST },
	{ "data", "data", WIRE_DATA },
	{ "ack", "acks", WIRE_PURE_ACK },
	{ "probe", "probes", WIRE_KEEPALIVE_PROBE },
	{ "retransmission", "retransmissions", WIRE_RETRANSMISSION },
	{ "icmp", "icmp", WIRE_ICMP },
	{ "arp", "arp", WIRE_NEIGHBOUR },
	{ "frame", "frames", 0 },
};

const struct lab_kind *lab_kinds(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(kinds);
	return kinds;
}

const struct lab_kind *lab_kind_find(const struct lab_word *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (lab_word_is(word, kinds[i].one) ||
		    lab_word_is(word, kinds[i].many))
			return &kinds[i];
	return NULL;
}

int lab_kind_refuse(const struct lab_lex *lex)
{
	const struct lab_word *word = lab_lex_look(lex);
	const char *names[ARRAY_SIZE(kinds)];
	char near[256];

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		names[i] = kinds[i].many;
	lab_suggest(word->text ? word->text : "", names, ARRAY_SIZE(kinds),
		    near, sizeof(near));
	if (!word->text)
		return lab_lex_refuse(lex, word,
				      "expected here: a kind of frame%s", near);
	return lab_lex_refuse(lex, word, "'%s' is no kind of frame%s",
			      word->text, near);
}

int lab_kinds_parse(const char *text, unsigned int *ret)
{
	unsigned int found = 0;
	struct lab_lex lex;
	int r = lab_lex_init(&lex, NULL, text, NULL);

	if (r >= 0)
		r = lab_lex_kinds(&lex, &found);
	if (r >= 0)
		r = lab_lex_end(&lex);
	lab_lex_deinit(&lex);
	if (r < 0)
		return error_trace(r);
	*ret = found;
	return 0;
}

void lab_say_kinds(FILE *out, unsigned int which, bool one)
{
	const char *before = "";

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (which ? !(kinds[i].bits & which) : kinds[i].bits != 0)
			continue;
		fprintf(out, "%s%s", before,
			one ? kinds[i].one : kinds[i].many);
		before = " and ";
	}
}

/* --- states ---------------------------------------------------------------*/

/* No socket that sock_diag(7) lists is in CLOSE. */
static bool is_listed(int state)
{
	return state != DIAG_CLOSE;
}

size_t lab_state_names(const char **ret, size_t size)
{
	size_t n = 0;

	for (int i = DIAG_ESTABLISHED; i <= DIAG_CLOSING && n < size; i++)
		if (is_listed(i))
			ret[n++] = diag_state_text((enum diag_state)i);
	return n;
}

enum diag_state lab_value_state(const char *text)
{
	if (strcasecmp(text, "ESTABLISHED") == 0)
		return DIAG_ESTABLISHED;
	for (int i = DIAG_ESTABLISHED; i <= DIAG_CLOSING; i++)
		if (is_listed(i) &&
		    strcasecmp(text, diag_state_text((enum diag_state)i)) == 0)
			return (enum diag_state)i;
	return (enum diag_state)0;
}

/* --- outcomes -------------------------------------------------------------*/

/* Beyond those of errno(3). */
static const char *const outcomes[] = { "EOF", "DATA" };

enum { ERRNOS = 134 };

const char *lab_value_outcome(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++)
		if (strcasecmp(text, outcomes[i]) == 0)
			return outcomes[i];
	for (int i = 1; i < ERRNOS; i++) {
		const char *name = strerrorname_np(i);

		if (name && strcasecmp(text, name) == 0)
			return name;
	}
	return NULL;
}

size_t lab_outcome_names(const char **ret, size_t size)
{
	size_t n = 0;

	for (; n < ARRAY_SIZE(outcomes) && n < size; n++)
		ret[n] = outcomes[n];
	for (int i = 1; i < ERRNOS && n < size; i++)
		if (strerrorname_np(i))
			ret[n++] = strerrorname_np(i);
	return n;
}

/* --- signals --------------------------------------------------------------*/

int lab_value_signal(const char *text, int *ret)
{
	const char *names[NSIG], *bare = text;
	uint64_t number = 0;
	char near[256];
	size_t n = 0;

	if (strncasecmp(text, "SIG", 3) == 0)
		bare += 3;
	for (int i = 1; i < NSIG; i++) {
		const char *name = sigabbrev_np(i);

		if (!name)
			continue;
		if (strcasecmp(bare, name) == 0) {
			*ret = i;
			return 0;
		}
		names[n++] = name;
	}
	if (lab_value_number(text, "a signal", 1, NSIG - 1, &number) >= 0) {
		*ret = (int)number;
		return 0;
	}
	return error_refuse(-EINVAL, "'%s' is no signal%s", text,
			    lab_suggest(bare, names, n, near, sizeof(near)));
}

void lab_say_signal(FILE *out, int number)
{
	const char *name = sigabbrev_np(number);

	if (name)
		fputs(name, out);
	else
		fprintf(out, "%d", number);
}
