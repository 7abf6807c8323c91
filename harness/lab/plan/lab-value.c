/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values are computed in integers: a duration in nanoseconds, a percentage in
 * millionths. A value that is finer than its unit is refused instead of
 * rounded, so that a text means exactly what it says.
 */
#include "lab-value.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "errors.h"
#include "lab-plan.h"
#include "wire.h"

/* --- numbers --------------------------------------------------------------*/

static const char digits[] = "0123456789";

/* A number of so many digits fits in 63 bits. */
enum { DIGITS = 18 };

int lab_value_number(const char *text, const char *what, uint64_t min,
		     uint64_t max, uint64_t *ret)
{
	size_t n = strspn(text, digits);
	uint64_t value = 0;

	if (n && n <= DIGITS && !text[n])
		value = strtoull(text, NULL, 10);
	if (!n || text[n] || n > DIGITS || value < min || value > max)
		return error_refuse(-EINVAL,
				    "invalid %s '%s': expected %" PRIu64
				    " to %" PRIu64,
				    what, text, min, max);
	*ret = value;
	return 0;
}

/*
 * A decimal number as a count of 1/`unit`, where `unit` is a power of ten.
 * Returns the end of the number; NULL for an invalid one, one that is finer
 * than 1/`unit`, and one above `max`.
 */
static const char *read_decimal(const char *text, int64_t unit, int64_t max,
				int64_t *ret)
{
	size_t whole = strspn(text, digits), part = 0;
	const char *end = text + whole;
	int64_t value;

	if (!whole || whole > DIGITS)
		return NULL;
	value = strtoll(text, NULL, 10);
	if (value > max / unit)
		return NULL;
	value *= unit;
	if (*end == '.') {
		part = strspn(++end, digits);
		if (!part)
			return NULL;
	}
	for (size_t i = 0; i < part; i++) {
		if (unit < 10 && end[i] != '0')
			return NULL;
		unit /= 10;
		value += unit * (end[i] - '0');
	}
	*ret = value;
	return value <= max ? end + part : NULL;
}

/* --- durations ------------------------------------------------------------*/

/* In the order in which they follow each other. */
static const struct {
	const char *name;
	nsec_t nsec;
} units[] = {
	{ "h", SEC(3600) }, { "m", SEC(60) },  { "s", SEC(1) },
	{ "ms", MSEC(1) },  { "us", USEC(1) }, { "ns", 1 },
};

/* The sum of as many of them as a plan has steps fits in nsec_t. */
static const nsec_t longest = SEC(INT64_C(366) * 86400);

/* A number alone is the usual mistake; both likely units are suggested. */
static int refuse_duration(const char *text)
{
	if (*text && !text[strspn(text, "0123456789.")])
		return error_refuse(-EINVAL,
				    "invalid duration '%s': missing unit; did "
				    "you mean %ss or %sms?",
				    text, text, text);
	return error_refuse(-EINVAL,
			    "invalid duration '%s': expected a value such as "
			    "2s, 500ms or 1m30s, at most a year",
			    text);
}

/* One number and its unit, which follows the units before it. */
static const char *read_part(const char *text, size_t *unit, nsec_t *ret)
{
	const char *name = text + strspn(text, "0123456789.");
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz");

	for (size_t i = *unit; i < ARRAY_SIZE(units); i++) {
		/* Hours and minutes are no powers of ten. */
		nsec_t scale = MIN(units[i].nsec, SEC(1));
		int64_t times = units[i].nsec / scale;
		int64_t value;

		if (strlen(units[i].name) != length ||
		    strncmp(units[i].name, name, length) != 0)
			continue;
		if (read_decimal(text, scale, longest / times, &value) != name)
			return NULL;
		*unit = i + 1;
		*ret = value * times;
		return name + length;
	}
	return NULL;
}

int lab_value_duration(const char *text, nsec_t *ret)
{
	const char *rest = text;
	nsec_t sum = 0, part = 0;
	size_t unit = 0;

	do {
		rest = read_part(rest, &unit, &part);
		sum += part;
	} while (rest && *rest && sum <= longest);
	if (!rest || sum > longest)
		return refuse_duration(text);
	*ret = sum;
	return 0;
}

int lab_value_mtu(const char *text, unsigned int *ret)
{
	uint64_t number;
	int r = lab_value_number(text, "MTU", 1280, 9000, &number);

	if (r < 0)
		return error_trace(r);
	*ret = (unsigned int)number;
	return 0;
}

