/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model of a lab: defaults, names, limits, times, and places in messages.
 */
#include "lab-plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "errors.h"
#include "lab-action.h"
#include "lab-check.h"
#include "lab-defaults.h"
#include "plans.h"
#include "suite.h"
#include "unit.h"

/* All steps: "start: listen server 80; 2s: ..." */
static const char *steps(void)
{
	static char text[1024];

	text[0] = '\0';
	for (size_t i = 0; i < plan->n_steps; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "%s%s: %s", i ? "; " : "", plan->steps[i].when.text,
			 plan->steps[i].action.text);
	return text;
}

/* --- defaults -------------------------------------------------------------*/

START_TEST(empty_plan_is_a_client_and_a_server)
{
	ck_assert_int_eq(lab_defaults_add(plan), 0);
	ck_assert_uint_eq(plan->n_hosts, 2);
	ck_assert_str_eq(plan->hosts[0].name, "client");
	ck_assert_str_eq(plan->hosts[1].name, "server");
	ck_assert_str_eq(steps(), "start: listen server 80; "
				  "start: connect client to server:80");
	ck_assert_int_eq(plan->duration, SEC(10));
	ck_assert_int_eq(lab_check(plan), 0);
}
END_TEST

START_TEST(client_or_server_alone_gets_the_other)
{
	plan_complete("hosts: {server: {delay: 20ms}}");
	ck_assert_uint_eq(plan->n_hosts, 2);
	ck_assert_str_eq(plan->hosts[0].name, "client");
	ck_assert_str_eq(plan->hosts[1].name, "server");
	ck_assert_int_eq(plan->hosts[1].links[0].delay, MSEC(20));
	plan_complete("hosts: {client: }");
	ck_assert_str_eq(plan->hosts[1].name, "server");
	plan_complete("hosts: {x: }");
	ck_assert_uint_eq(plan->n_hosts, 1);
}
END_TEST

/* A file, and the steps of its plan with defaults. */
struct pair {
	const char *file, *steps;
};

START_TEST(endpoints_without_program_get_probes)
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
		  "2s: connect client server; start: listen server 80" },
		{ "timeline: {2s: send client, 3s: close server}",
		  "2s: send client; 3s: close server; "
		  "start: listen server 80; "
		  "start: connect client to server:80" },
		/* The rule is to see the SYN; the crash comes after it. */
		{ "timeline: {start: [drop syn, crash server, note x]}",
		  "start: drop syn; start: listen server 80; "
		  "start: connect client to server:80; start: crash server; "
		  "start: note x" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		plan_complete(pairs[i].file);
		ck_assert_str_eq(steps(), pairs[i].steps);
		ck_assert_msg(lab_check(plan) == 0, "%s\n%s", pairs[i].file,
			      error_message());
	}
}
END_TEST

START_TEST(default_duration_covers_steps_and_expectations)
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

START_TEST(kill_of_a_default_host_names_the_host)
{
	plan_complete("timeline: {2s: kill client}");
	ck_assert_str_eq(plan->steps[0].action.host, "client");
	ck_assert_ptr_null(plan->steps[0].action.program);
	ck_assert_int_eq(lab_check(plan), 0);
}
END_TEST

START_TEST(time_of_a_step_follows_from_the_steps_before)
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

START_TEST(program_without_a_name_gets_its_commands)
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
			 "duplicate name 'nginx': already a program");
	ck_assert_int_eq(lab_plan_add_host(plan, "nginx", NULL, &host),
			 -EINVAL);
}
END_TEST

START_TEST(limits_are_enforced)
{
	const struct lab_place place = { .source = "--at" };
	struct lab_program *program;

	for (size_t i = 0; i < LAB_STEPS; i++)
		ck_assert_int_eq(
			lab_action_add_step(plan, "2s", NULL, "note x", &place),
			0);
	ck_assert_int_eq(
		lab_action_add_step(plan, "2s", NULL, "note x", &place),
		-EINVAL);
	ck_assert_str_eq(error_message(), "--at: too many steps: at most 256");
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

START_TEST(message_begins_with_the_place)
{
	const struct lab_place option = { .source =
						  "--at '2s' 'unplg client'" };
	const struct lab_place line = { .source = "x.yaml",
					.line = 12,
					.column = 9,
					.verbatim = true,
					.key = "timeline" };

	ck_assert_int_eq(lab_action_add_step(plan, "2s", &option,
					     "unplg client", &option),
			 -EINVAL);
	ck_assert_str_eq(error_message(),
			 "--at '2s' 'unplg client': column 1: unknown action "
			 "'unplg'; did you mean 'unplug'?");
	ck_assert_int_eq(lab_action_add_step(plan, "2s", &line,
					     "unplug client now", &line),
			 -EINVAL);
	ck_assert_str_eq(
		error_message(),
		"x.yaml:12:23: timeline: unexpected 'now'; expected end of "
		"line");
	ck_assert_int_eq(lab_plan_add_setting(plan, "x=1", &option), -EINVAL);
	assert_has(error_message(), "--at '2s' 'unplg client': 'x' is no");
}
END_TEST

static const TTest *const *const tests[] = {
	&empty_plan_is_a_client_and_a_server,
	&client_or_server_alone_gets_the_other,
	&endpoints_without_program_get_probes,
	&default_duration_covers_steps_and_expectations,
	&kill_of_a_default_host_names_the_host,
	&time_of_a_step_follows_from_the_steps_before,
	&program_without_a_name_gets_its_commands,
	&limits_are_enforced,
	&message_begins_with_the_place,
};

int main(void)
{
	return unit_run("lab-plan", tests, ARRAY_SIZE(tests), plan_begin);
}
