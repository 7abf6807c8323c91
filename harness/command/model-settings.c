/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * KEY=VALUE arguments for the model of TCP. One table has the keys, their units and
 * their place in the struct; --help prints the same table.
 *
 * Three sources, from weak to strong: the defaults of the kernel version, the
 * sysctls of this network namespace, the arguments.
 */
#include "model-settings.h"

#include <linux/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "macro.h"
#include "message.h"
#include "nearest.h"

/* The model's inputs, and two sysctls from which one of them is derived. */
struct settings {
	struct predict_tcp tcp;
	unsigned int early_retrans, sack;
	bool kernel_known;
};

enum unit { UNIT_NONE, UNIT_KERNEL, UNIT_USEC, UNIT_MSEC, UNIT_SEC };

struct key {
	const char *name;
	size_t at;	  /* in struct settings */
	int64_t min, max; /* in `unit` */
	enum unit unit;	  /* UNIT_NONE: a count */
	unsigned int since; /* the first kernel with this sysctl */
	const char *what; /* description; NULL: a sysctl of that name */
};

/* Limit of durations: they are multiplied and must not overflow. */
enum { DAYS_100 = 100 * 86400 };

#define KEY(name_, unit_, field_, min_, max_, what_)                           \
	{                                                                      \
		name_, offsetof(struct settings, field_), min_, max_, unit_,   \
			0, what_                                               \
	}
#define SYSCTL(name_, unit_, field_, min_, max_)                               \
	SYSCTL_SINCE(0, name_, unit_, field_, min_, max_)
#define SYSCTL_SINCE(since_, name_, unit_, field_, min_, max_)                 \
	{                                                                      \
		name_, offsetof(struct settings, field_), min_, max_, unit_,   \
			since_, NULL                                           \
	}

/* The ranges are those of net/ipv4/sysctl_net_ipv4.c, if it has any. */
static const struct key keys[] = {
	KEY("hz", UNIT_NONE, tcp.hz, 10, 10000,
	    "ticks per second, instead of this machine's"),
	KEY("kernel", UNIT_KERNEL, tcp.kernel, 0, 0,
	    "a version such as 6.12 or 6.1.60, instead of this machine's"),
	KEY("rtt", UNIT_MSEC, tcp.rtt, 0, 3600000,
	    "round-trip time of the path; determines the RTO"),
	KEY("rto", UNIT_MSEC, tcp.rto, 1, 3600000,
	    "the RTO, instead of one computed from rtt"),
	KEY("packets", UNIT_NONE, tcp.packets_out, 1, 1000000,
	    "segments in flight; determines the tail loss probe"),
	KEY("user_timeout", UNIT_MSEC, tcp.user_timeout, 0, INT32_MAX,
	    "TCP_USER_TIMEOUT"),
	SYSCTL("tcp_retries2", UNIT_NONE, tcp.retries2, 0, 255),
	SYSCTL("tcp_orphan_retries", UNIT_NONE, tcp.orphan_retries, 0, 255),
	SYSCTL_SINCE(KERNEL_VERSION(6, 11, 0), "tcp_rto_min_us", UNIT_USEC,
		     tcp.rto_min, 1, INT32_MAX),
	SYSCTL_SINCE(KERNEL_VERSION(6, 15, 0), "tcp_rto_max_ms", UNIT_MSEC,
		     tcp.rto_max, 1000, 120000),
	SYSCTL("tcp_early_retrans", UNIT_NONE, early_retrans, 0, 4),
	SYSCTL("tcp_sack", UNIT_NONE, sack, 0, 255),
	SYSCTL("tcp_keepalive_time", UNIT_SEC, tcp.keepalive_time, 0, DAYS_100),
	SYSCTL("tcp_keepalive_intvl", UNIT_SEC, tcp.keepalive_intvl, 0,
	       DAYS_100),
	SYSCTL("tcp_keepalive_probes", UNIT_NONE, tcp.keepalive_probes, 0, 255),
	SYSCTL("tcp_syn_retries", UNIT_NONE, tcp.syn_retries, 1, 127),
	SYSCTL_SINCE(KERNEL_VERSION(6, 5, 0), "tcp_syn_linear_timeouts",
		     UNIT_NONE, tcp.syn_linear, 0, 127),
	SYSCTL("tcp_synack_retries", UNIT_NONE, tcp.synack_retries, 0, 255),
};

