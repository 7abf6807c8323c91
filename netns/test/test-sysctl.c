/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "errors.h"
#include "fd.h"
#include "namespace.h"
#include "realm.h"

static int write_one(int fd, const char *name, const char *value)
{
	const struct sysctl_setting setting = { name, value };

	return sysctl_write(fd, &setting, 1);
}

static int new_namespace(void)
{
	int fd = namespace_new();

	realm_ok(fd);
	return fd;
}

START_TEST(names_become_paths)
{
	char path[64];

	realm_ok(sysctl_path("net.ipv4.conf.eth0.x", path, sizeof(path)));
	ck_assert_str_eq(path, "/proc/sys/net/ipv4/conf/eth0/x");
	ck_assert_int_eq(sysctl_path("kernel.hostname", path, 64), -EINVAL);
	ck_assert_int_eq(sysctl_path("net./etc", path, 64), -EINVAL);
	ck_assert_int_eq(sysctl_path("net....x", path, 64), -EINVAL);
	ck_assert_int_eq(sysctl_path("net", path, 64), -EINVAL);
	/* "/proc/sys/" and the NUL must fit too. */
	ck_assert_int_eq(sysctl_path("net.a", path, 15), -EINVAL);
	ck_assert_int_eq(sysctl_path("net.a", path, 16), 0);
}
END_TEST

START_TEST(value_is_written_in_one_namespace)
{
	int a = new_namespace(), b = new_namespace();
	long before, number;

	realm_ok(sysctl_read_number(b, "net.ipv4.tcp_retries2", &before));
	realm_ok(write_one(a, "net.ipv4.tcp_retries2", "3"));
	realm_ok(sysctl_read_number(a, "net.ipv4.tcp_retries2", &number));
	ck_assert_int_eq(number, 3);
	realm_ok(sysctl_read_number(b, "net.ipv4.tcp_retries2", &number));
	ck_assert_int_eq(number, before);
	fd_close(a);
	fd_close(b);
}
END_TEST

START_TEST(lists_of_numbers_are_compared_whole)
{
	char value[SYSCTL_VALUE];
	int a = new_namespace();

	realm_ok(write_one(a, "net.ipv4.tcp_rmem", "4096  131072\t1048576"));
	realm_ok(sysctl_read(a, "net.ipv4.tcp_rmem", value));
	ck_assert_str_eq(value, "4096 131072 1048576");
	/* Only the first number agrees. */
	ck_assert_int_eq(write_one(a, "net.ipv4.tcp_rmem", "4096 4097"), -EDOM);
	fd_close(a);
}
END_TEST

START_TEST(text_values_are_written)
{
	int a = new_namespace();

	realm_ok(write_one(a, "net.ipv4.tcp_congestion_control", "reno"));
	ck_assert_int_eq(write_one(a, "net.ipv4.tcp_congestion_control",
				   "carrier-pigeon"),
			 -EINVAL);
	ck_assert_ptr_nonnull(strstr(error_message(), "carrier-pigeon"));
	fd_close(a);
}
END_TEST

START_TEST(unknown_name_is_refused)
{
	char value[SYSCTL_VALUE];
	int a = new_namespace();

	ck_assert_int_eq(write_one(a, "net.ipv4.tcp_nonsense", "1"), -ENOENT);
	ck_assert_ptr_nonnull(strstr(error_message(), "tcp_nonsense"));
	ck_assert_int_eq(sysctl_read(a, "net.ipv4.tcp_nonsense", value),
			 -ENOENT);
	fd_close(a);
}
END_TEST

START_TEST(value_out_of_range_is_refused)
{
	int a = new_namespace();

	ck_assert_int_eq(write_one(a, "net.ipv4.tcp_syn_retries", "128"),
			 -EINVAL);
	ck_assert_int_eq(write_one(a, "net.ipv4.tcp_retries2", "many"),
			 -EINVAL);
	ck_assert_int_eq(write_one(a, "net.ipv4.tcp_retries2", ""), -EDOM);
	fd_close(a);
}
END_TEST

/* tcp_mem is global: net/ipv4/sysctl_net_ipv4.c, ipv4_table. */
START_TEST(sysctl_of_the_machine_is_absent)
{
	int a = new_namespace();

	ck_assert_int_eq(write_one(a, "net.ipv4.tcp_mem", "1 2 3"), -ENOENT);
	fd_close(a);
}
END_TEST

START_TEST(first_failure_ends_the_list)
{
	static const struct sysctl_setting settings[] = {
		{ "net.ipv4.tcp_retries1", "5" },
		{ "net.ipv4.tcp_nonsense", "5" },
		{ "net.ipv4.tcp_retries2", "5" },
	};
	int a = new_namespace();
	long number;

	ck_assert_int_eq(sysctl_write(a, settings, 3), -ENOENT);
	realm_ok(sysctl_read_number(a, "net.ipv4.tcp_retries1", &number));
	ck_assert_int_eq(number, 5);
	realm_ok(sysctl_read_number(a, "net.ipv4.tcp_retries2", &number));
	ck_assert_int_ne(number, 5);
	fd_close(a);
}
END_TEST

static const TTest *const *const tests[] = {
	&names_become_paths,
	&value_is_written_in_one_namespace,
	&lists_of_numbers_are_compared_whole,
	&text_values_are_written,
	&unknown_name_is_refused,
	&value_out_of_range_is_refused,
	&sysctl_of_the_machine_is_absent,
	&first_failure_ends_the_list,
};

/* Outside of the test's namespaces, on the machine's own sysctls. It writes the
 * value that is there: no harm is done if the refusal fails. */
static bool machine_is_refused(void)
{
	char value[SYSCTL_VALUE];
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	bool got = file && fgets(value, sizeof(value), file);

	if (file)
		fclose(file);
	if (!got || namespace_remember_home() < 0)
		return false;
	/* The home is not ours: the process was not cloned into it. */
	namespace_home_is_ours();
	return !namespace_is_ours(namespace_home()) &&
	       write_one(namespace_home(), "net.ipv4.ip_local_port_range",
			 value) == -EPERM &&
	       strstr(error_message(), "not ours");
}

int main(void)
{
	int status = realm_run("sysctl", tests, ARRAY_SIZE(tests));

	if (status != EXIT_SUCCESS || machine_is_refused())
		return status;
	printf("the machine's own sysctls are not refused: %s\n",
	       error_trail());
	return EXIT_FAILURE;
}
