/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lab's plan: what is made of what was left unsaid, and what of it can be
 * known to be impossible. */
#include "plans.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "lab-words.h"
#include "privilege.h"
#include "suite.h"
#include "unit.h"

/* All steps: "start: listen server 80; 2s: …" */
static const char *steps(void)
{
	static char text[1024];

	text[0] = '\0';
	for (size_t i = 0; i < plan->n_steps; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "%s%s: %s", i ? "; " : "",
			 lab_moment_text(plan, &plan->steps[i].when),
			 plan->steps[i].action.text);
	return text;
}

/* --- what was left unsaid -------------------------------------------------*/

START_TEST(an_empty_plan_is_a_client_and_a_server)
{
	ck_assert_int_eq(lab_plan_add_defaults(plan), 0);
	ck_assert_uint_eq(plan->n_hosts, 2);
	ck_assert_str_eq(plan->hosts[0].name, "client");
	ck_assert_str_eq(plan->hosts[1].name, "server");
	ck_assert_str_eq(steps(), "start: listen server 80; "
				  "start: connect client to server:80");
	ck_assert_int_eq(plan->duration, SEC(10));
	ck_assert_int_eq(lab_check(plan), 0);
}
END_TEST

START_TEST(who_is_named_alone_gets_the_other)
{
	plan_complete("hosts: {server: {delay: 20ms}}");
	ck_assert_uint_eq(plan->n_hosts, 2);
	ck_assert_str_eq(plan->hosts[0].name, "client");
	ck_assert_str_eq(plan->hosts[1].name, "server");
	ck_assert_int_eq(plan->hosts[1].delay, MSEC(20));
	plan_complete("hosts: {client: }");
	ck_assert_str_eq(plan->hosts[1].name, "server");
	plan_complete("hosts: {x: }");
	ck_assert_uint_eq(plan->n_hosts, 1);
}
END_TEST

/* A plan, and the steps that it has when it is complete. */
struct pair {
	const char *file, *steps;
};

