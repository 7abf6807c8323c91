/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which values of two runs are further apart than chance takes them. */
#include "compare-parts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "macro.h"

enum { COUNT_MOST = 1000, NUMBER_MOST = 65535 };
static const double allowance = 0.02, granule = 1.0 / 8;

bool compare_ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && strcmp(name + n - m, end) == 0;
}

/* Seconds that one of this name's unit is; 0: it is no time. */
static double unit_of(const char *name)
{
	return compare_ends_with(name, "_s")  ? 1 :
	       compare_ends_with(name, "_ms") ? 1e-3 :
						0;
}

/* --- times ---------------------------------------------------------------- */

/* The name under which the greatest one is predicted. */
static const char *name_of_most(const char *name, char ret[static 128])
{
	if (strcmp(name, "elapsed_s") == 0)
		return "elapsed_max_s";
	snprintf(ret, 128, "%s_max", name);
	return ret;
}

static bool is_predicted(const struct result *result, const char *name)
{
	return json_is_number(json_object_get(result->predicted, name));
}

/* Without a greatest one: the granule is the only reason to be late. */
static bool is_as_predicted(const struct result *result, const char *name,
			    double value, double slack)
{
	const json_t *least = json_object_get(result->predicted, name);
	char buffer[128];
	const json_t *most =
		json_object_get(result->predicted, name_of_most(name, buffer));
	double from = json_number_value(least);
	double to = json_is_number(most) ? json_number_value(most) :
					   from * (1 + granule);

	return json_is_number(least) && value >= from - slack &&
	       value <= to + slack;
}

static bool is_other_time(const struct comparison *comparison, const char *name,
			  double a, double b, double unit)
{
	const struct result *const *results = comparison->results;
	double apart = fabs(a - b), least = MIN(fabs(a), fabs(b));
	double slack = MAX(COMPARE_SLACK / unit, allowance * least);

	if (apart <= slack)
		return false;
	if (!is_predicted(results[COMPARE_A], name) &&
	    !is_predicted(results[COMPARE_B], name))
		return apart > granule * least;
	return !is_as_predicted(results[COMPARE_A], name, b, slack) &&
	       !is_as_predicted(results[COMPARE_B], name, a, slack);
}

/* --- all ------------------------------------------------------------------ */

static bool is_other_number(const json_t *a, const json_t *b)
{
	double x = json_number_value(a), y = json_number_value(b);
	double most = MAX(fabs(x), fabs(y)), least = MIN(fabs(x), fabs(y));

	if (json_is_integer(a) && json_is_integer(b)) {
		if (most <= COUNT_MOST)
			return true;
		if (least > NUMBER_MOST)
			return false;
	}
	return fabs(x - y) > allowance * most;
}

static bool is_other(const struct comparison *comparison,
		     const struct compare_value *value)
{
	const json_t *a = value->values[COMPARE_A];
	const json_t *b = value->values[COMPARE_B];
	double unit = unit_of(value->name);

	if (!a || !b)
		return false;
	if (!json_is_number(a) || !json_is_number(b))
		return true;
	if (unit > 0)
		return is_other_time(comparison, value->name,
				     json_number_value(a), json_number_value(b),
				     unit);
	return is_other_number(a, b);
}

static int find(struct compare_values *ret, json_t *a, json_t *b)
{
	struct compare_value *all = calloc(
		json_object_size(a) + json_object_size(b) + 1, sizeof(*all));
	const char *name;
	json_t *value;
	size_t n = 0;

	if (!all)
		return error_origin(-ENOMEM, "comparison");
	json_object_foreach(
		a, name,
		value) if (!json_equal(value, json_object_get(b, name)))
		all[n++] = (struct compare_value){
			.name = name,
			.values = { value, json_object_get(b, name) },
		};
	json_object_foreach(b, name, value) if (!json_object_get(a, name))
		all[n++] = (struct compare_value){
			.name = name,
			.values = { NULL, value },
		};
	ret->all = all;
	ret->n = n;
	return 0;
}

int compare_values_find(struct comparison *comparison)
{
	const struct result *a = comparison->results[COMPARE_A];
	const struct result *b = comparison->results[COMPARE_B];
	struct compare_values *measured = &comparison->measured;
	struct compare_values *predicted = &comparison->predicted;
	struct compare_values *sysctls = &comparison->sysctls;
	int r = find(measured, a->measured, b->measured);

	if (r >= 0)
		r = find(predicted, a->predicted, b->predicted);
	if (r >= 0)
		r = find(sysctls, a->sysctls, b->sysctls);
	if (r < 0)
		return error_trace(r);
	for (size_t i = 0; i < measured->n; i++)
		measured->all[i].differs =
			is_other(comparison, &measured->all[i]);
	for (size_t i = 0; i < predicted->n; i++)
		predicted->all[i].differs =
			is_other(comparison, &predicted->all[i]);
	for (size_t i = 0; i < sysctls->n; i++)
		sysctls->all[i].differs = true;
	return 0;
}
