/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model-settings.h"

#include <linux/version.h>
#include <stdio.h>

#include "kernel.h"
#include "unit.h"

static bool reads(struct predict_tcp *ret, const char *a, const char *b)
{
	char first[64], second[64];
	char *words[] = { first, b ? second : NULL, NULL };

	snprintf(first, sizeof(first), "%s", a);
	snprintf(second, sizeof(second), "%s", b ? b : "");
	return model_settings_read(ret, words);
}

START_TEST(version_has_its_third_number)
{
	struct predict_tcp tcp;

	ck_assert(reads(&tcp, "kernel=6.1.59", NULL));
	ck_assert_uint_eq(tcp.kernel, KERNEL_VERSION(6, 1, 59));
	ck_assert(reads(&tcp, "kernel=6.12", NULL));
	ck_assert_uint_eq(tcp.kernel, KERNEL_VERSION(6, 12, 0));
	ck_assert_uint_eq(kernel_version_of("6.12.117+deb13-cloud-amd64"),
			  KERNEL_VERSION(6, 12, 117));
	ck_assert(!reads(&tcp, "kernel=six", NULL));
}
END_TEST

START_TEST(sysctl_of_a_later_kernel_is_refused)
{
	struct predict_tcp tcp;

	ck_assert(!reads(&tcp, "kernel=6.10", "tcp_rto_min_us=5000"));
	ck_assert(!reads(&tcp, "tcp_rto_min_us=5000", "kernel=6.10"));
	ck_assert(!reads(&tcp, "kernel=6.14", "tcp_rto_max_ms=5000"));
	ck_assert(!reads(&tcp, "kernel=6.4", "tcp_syn_linear_timeouts=1"));
	ck_assert(reads(&tcp, "kernel=6.11", "tcp_rto_min_us=5000"));
	ck_assert_int_eq(tcp.rto_min, MSEC(5));
}
END_TEST

static const TTest *const *const tests[] = {
	&version_has_its_third_number,
	&sysctl_of_a_later_kernel_is_refused,
};

int main(void)
{
	return unit_run("model-settings", tests, ARRAY_SIZE(tests), NULL);
}
