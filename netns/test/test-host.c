/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes in a host: how they start, what they inherit, how they end. */
#include "host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "realm.h"

/* Starts a shell script in the server; `ret_out` is a pipe with its output. */
static pid_t start_shell(struct realm *realm, const char *script, int *ret_out)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	struct host_program program = { .exe = -1,
					.argv = argv,
					.fds = { -1, -1, -1, -1 } };
	int fds[2];
	pid_t pid;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	program.fds[1] = fds[1];
	pid = host_start(realm_host(realm, "server"), &program);
	fd_close(fds[1]);
	*ret_out = fds[0];
	return pid;
}

/* The whole output of a script. */
static const char *run_script(struct realm *realm, const char *script)
{
	static char text[4096];
	ssize_t n;
	int out;

	realm_ok(start_shell(realm, script, &out));
	n = fd_read_all(out, text, sizeof(text) - 1);
	fd_close(out);
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	return text;
}

/* Of this PID namespace and those in it. */
static unsigned int count_processes(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	unsigned int n = 0;

	while ((entry = readdir(dir)))
		n += entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
	closedir(dir);
	return n;
}

START_TEST(program_has_no_capabilities)
{
	static const char *const wanted[] = {
		"CapInh:\t0000000000000000", "CapPrm:\t0000000000000000",
		"CapEff:\t0000000000000000", "CapBnd:\t0000000000000000",
		"CapAmb:\t0000000000000000", "NoNewPrivs:\t1",
	};
	struct realm realm;
	const char *status;
	unsigned int ids[4];

	realm_begin(&realm, AF_INET);
	status = run_script(&realm, "cat /proc/self/status");
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		ck_assert_msg(strstr(status, wanted[i]) != NULL, "%s in\n%s",
			      wanted[i], status);
	ck_assert_int_eq(sscanf(strstr(status, "Uid:"), "Uid: %u %u %u %u",
				&ids[0], &ids[1], &ids[2], &ids[3]),
			 4);
	for (size_t i = 0; i < 4; i++)
		ck_assert_uint_ne(ids[i], 0);
	realm_end(&realm);
}
END_TEST

START_TEST(program_ignores_no_signal)
{
	struct realm realm;

	/* As when started in the background, or from Python. */
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	umask(077);
	realm_begin(&realm, AF_INET);
	ck_assert_ptr_nonnull(
		strstr(run_script(&realm, "cat /proc/self/status"),
		       "SigIgn:\t0000000000000000"));
	ck_assert_str_eq(run_script(&realm, "umask"), "0022\n");
	realm_end(&realm);
}
END_TEST

START_TEST(program_sees_the_network_of_its_host)
{
	struct realm realm;
	const char *text;

	realm_begin(&realm, AF_INET);
	text = run_script(&realm, "cat /proc/net/dev");
	ck_assert_ptr_nonnull(strstr(text, "eth0:"));
	ck_assert_ptr_null(strstr(text, "port10"));
	realm_end(&realm);
}
END_TEST

START_TEST(program_has_only_its_fds)
{
	const char *argv[] = { "sh", "-c",
			       "read x <&3; echo $x; "
			       "exec ls /proc/self/fd",
			       NULL };
	struct host_program program = { .exe = -1,
					.argv = argv,
					.fds = { -1, -1, -1, -1 } };
	int in[2], out[2];
	struct realm realm;
	char text[256];
	ssize_t n;

	realm_begin(&realm, AF_INET);
	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	program.fds[1] = out[1];
	program.fds[3] = in[0];
	ck_assert_int_eq(write(in[1], "told\n", 5), 5);
	realm_ok(host_start(realm_host(&realm, "server"), &program));
	fd_close(out[1]);
	n = fd_read_all(out[0], text, sizeof(text) - 1);
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	/* 4 is the directory that ls reads. */
	ck_assert_str_eq(text, "told\n0\n1\n2\n3\n4\n");
	realm_end(&realm);
}
END_TEST

START_TEST(missing_program_is_an_error)
{
	static const char *const argv[] = { "/nowhere/to-be-found", NULL };
	static const struct host_program program = {
		.exe = -1, .argv = argv, .fds = { -1, -1, -1, -1 }
	};
	struct realm realm;
	int out;

	realm_begin(&realm, AF_INET);
	ck_assert_int_eq(host_start(realm_host(&realm, "server"), &program),
			 -ENOENT);
	ck_assert_ptr_nonnull(strstr(error_message(), "to-be-found"));
	/* The host still works. */
	realm_ok(start_shell(&realm, "exit 0", &out));
	realm_end(&realm);
}
END_TEST