START_TEST(probes_fill_what_is_empty)
{
	static const struct pair pairs[] = {
		{ "hosts: {client: {run: curl x}, server: }",
		  "start: listen server 80 http" },
		{ "hosts: {client: , server: {run: {run: x, listens: 8080}}}",
		  "start: connect client to server:8080" },
		{ "hosts: {client: , server: {run: x}}", "" },
		{ "hosts: {client: {run: x}, server: {run: y}}", "" },
		{ "hosts: {client: , client-b: , gateway: {as: nat}, server: }",
		  "start: listen server 80; start: connect client to "
		  "server:80; "
		  "start: connect client-b to server:80" },
		{ "hosts: {client: , client-b: {run: x}, server: }",
		  "start: listen server 80 http; "
		  "start: connect client to server:80" },
		{ "timeline: {start: listen server 81 silent}",
		  "start: listen server 81 silent; "
		  "start: connect client to server:81" },
		{ "timeline: {2s: listen server 81}",
		  "2s: listen server 81; "
		  "listen server 81: connect client to server:81" },
		{ "hosts: {client: , server: {run: {run: x, listens: 8080, "
		  "later: yes}}}",
		  "" },
		{ "timeline: {2s: connect client server}",
		  "2s: connect client to server:80; start: listen server 80" },
		{ "timeline: {2s: send client, 3s: close server}",
		  "2s: send client 1; 3s: close server; "
		  "start: listen server 80; "
		  "start: connect client to server:80" },
		/* The rule is there for the SYN; the crash is not. */
		{ "timeline: {start: [drop syn, crash server, note x]}",
		  "start: drop syns; start: listen server 80; "
		  "start: connect client to server:80; start: crash server; "
		  "start: note \"x\"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		plan_complete(pairs[i].file);
		ck_assert_str_eq(steps(), pairs[i].steps);
		ck_assert_msg(lab_check(plan) == 0, "%s\n%s",
			      pairs[i].file, error_message());
	}
}
END_TEST

START_TEST(it_lasts_until_all_is_over)
{
	static const struct {
		const char *file;
		nsec_t lasts;
	} plans[] = {
		{ "{for: 3s}", SEC(3) },
		{ "timeline: {2s: note x}", SEC(10) },
		{ "timeline: {20s: note x}", SEC(25) },
		{ "timeline: [20s: note x, 9s after note x: note y]", SEC(34) },
		{ "timeline: [30s after server reaches ESTAB: note x]",
		  SEC(35) },
		{ "expect: [client: open]", SEC(10) },
		{ "expect: [client: EOF within 20s]", SEC(25) },
		{ "expect: [client: EOF after 20s]", SEC(25) },
		{ "timeline: {2s: crash server}\n"
		  "expect: [client: EOF within 20s of crash server]",
		  SEC(27) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(plans); i++) {
		plan_complete(plans[i].file);
		ck_assert_msg(plan->duration == plans[i].lasts, "%s: %g",
			      plans[i].file, nsec_seconds(plan->duration));
	}
}
END_TEST

START_TEST(who_is_killed_is_known_at_last)
{
	plan_complete("timeline: {2s: kill client}");
	ck_assert_str_eq(plan->steps[0].action.host, "client");
	ck_assert_ptr_null(plan->steps[0].action.program);
	ck_assert_int_eq(lab_check(plan), 0);
}
END_TEST

START_TEST(the_time_of_a_step_follows_from_others)
{
	plan_read("timeline:\n"
		  "  - 5s after unplug client: plug client\n"
		  "  - 2s: unplug client\n"
		  "  - 1s after plug client: note x\n"
		  "  - client reaches ESTAB: note y\n"
		  "  - 1s after note y: note z\n"
		  "  - 1s after note q: note p\n"
		  "  - 1s after note p: note q\n");
	ck_assert_int_eq(lab_plan_step_time(plan, 0), SEC(7));
	ck_assert_int_eq(lab_plan_step_time(plan, 1), SEC(2));
	ck_assert_int_eq(lab_plan_step_time(plan, 2), SEC(8));
	ck_assert_int_eq(lab_plan_step_time(plan, 3), NSEC_NEVER);
	ck_assert_int_eq(lab_plan_step_time(plan, 4), NSEC_NEVER);
	ck_assert_int_eq(lab_plan_step_time(plan, 5), NSEC_NEVER);
}
END_TEST

/* --- names and programs ---------------------------------------------------*/

START_TEST(a_program_without_a_name_gets_its_commands)
{
	static const char *const commands[][2] = {
		{ "nginx -c x", "nginx" },
		{ "  /usr/sbin/sshd -D", "sshd" },
		{ "LANG=C A=B ./serve+it", "serveit" },
		{ "nginx", "nginx-2" },
		{ "nginx", "nginx-3" },
		{ "client x", "client-2" },
		{ "at now", "at-2" },
		{ "7z x", "z" },
		{ "(+) x", "program" },
		{ "a-name-that-is-longer-than-any-command-has",
		  "a-name-that-is-longer-than-" },
	};
	struct lab_program *program;
	struct lab_host *host;

	ck_assert_int_eq(lab_plan_add_host(plan, "client", NULL, &host), 0);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		ck_assert_int_eq(lab_plan_add_program(plan, "client", NULL,
						      commands[i][0], NULL,
						      &program),
				 0);
		ck_assert_str_eq(program->name, commands[i][1]);
	}
	ck_assert_int_eq(lab_plan_add_program(plan, "client", "nginx", "x",
					      NULL, &program),
			 -EINVAL);
	ck_assert_str_eq(error_message(),
			 "'nginx' is a program's name already");
	ck_assert_int_eq(lab_plan_add_host(plan, "nginx", NULL, &host),
			 -EINVAL);
}
END_TEST

START_TEST(there_is_room_for_so_many)
{
	const struct lab_place place = { .source = "--at" };
	struct lab_program *program;

	for (size_t i = 0; i < LAB_STEPS; i++)
		ck_assert_int_eq(
			lab_plan_add_step(plan, "2s", "note x", &place), 0);
	ck_assert_int_eq(lab_plan_add_step(plan, "2s", "note x", &place),
			 -EINVAL);
	ck_assert_str_eq(error_message(), "--at: a lab has at most 256 steps");
	for (size_t i = 0; i < LAB_PROGRAMS; i++)
		ck_assert_int_eq(lab_plan_add_program(plan, "x", NULL, "true",
						      NULL, &program),
				 0);
	ck_assert_int_eq(
		lab_plan_add_program(plan, "x", NULL, "true", NULL, &program),
		-E2BIG);
	for (size_t i = 0; i < LAB_SETTINGS; i++)
		ck_assert_int_eq(
			lab_plan_add_setting(plan, "net.ipv4.tcp_sack=0", NULL),
			0);
	ck_assert_int_eq(
		lab_plan_add_setting(plan, "net.ipv4.tcp_sack=0", NULL),
		-E2BIG);
	ck_assert_ptr_null(plan->settings[LAB_SETTINGS].name);
}
END_TEST

START_TEST(a_place_is_put_before_the_message)
{
	const struct lab_place option = { .source =
						  "--at '2s' 'unplg client'" };
	const struct lab_place line = { .source = "x.yaml",
					.line = 12,
					.column = 9,
					.verbatim = true,
					.key = "timeline" };

	ck_assert_int_eq(lab_plan_add_step(plan, "2s", "unplg client", &option),
			 -EINVAL);
	ck_assert_str_eq(error_message(),
			 "--at '2s' 'unplg client': column 1: 'unplg' is no "
			 "action; unplug?");
	ck_assert_int_eq(
		lab_plan_add_step(plan, "2s", "unplug client now", &line),
		-EINVAL);
	ck_assert_str_eq(
		error_message(),
		"x.yaml:12:23: timeline: 'now' is too much: nothing is "
		"expected here");
	ck_assert_int_eq(lab_plan_add_setting(plan, "x=1", &option), -EINVAL);
	assert_has(error_message(), "--at '2s' 'unplg client': 'x' is no");
}
END_TEST

/* --- what is impossible ---------------------------------------------------*/

START_TEST(names_must_be_somebodys)
{
	MUST_REFUSE(
		{ "timeline: {2s: unplug clint}",
		  "x.yaml:1:16: timeline: 'clint' is no host; client?" },
		{ "timeline: {2s: unplug xyz}",
		  "'xyz' is no host; one of: client, server" },
		{ "timeline: {2s: drop data from x}", "'x' is no host" },
		{ "timeline: {2s: drop data to x}", "'x' is no host" },
		{ "timeline: {2s: connect client to x}", "'x' is no host" },
		{ "timeline: {2s: set x:net.ipv4.tcp_sack=0}",
		  "'x' is no host" },
		{ "timeline: {2s: run \"sleep 1\" in x}", "'x' is no host" },
		{ "timeline: {x reaches ESTAB: unplug client}",
		  "'x' is no host" },
		{ "timeline: {x has sent data: unplug client}",
		  "'x' is no host" },
		{ "timeline: {x ends: unplug client}", "'x' is no program" },
		{ "timeline: {client prints x: unplug client}",
		  "'client' is a host, and no program" },
		{ "timeline: {2s: kill x}",
		  "'x' is neither a program nor a host" },
		{ "timeline: {2s: run ngix}\n"
		  "hosts: {client: , server: {run: nginx}}",
		  "'ngix' is no program; nginx?" },
		{ "timeline: {2s: unplug nginx}\n"
		  "hosts: {client: , server: {run: nginx}}",
		  "'nginx' is a program, and no host" },
		{ "sysctls: {net.ipv4.tcp_sack: 1}\n"
		  "expect: [x: EOF]",
		  "'x' is no host" },
		{ "expect: [x: exit 0]", "'x' is no program" },
		{ "expect: [client: EOF within 2s of x ends]",
		  "'x' is no program" },
		{ "expect: [client: EOF within 2s of crash client]",
		  "no step of the timeline is 'crash client'" },
		{ "timeline: [2s: crash server]\n"
		  "expect: [client: EOF within 2s of crash servr]",
		  "no step of the timeline is 'crash servr'; 'crash "
		  "server'?" });
}
END_TEST

START_TEST(a_setting_has_a_host)
{
	const struct lab_place place = { .source = "--sysctl" };

	ck_assert_int_eq(
		lab_plan_add_setting(plan, "clint:net.ipv4.tcp_sack=0", &place),
		0);
	ck_assert_int_eq(lab_plan_add_defaults(plan), 0);
	ck_assert_int_eq(lab_check(plan), -EINVAL);
	ck_assert_str_eq(error_message(), "--sysctl: 'clint' is no host; "
					  "client?");
}
END_TEST

START_TEST(hosts_must_make_a_path)
{
	MUST_REFUSE({ "hosts: {x: }", "a lab has two hosts at least" },
		    { "hosts: {client: , gw: {as: nat}}",
		      "hosts.gw: gw stands at an end of the path" },
		    { "hosts: {gw: {as: router}, client: , server: }",
		      "gw stands at an end of the path" },
		    { "hosts: {client: , gw: {as: nat}, fw: {as: firewall}, "
		      "server: }",
		      "hosts.fw: gw and fw: a path has one" });
}
END_TEST

START_TEST(programs_must_be_able_to_run)
{
	MUST_REFUSE(
		{ "hosts: {client: {run: {run: x, user: no-such-user}}, "
		  "server: }",
		  "hosts.client.run: x: this machine has no user "
		  "'no-such-user'" },
		{ "hosts: {client: , server: {run: [{run: x, listens: 80}, "
		  "{run: y, listens: 80}]}}",
		  "y: x listens on port 80 of server already" },
		{ "hosts: {client: , server: {run: {run: x, listens: 80}}}\n"
		  "timeline: {2s: listen server 80}",
		  "listen server 80: x listens on port 80 of server already" });
	must_pass("hosts: {client: {run: {run: x, listens: 80}}, "
		  "server: {run: {run: y, listens: 80}}}");
}
END_TEST

START_TEST(only_root_runs_as_others)
{
	struct passwd *user;
	char file[256];

	setpwent();
	while ((user = getpwent()) &&
	       (!user->pw_uid || user->pw_uid == getuid()))
		;
	if (!user)
		return;
	snprintf(file, sizeof(file),
		 "hosts: {client: {run: {run: x, user: '%s'}}, server: }",
		 user->pw_name);
	plan_complete(file);
	if (!privilege_rootless()) {
		ck_assert_int_eq(lab_check(plan), 0);
		return;
	}
	ck_assert_int_eq(lab_check(plan), -EINVAL);
	assert_has(error_message(), "x: only root can run it as ");
}
END_TEST

static const TTest *const *const tests[] = {
	&an_empty_plan_is_a_client_and_a_server,
	&who_is_named_alone_gets_the_other,
	&probes_fill_what_is_empty,
	&it_lasts_until_all_is_over,
	&who_is_killed_is_known_at_last,
	&the_time_of_a_step_follows_from_others,
	&a_program_without_a_name_gets_its_commands,
	&there_is_room_for_so_many,
	&a_place_is_put_before_the_message,
	&names_must_be_somebodys,
	&a_setting_has_a_host,
	&hosts_must_make_a_path,
	&programs_must_be_able_to_run,
	&only_root_runs_as_others,
};

int main(void)
{
	return unit_run("lab-plan", tests, ARRAY_SIZE(tests), plan_begin);
}