int lab_value_idle(const char *text, nsec_t *ret)
{
	nsec_t idle;
	int r = lab_value_duration(text, &idle);

	if (r < 0)
		return error_trace(r);
	if (idle < SEC(1) || idle % SEC(1))
		return error_refuse(-EINVAL,
				    "invalid idle time '%s': expected whole "
				    "seconds, at least 1s",
				    text);
	*ret = idle;
	return 0;
}

/* Hours, minutes and seconds, or, below a second, one unit. */
const char *lab_value_duration_text(nsec_t duration, char *buffer, size_t size)
{
	nsec_t minutes = duration / SEC(60), rest = duration % SEC(60);
	size_t used = 0;
	char part[16];

	if (duration && duration < SEC(1)) {
		size_t i = 3;

		while (duration % units[i].nsec)
			i++;
		snprintf(buffer, size, "%" PRId64 "%s",
			 duration / units[i].nsec, units[i].name);
		return buffer;
	}
	buffer[0] = '\0';
	if (minutes >= 60)
		used += (size_t)snprintf(buffer, size, "%" PRId64 "h",
					 minutes / 60);
	if (minutes % 60)
		used += (size_t)snprintf(buffer + used, size - used,
					 "%" PRId64 "m", minutes % 60);
	if (!rest && used)
		return buffer;
	snprintf(part, sizeof(part), "%09" PRId64, rest % SEC(1));
	for (size_t i = 9; i > 0 && part[i - 1] == '0'; i--)
		part[i - 1] = '\0';
	snprintf(buffer + used, size - used, "%" PRId64 "%s%ss", rest / SEC(1),
		 *part ? "." : "", part);
	return buffer;
}

/* --- percentages, sizes, booleans -----------------------------------------*/

enum { MILLION = 1000000 };

int lab_value_share(const char *text, double *ret)
{
	int64_t millionths;
	const char *end = read_decimal(text, MILLION / 100, INT64_C(1) << 40,
				       &millionths);

	if (!end || strcmp(end, "%") != 0)
		return error_refuse(-EINVAL,
				    "invalid percentage '%s': expected a value "
				    "such as 10%% or 0.5%%",
				    text);
	if (millionths > MILLION)
		return error_refuse(-EINVAL,
				    "invalid percentage '%s': more than 100%%",
				    text);
	*ret = (double)millionths / MILLION;
	return 0;
}

int lab_value_bytes(const char *text, uint64_t *ret)
{
	static const struct {
		const char *name;
		uint64_t bytes;
	} sizes[] = {
		{ "", 1 },
		{ "K", UINT64_C(1) << 10 },
		{ "M", UINT64_C(1) << 20 },
		{ "G", UINT64_C(1) << 30 },
		{ "KiB", UINT64_C(1) << 10 },
		{ "MiB", UINT64_C(1) << 20 },
		{ "GiB", UINT64_C(1) << 30 },
	};
	static const uint64_t most = UINT64_C(1) << 40;
	size_t n = strspn(text, digits);
	uint64_t value = n && n <= DIGITS ? strtoull(text, NULL, 10) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (strcasecmp(text + n, sizes[i].name) != 0)
			continue;
		if (!value || value > most / sizes[i].bytes)
			break;
		*ret = value * sizes[i].bytes;
		return 0;
	}
	return error_refuse(-EINVAL,
			    "invalid number of bytes '%s': expected a value "
			    "such as 1500, 64KiB or 1MiB, from 1 to 1024GiB",
			    text);
}

int lab_value_rate(const char *text, uint64_t *ret)
{
	static const struct {
		const char *name;
		int64_t bits;
	} rates[] = {
		{ "bit/s", 1 },
		{ "kbit/s", 1000 },
		{ "Mbit/s", 1000000 },
		{ "Gbit/s", 1000000000 },
	};
	const char *unit = text + strspn(text, "0123456789.");

	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		int64_t rate;

		if (strcasecmp(unit, rates[i].name) != 0 ||
		    read_decimal(text, rates[i].bits, INT64_C(1000000000000),
				 &rate) != unit ||
		    !rate)
			continue;
		*ret = (uint64_t)rate;
		return 0;
	}
	return error_refuse(-EINVAL,
			    "invalid rate '%s': expected a value such as "
			    "10Mbit/s or 64kbit/s, at most 1000Gbit/s",
			    text);
}