START_TEST(too_many_arguments_are_an_error)
{
	static char long_one[HOST_ARGUMENTS_SIZE];
	const char *argv[] = { "sh", long_one, NULL };
	const struct host_program program = { .exe = -1,
					      .argv = argv,
					      .fds = { -1, -1, -1, -1 } };
	struct realm realm;

	memset(long_one, 'x', sizeof(long_one) - 1);
	realm_begin(&realm, AF_INET);
	ck_assert_int_eq(host_start(realm_host(&realm, "server"), &program),
			 -E2BIG);
	realm_end(&realm);
}
END_TEST

START_TEST(exit_of_a_program_is_reported)
{
	struct realm realm;
	pid_t pid;
	int out;

	realm_begin(&realm, AF_INET);
	pid = start_shell(&realm, "exit 7", &out);
	realm_ok(pid);
	realm_until(&realm, realm.n_exits == 1);
	ck_assert_int_eq(realm.exit_pid, pid);
	ck_assert_ptr_eq(realm.exit_host, realm_host(&realm, "server"));
	ck_assert(WIFEXITED(realm.exit_status));
	ck_assert_int_eq(WEXITSTATUS(realm.exit_status), 7);

	pid = start_shell(&realm, "exec sleep 1000", &out);
	realm_ok(pid);
	realm_ok(host_signal(realm_host(&realm, "server"), pid, SIGKILL));
	realm_until(&realm, realm.n_exits == 2);
	ck_assert_int_eq(realm.exit_pid, pid);
	ck_assert_int_eq(WTERMSIG(realm.exit_status), SIGKILL);
	ck_assert_int_eq(
		host_signal(realm_host(&realm, "server"), pid, SIGKILL),
		-ESRCH);
	realm_end(&realm);
}
END_TEST

START_TEST(power_off_kills_daemons)
{
	struct realm realm;
	unsigned int before;
	struct host *server;
	char byte;
	int out;

	realm_begin(&realm, AF_INET);
	server = realm_host(&realm, "server");
	before = count_processes();
	/* Daemons: in sessions of their own, with parents that have exited. */
	realm_ok(start_shell(&realm,
			     "for i in 1 2 3; do setsid sh -c "
			     "'trap \"\" TERM HUP; echo; sleep 1000' & done; "
			     "exit 0",
			     &out));
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(read(out, &byte, 1), 1);
	ck_assert_uint_ge(count_processes(), before + 3);
	realm.n_exits = 0;
	realm_ok(host_power_off(server));
	ck_assert(!host_is_running(server));
	/* End of file at once: the last writer of the pipe is gone. */
	ck_assert_int_eq(read(out, &byte, 1), 0);
	ck_assert_uint_eq(count_processes(), before - 1);
	realm_run_for(&realm, MSEC(5));
	ck_assert_uint_eq(realm.n_exits, 0);
	ck_assert_int_eq(host_signal(server, -1, SIGCONT), -EHOSTDOWN);
	realm_ok(host_power_off(server));
	realm_end(&realm);
}
END_TEST

START_TEST(death_of_the_init_is_reported)
{
	struct realm realm;

	realm_begin(&realm, AF_INET);
	ck_assert_int_eq(kill(host_init(realm_host(&realm, "server")), SIGKILL),
			 0);
	realm_until(&realm, realm.n_exits > 0);
	ck_assert_int_eq(realm.exit_pid, 0);
	ck_assert(!host_is_running(realm.exit_host));
	realm_end(&realm);
}
END_TEST

START_TEST(frozen_programs_do_nothing_until_thawed)
{
	struct realm realm;
	struct host *server;
	char text[4096];
	int out;

	realm_begin(&realm, AF_INET);
	server = realm_host(&realm, "server");
	realm_ok(start_shell(&realm, "while :; do echo; done", &out));
	ck_assert_int_gt(read(out, text, 1), 0);
	realm_ok(host_freeze(server));
	/* Drain what it wrote before; then there is nothing more. */
	realm_ok(fd_set_nonblocking(out));
	while (read(out, text, sizeof(text)) > 0)
		;
	ck_assert_int_eq(errno, EAGAIN);
	poll(NULL, 0, 20);
	ck_assert_int_eq(read(out, text, 1), -1);
	ck_assert_int_eq(errno, EAGAIN);
	/* A frozen host can be frozen again, and be powered off. */
	realm_ok(host_freeze(server));
	realm_ok(host_thaw(server));
	realm_until(&realm, read(out, text, 1) == 1);
	realm_ok(host_freeze(server));
	realm_ok(host_power_off(server));
	realm_end(&realm);
}
END_TEST

static const TTest *const *const tests[] = {
	&program_has_no_capabilities,
	&program_ignores_no_signal,
	&program_sees_the_network_of_its_host,
	&program_has_only_its_fds,
	&missing_program_is_an_error,
	&too_many_arguments_are_an_error,
	&exit_of_a_program_is_reported,
	&power_off_kills_daemons,
	&death_of_the_init_is_reported,
	&frozen_programs_do_nothing_until_thawed,
};

int main(void)
{
	return realm_run("host", tests, ARRAY_SIZE(tests));
}