/* --- values ------------------------------------------------------------- */

static nsec_t unit_nsec(enum unit unit)
{
	switch (unit) {
	case UNIT_USEC:
		return USEC(1);
	case UNIT_MSEC:
		return MSEC(1);
	case UNIT_SEC:
		return SEC(1);
	case UNIT_NONE:
	case UNIT_KERNEL:
		break;
	}
	return 1;
}

/* "us", "ms", "s", or "" for the key's own unit; 0 for anything else. */
static nsec_t suffix_nsec(const char *text, enum unit unit)
{
	if (*text == '\0')
		return unit_nsec(unit);
	if (strcmp(text, "us") == 0)
		return USEC(1);
	if (strcmp(text, "ms") == 0)
		return MSEC(1);
	return strcmp(text, "s") == 0 ? SEC(1) : 0;
}

static bool parse_duration(const struct key *key, nsec_t *ret, const char *text)
{
	nsec_t unit = unit_nsec(key->unit);
	size_t digits = strspn(text, "0123456789.");
	nsec_t suffix = suffix_nsec(text + digits, key->unit);
	double nsec;
	char *end;

	if (digits == 0 || suffix == 0)
		return false;
	nsec = strtod(text, &end) * (double)suffix;
	if (end != text + digits || nsec < (double)key->min * (double)unit ||
	    nsec > (double)key->max * (double)unit)
		return false;
	*ret = (nsec_t)(nsec + 0.5);
	return true;
}

static bool parse_count(const struct key *key, unsigned int *ret,
			const char *text)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long value;

	if (digits == 0 || digits > 9 || text[digits] != '\0')
		return false;
	value = strtoul(text, NULL, 10);
	if (value < (unsigned long)key->min || value > (unsigned long)key->max)
		return false;
	*ret = (unsigned int)value;
	return true;
}

/* "6.12", "6.1.60", or a release as of uname(): "6.12.3-amd64". */
static bool parse_kernel(unsigned int *ret, const char *text)
{
	*ret = kernel_version_of(text);
	return *ret != 0;
}

static bool parse_value(struct settings *settings, const struct key *key,
			const char *text)
{
	void *field = (char *)settings + key->at;

	switch (key->unit) {
	case UNIT_NONE:
		return parse_count(key, field, text);
	case UNIT_KERNEL:
		return parse_kernel(field, text);
	case UNIT_USEC:
	case UNIT_MSEC:
	case UNIT_SEC:
		break;
	}
	return parse_duration(key, field, text);
}

/* --- keys --------------------------------------------------------------- */

static const char *nearest_key(const char *name)
{
	const char *names[ARRAY_SIZE(keys)], *found[1];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		names[i] = keys[i].name;
	nearest_names(name, names, ARRAY_SIZE(names), found, 1);
	return found[0];
}

static const struct key *find_key(const char *name, bool full)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(name, keys[i].name) == 0 &&
		    (!keys[i].what || !full))
			return &keys[i];
	}
	return NULL;
}

static const char *unit_name(enum unit unit)
{
	switch (unit) {
	case UNIT_USEC:
		return "us";
	case UNIT_MSEC:
		return "ms";
	case UNIT_SEC:
		return "s";
	case UNIT_NONE:
	case UNIT_KERNEL:
		break;
	}
	return "";
}

static void report_value(const struct key *key, const char *value)
{
	if (key->unit == UNIT_KERNEL)
		fprintf(stderr,
			_("halfopen predict: %s=%s: expected a version such as "
			  "6.12\n"),
			key->name, value);
	else if (key->unit == UNIT_NONE)
		fprintf(stderr,
			_("halfopen predict: %s=%s: expected an integer from "
			  "%ld "
			  "to %ld\n"),
			key->name, value, (long)key->min, (long)key->max);
	else
		fprintf(stderr,
			_("halfopen predict: %s=%s: expected a time in us, ms "
			  "or "
			  "s from %ld to %ld %s\n"),
			key->name, value, (long)key->min, (long)key->max,
			unit_name(key->unit));
}