int lab_value_bool(const char *text, bool *ret)
{
	bool yes = strcasecmp(text, "yes") == 0 ||
		   strcasecmp(text, "true") == 0;

	if (!yes && strcasecmp(text, "no") != 0 &&
	    strcasecmp(text, "false") != 0)
		return error_refuse(-EINVAL,
				    "invalid value '%s': expected yes or no",
				    text);
	*ret = yes;
	return 0;
}

/* --- kinds of frames ------------------------------------------------------*/

static const struct lab_kind kinds[] = {
	{ "segment", "segments", WIRE_TCP },
	{ "syn", "syns", WIRE_SYN },
	{ "syn-ack", "syn-acks", WIRE_SYN_ACK },
	{ "fin", "fins", WIRE_FIN },
	{ "rst", "rsts", WIRE_RST },
	{ "data", "data", LAB_PAYLOAD },
	{ "new-data", "new-data", WIRE_DATA },
	{ "ack", "acks", WIRE_PURE_ACK },
	{ "probe", "probes", WIRE_KEEPALIVE_PROBE },
	{ "retransmission", "retransmissions", WIRE_RETRANSMISSION },
	{ "icmp", "icmp", WIRE_ICMP },
	{ "arp", "arp", WIRE_NEIGHBOUR },
	{ "frame", "frames", 0 },
};

const struct lab_kind *lab_value_kinds(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(kinds);
	return kinds;
}

const struct lab_kind *lab_value_kind(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcasecmp(text, kinds[i].one) == 0 ||
		    strcasecmp(text, kinds[i].many) == 0)
			return &kinds[i];
	return NULL;
}

/* --- socket states --------------------------------------------------------*/

/* sock_diag(7) lists no socket in CLOSE. */
static bool is_listed(int state)
{
	return state != DIAG_CLOSE;
}

size_t lab_value_states(const char **ret, size_t size)
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

/* --- gateways -------------------------------------------------------------*/

const char *const *lab_value_tracked_states(size_t *ret_n)
{
	static const char *const names[LAB_TRACKED_STATES] = {
		[LAB_TRACKED_SYN_SENT] = "syn-sent",
		[LAB_TRACKED_SYN_RECV] = "syn-recv",
		[LAB_TRACKED_ESTABLISHED] = "established",
		[LAB_TRACKED_FIN_WAIT] = "fin-wait",
		[LAB_TRACKED_CLOSE_WAIT] = "close-wait",
		[LAB_TRACKED_LAST_ACK] = "last-ack",
		[LAB_TRACKED_TIME_WAIT] = "time-wait",
		[LAB_TRACKED_CLOSE] = "close",
		[LAB_TRACKED_MAX_RETRANS] = "max-retrans",
		[LAB_TRACKED_UNACKNOWLEDGED] = "unacknowledged",
	};

	*ret_n = ARRAY_SIZE(names);
	return names;
}

const char *const *lab_value_answers(size_t *ret_n)
{
	static const char *const names[] = {
		[LAB_ANSWER_RST] = "rst",     [LAB_ANSWER_NET] = "net",
		[LAB_ANSWER_HOST] = "host",   [LAB_ANSWER_PORT] = "port",
		[LAB_ANSWER_ADMIN] = "admin",
	};

	*ret_n = ARRAY_SIZE(names);
	return names;
}

/* --- outcomes -------------------------------------------------------------*/

/* errno(3) ends at EHWPOISON, 133, on every architecture but a few. */
enum { ERRNOS = 134 };

size_t lab_value_outcomes(const char **ret, size_t size)
{
	static const char *const others[] = { "EOF", "DATA" };
	size_t n = 0;

	for (; n < ARRAY_SIZE(others) && n < size; n++)
		ret[n] = others[n];
	for (int i = 1; i < ERRNOS && n < size; i++)
		if (strerrorname_np(i))
			ret[n++] = strerrorname_np(i);
	return n;
}

const char *lab_value_outcome(const char *text)
{
	const char *names[ERRNOS + 2];
	size_t n = lab_value_outcomes(names, ARRAY_SIZE(names));

	for (size_t i = 0; i < n; i++)
		if (strcasecmp(text, names[i]) == 0)
			return names[i];
	return NULL;
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
	if (lab_value_number(text, "signal", 1, NSIG - 1, &number) >= 0) {
		*ret = (int)number;
		return 0;
	}
	return error_refuse(-EINVAL, "unknown signal '%s'%s", text,
			    lab_suggest(bare, names, n, near, sizeof(near)));
}
