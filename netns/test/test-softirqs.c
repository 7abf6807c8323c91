/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "softirqs.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

/* Thread 2 is kthreadd where the machine's own threads can be seen at all. */
static bool kernel_threads_show(void)
{
	char comm[32] = "";
	FILE *file = fopen("/proc/2/comm", "re");

	if (file && !fgets(comm, sizeof(comm), file))
		comm[0] = '\0';
	if (file)
		fclose(file);
	return strcmp(comm, "kthreadd\n") == 0;
}

START_TEST(one_for_each_processor_or_none)
{
	struct softirqs softirqs;
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	softirqs_open(&softirqs);
	if (kernel_threads_show() && processors < SOFTIRQS_MAX)
		ck_assert_uint_ge(softirqs.n, (size_t)processors);
	softirqs_close(&softirqs);
	ck_assert_uint_eq(softirqs.n, 0);
}
END_TEST

START_TEST(waiting_only_grows)
{
	struct softirqs softirqs;

	softirqs_open(&softirqs);
	for (size_t i = 0; i < softirqs.n; i++) {
		nsec_t first = softirqs_waited(&softirqs, i);

		ck_assert_int_ge(first, 0);
		ck_assert_int_ge(softirqs_waited(&softirqs, i), first);
	}
	softirqs_close(&softirqs);
}
END_TEST

/* Whatever was waited since the machine came up. */
START_TEST(samples_begin_at_nothing)
{
	static struct softirqs_samples samples;
	struct softirqs softirqs;

	softirqs_open(&softirqs);
	softirqs_begin(&samples, &softirqs);
	ck_assert_int_eq(samples.longest, 0);
	softirqs_sample(&samples, &softirqs);
	ck_assert_int_ge(samples.longest, 0);
	softirqs_close(&softirqs);
}
END_TEST

static const TTest *const *const tests[] = {
	&one_for_each_processor_or_none,
	&waiting_only_grows,
	&samples_begin_at_nothing,
};

int main(void)
{
	return unit_run("softirqs", tests, ARRAY_SIZE(tests), NULL);
}
