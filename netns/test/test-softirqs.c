/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "softirqs.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

/* Process 2 is kthreadd, except in a container. */
static bool kernel_threads_are_visible(void)
{
	char comm[32] = "";
	FILE *file = fopen("/proc/2/comm", "re");

	if (file && !fgets(comm, sizeof(comm), file))
		comm[0] = '\0';
	if (file)
		fclose(file);
	return strcmp(comm, "kthreadd\n") == 0;
}

START_TEST(each_cpu_has_a_ksoftirqd)
{
	struct softirqs softirqs;
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	softirqs_open(&softirqs);
	if (kernel_threads_are_visible() && processors < SOFTIRQS_MAX)
		ck_assert_uint_ge(softirqs.n, (size_t)processors);
	softirqs_close(&softirqs);
	ck_assert_uint_eq(softirqs.n, 0);
}
END_TEST

START_TEST(waiting_time_does_not_decrease)
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

START_TEST(samples_exclude_delay_before_the_first)
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
	&each_cpu_has_a_ksoftirqd,
	&waiting_time_does_not_decrease,
	&samples_exclude_delay_before_the_first,
};

int main(void)
{
	return unit_run("softirqs", tests, ARRAY_SIZE(tests), NULL);
}