static bool exists(const struct settings *settings, const struct key *key)
{
	return settings->tcp.kernel >= key->since;
}

static void report_since(const struct settings *settings,
			 const struct key *key)
{
	fprintf(stderr,
		_("halfopen predict: %s: not in Linux %u.%u; the sysctl exists "
		  "since %u.%u\n"),
		key->name, settings->tcp.kernel >> 16,
		settings->tcp.kernel >> 8 & 0xff, key->since >> 16,
		key->since >> 8 & 0xff);
}

/* Returns false, with the reason on stderr. */
static bool apply_argument(struct settings *settings, const char *argument)
{
	static const char prefix[] = "net.ipv4.";
	const char *value = strchr(argument, '=');
	bool full = strncmp(argument, prefix, sizeof(prefix) - 1) == 0;
	const struct key *key;
	char name[64];

	if (!value) {
		fprintf(stderr,
			_("halfopen predict: '%s': expected KEY=VALUE\n"),
			argument);
		return false;
	}
	if (full)
		argument += sizeof(prefix) - 1;
	snprintf(name, sizeof(name), "%.*s", (int)MIN(value - argument, 63),
		 argument);

	key = find_key(name, full);
	if (!key) {
		fprintf(stderr,
			_("halfopen predict: unknown key '%s%s'; "
			  "similar: %s\n"),
			full ? prefix : "", name, nearest_key(name));
		return false;
	}
	if (!parse_value(settings, key, value + 1)) {
		report_value(key, value + 1);
		return false;
	}
	/* The kernel may follow among the arguments. */
	if (settings->kernel_known && !exists(settings, key)) {
		report_since(settings, key);
		return false;
	}
	return true;
}

static bool apply_arguments(struct settings *settings, char *const *words)
{
	for (; *words; words++)
		if (!apply_argument(settings, *words))
			return false;
	return true;
}

/* --- this machine ------------------------------------------------------- */

static bool read_line(char *line, int size, const char *name)
{
	char path[128];
	FILE *file;
	bool got;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", name);
	file = fopen(path, "re");
	if (!file)
		return false;
	got = fgets(line, size, file) != NULL;
	fclose(file);
	if (got)
		line[strcspn(line, "\n")] = '\0';
	return got;
}

/* A sysctl that this kernel or the given one lacks keeps Linux's default. */
static void apply_live(struct settings *settings)
{
	char line[64] = "";

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!keys[i].what && exists(settings, &keys[i]) &&
		    read_line(line, sizeof(line), keys[i].name))
			parse_value(settings, &keys[i], line);
	}
}

/* The arguments are applied twice, because HZ and kernel determine the
 * defaults. */
bool model_settings_read(struct predict_tcp *ret, char *const *words)
{
	struct settings settings = { .early_retrans = 3, .sack = 1 };

	settings.tcp.hz = nsec_hz();
	settings.tcp.kernel = kernel_version();
	if (!apply_arguments(&settings, words))
		return false;

	settings.kernel_known = true;
	settings.tcp = predict_defaults(settings.tcp.hz, settings.tcp.kernel);
	settings.tcp.rtt = USEC(100);
	apply_live(&settings);
	if (!apply_arguments(&settings, words))
		return false;

	settings.tcp.tail_loss_probe = settings.early_retrans >= 3 &&
				       settings.sack;
	*ret = settings.tcp;
	return true;
}

static const char *description(const struct key *key)
{
	static const char *const sysctls[] = {
		[UNIT_NONE] = "sysctl, a count",
		[UNIT_KERNEL] = "",
		[UNIT_USEC] = "sysctl, in µs",
		[UNIT_MSEC] = "sysctl, in ms",
		[UNIT_SEC] = "sysctl, in s",
	};

	return !key->what ? sysctls[key->unit] : key->what;
}

void model_settings_each(usage_item_fn *item, void *data)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		item(data, keys[i].name, description(&keys[i]));
}
