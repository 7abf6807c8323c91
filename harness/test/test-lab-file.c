/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lab's file: the plan that it becomes, and the messages and places for wrong
 * files. */
#include "lab-file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "plans.h"
#include "suite.h"
#include "unit.h"

static int parse(const char *text)
{
	return lab_file_parse(plan, "dir/idle-nat.yaml", text, strlen(text));
}

static void must_parse(const char *text)
{
	ck_assert_msg(parse(text) == 0, "%s\n%s", text, error_message());
}

static const char all[] = "about: |\n"
			  "  What to look at.\n"
			  "\n"
			  "for: 30s\n"
			  "needs: [nginx, curl]\n"
			  "sysctls:\n"
			  "  net.ipv4.tcp_keepalive_time: 2\n"
			  "  net.ipv4.tcp_rmem: 4096 131072 6291456\n"
			  "hosts:\n"
			  "  client:\n"
			  "    run: curl -sS http://server/\n"
			  "    sysctls: {net.ipv4.tcp_keepalive_intvl: 1}\n"
			  "    delay: 20ms\n"
			  "    loss: 1%\n"
			  "  gateway:\n"
			  "    idle: 5s\n"
			  "    as: nat\n"
			  "    rules: add rule\n"
			  "  server:\n"
			  "    files:\n"
			  "      nginx.conf: |\n"
			  "        events {}\n"
			  "      empty:\n"
			  "    run:\n"
			  "      - /usr/sbin/nginx -p $FOLDER\n"
			  "      - LANG=C nginx -t\n"
			  "      - name: watcher\n"
			  "        run: tail -f $FOLDER/log\n"
			  "        env: {LANG: C, EMPTY: , NO: no}\n"
			  "        user: root\n"
			  "        listens: 80\n"
			  "        later: yes\n"
			  "timeline:\n"
			  "  - 2s: unplug client\n"
			  "  - nginx prints \"GET\": crash server\n"
			  "  - at: 20s\n"
			  "    do: plug client\n"
			  "  - 3s: [drop syn, \"note 'x'\"]\n"
			  "  - 4s: run \"sleep 5\" in client\n"
			  "expect:\n"
			  "  - client: ETIMEDOUT within 20s\n"
			  "  - \"curl: exit 28\"\n";

START_TEST(hosts_are_in_the_order_of_the_file)
{
	must_parse(all);
	ck_assert_str_eq(plan->name, "idle-nat");
	ck_assert_str_eq(plan->about, "What to look at.");
	ck_assert_int_eq(plan->duration, SEC(30));
	ck_assert_uint_eq(plan->n_hosts, 3);
	ck_assert_str_eq(plan->hosts[0].name, "client");
	ck_assert_int_eq(plan->hosts[0].role, LAB_ENDPOINT);
	ck_assert_int_eq(plan->hosts[0].links[1].delay, MSEC(20));
	ck_assert_double_eq(plan->hosts[0].links[0].loss, 0.01);
	ck_assert_str_eq(plan->hosts[1].name, "gateway");
	ck_assert_int_eq(plan->hosts[1].role, LAB_NAT);
	ck_assert_int_eq(plan->hosts[1].tracking.idle[LAB_TRACKED_ESTABLISHED],
			 SEC(5));
	ck_assert_str_eq(plan->hosts[1].rules, "add rule");
	ck_assert_uint_eq(plan->hosts[1].place.line, 15);
	ck_assert_uint_eq(plan->hosts[1].place.column, 3);
	ck_assert_str_eq(plan->hosts[2].name, "server");
}
END_TEST

START_TEST(offload_is_kept)
{
	must_parse("hosts: {client: , server: }\n");
	ck_assert(!plan->offload);
	must_parse("offload: yes\n");
	ck_assert(plan->offload);
}
END_TEST

START_TEST(programs_have_their_keys)
{
	const struct lab_program *programs = plan->programs;

	must_parse(all);
	ck_assert_uint_eq(plan->n_programs, 5);
	ck_assert_str_eq(programs[0].name, "curl");
	ck_assert_str_eq(programs[0].host, "client");
	ck_assert_str_eq(programs[0].command, "curl -sS http://server/");
	ck_assert_ptr_null(programs[0].environment);
	ck_assert_ptr_null(programs[0].user);
	ck_assert(!programs[0].later && !programs[0].listens);
	ck_assert_str_eq(programs[1].name, "nginx");
	ck_assert_str_eq(programs[2].name, "nginx-2");
	ck_assert_str_eq(programs[3].name, "watcher");
	ck_assert_str_eq(programs[3].user, "root");
	ck_assert_int_eq(programs[3].ids->uid, 0);
	ck_assert_uint_eq(programs[3].listens, 80);
	ck_assert_int_eq(programs[3].listens_within, 0);
	ck_assert(programs[3].later);
	ck_assert_str_eq(programs[3].environment[0], "LANG=C");
	ck_assert_str_eq(programs[3].environment[1], "EMPTY=");
	ck_assert_str_eq(programs[3].environment[2], "NO=no");
	ck_assert_ptr_null(programs[3].environment[3]);
	ck_assert_str_eq(programs[4].name, "sleep");
	ck_assert(programs[4].later);
}
END_TEST

START_TEST(limit_of_listening_is_kept_and_has_a_default)
{
	must_parse("hosts: {server: {run: [{run: x, listens: 80}, "
		   "{run: x, listens: 81, listens-within: 1m}]}}\n");
	ck_assert_int_eq(plan->programs[0].listens_within, SEC(30));
	ck_assert_int_eq(plan->programs[1].listens_within, SEC(60));
}
END_TEST

/* "rules:" is in line 5. The last two are not in the file as they are. */
START_TEST(place_of_rules_is_that_of_their_characters)
{
	static const struct {
		const char *rules;
		unsigned int line, column; /* of the letter x */
	} places[] = {
		{ "|\n      a\n       bx\n", 7, 9 },
		{ "|\n\n      éx\n", 7, 8 },
		{ "|2\n       x\n", 6, 8 },
		{ "éx", 5, 13 },
		{ "'éx'", 5, 14 },
		{ "\"\\u00e9x\"", 5, 12 },
		{ ">\n      a\n      x\n", 5, 12 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		unsigned int line = 1, column = 1;
		struct lab_place place;
		char file[256];

		plan_begin();
		snprintf(file, sizeof(file),
			 "hosts:\n  client:\n  gw:\n    as: nat\n    rules: %s",
			 places[i].rules);
		must_parse(file);
		for (const char *at = plan->hosts[1].rules; *at != 'x'; at++) {
			line += *at == '\n';
			column = *at == '\n' ? 1 : column + 1;
		}
		place = lab_place_inside(&plan->hosts[1].rules_place,
					 plan->hosts[1].rules, line, column);
		ck_assert_msg(place.line == places[i].line &&
				      place.column == places[i].column,
			      "%s: %u:%u", file, place.line, place.column);
	}
}
END_TEST

START_TEST(files_and_sysctls_are_kept)
{
	must_parse(all);
	ck_assert_uint_eq(plan->n_files, 2);
	ck_assert_str_eq(plan->files[0].host, "server");
	ck_assert_str_eq(plan->files[0].name, "nginx.conf");
	ck_assert_str_eq(plan->files[0].text, "events {}\n");
	ck_assert_str_eq(plan->files[1].text, "");
	ck_assert_uint_eq(plan->n_settings, 3);
	ck_assert_ptr_null(plan->settings[0].host);
	ck_assert_str_eq(plan->settings[1].text, "4096 131072 6291456");
	ck_assert_str_eq(plan->settings[2].host, "client");
	ck_assert_str_eq(plan->settings[2].name,
			 "net.ipv4.tcp_keepalive_intvl");
	ck_assert_ptr_null(plan->settings[3].name);
}
END_TEST

START_TEST(needs_are_one_or_a_list)
{
	must_parse(all);
	ck_assert_uint_eq(plan->n_needs, 2);
	ck_assert_str_eq(plan->needs[0], "nginx");
	ck_assert_str_eq(plan->needs[1], "curl");
	ck_assert_ptr_null(plan->needs[2]);
	plan_begin();
	must_parse("needs: nginx\n");
	ck_assert_uint_eq(plan->n_needs, 1);
	ck_assert_str_eq(plan->needs[0], "nginx");
}
END_TEST

START_TEST(steps_and_expectations_are_in_order)
{
	static const char *const steps[][2] = {
		{ "2s", "unplug client" },
		{ "nginx prints \"GET\"", "crash server" },
		{ "20s", "plug client" },
		{ "3s", "drop syn" },
		{ "3s", "note 'x'" },
		{ "4s", "run \"sleep 5\" in client" },
	};

	must_parse(all);
	ck_assert_uint_eq(plan->n_steps, ARRAY_SIZE(steps));
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		ck_assert_str_eq(plan->steps[i].when.text, steps[i][0]);
		ck_assert_str_eq(plan->steps[i].action.text, steps[i][1]);
	}
	ck_assert_str_eq(plan->steps[5].action.program, "sleep");
	ck_assert_uint_eq(plan->steps[0].place.line, 34);
	ck_assert_uint_eq(plan->steps[0].place.column, 9);
	ck_assert_uint_eq(plan->n_expectations, 2);
	ck_assert_str_eq(plan->expectations[0].text,
			 "client: ETIMEDOUT within 20s");
	ck_assert_str_eq(plan->expectations[1].text, "curl: exit 28");
}
END_TEST

START_TEST(timeline_and_expect_may_be_maps)
{
	must_parse("hosts: {client: }\n"
		   "timeline: {2s: unplug client, 3s: plug client}\n"
		   "expect: {client: EOF}\n");
	ck_assert_uint_eq(plan->n_steps, 2);
	ck_assert_uint_eq(plan->n_expectations, 1);
}
END_TEST

START_TEST(anchors_and_aliases_are_resolved)
{
	must_parse("hosts:\n  client: &end\n    delay: 20ms\n"
		   "    run: curl x\n  server: *end\n");
	ck_assert_int_eq(plan->hosts[1].links[0].delay, MSEC(20));
	ck_assert_str_eq(plan->programs[1].name, "curl-2");
	ck_assert_str_eq(plan->programs[1].host, "server");
}
END_TEST

/* The message, behind the file's name, begins so. */
static void must_refuse_file(const struct wrong *wrong)
{
	static const char name[] = "dir/idle-nat.yaml";
	int r;

	plan_begin();
	r = parse(wrong->input);
	ck_assert_msg(r == -EINVAL || r == -E2BIG, "%s", wrong->input);
	ck_assert_msg(strncmp(error_message(), name, strlen(name)) == 0 &&
			      strncmp(error_message() + strlen(name),
				      wrong->message,
				      strlen(wrong->message)) == 0,
		      "%s\n%s\nnot %s", wrong->input, error_message(),
		      wrong->message);
}

START_TEST(invalid_yaml_is_refused)
{
	static const struct wrong files[] = {
		{ "", ": empty file; expected keys such as hosts, timeline" },
		{ "# x\n", ": empty file" },
		{ "x", ":1:1: unexpected text; expected map of lab keys" },
		{ "- a", ":1:1: unexpected list; expected map of lab keys" },
		{ "for: 5s\n---\nfor: 6s\n",
		  ":3:1: unexpected second document" },
		{ "hosts:\n\tclient:\n",
		  ":2:1: invalid YAML: tab in the indentation" },
		{ "for: *x\n", ":1:6: invalid YAML: found undefined alias" },
		{ "symptom: ''\n", ":1:11: symptom: invalid symptom: expected "
				   "one line, at most 60 characters" },
		{ "symptom: \"a\\nb\"\n", ":1:10: symptom: invalid symptom" },
		{ "about: x: y\n",
		  ":1:9: invalid YAML: second ': ' in one text" },
		{ "a: {b\n",
		  ":2:1: invalid YAML: did not find expected ',' or '}', "
		  "while parsing a flow mapping in line 1" },
		{ "about: \x01\n", ":1:8: invalid UTF-8 text: control char" },
		{ "about: \xc3\xa4\nab\xff: x\n",
		  ":2:3: invalid UTF-8 text: " },
		{ "about: \"a\\0b\"\n", ":1:8: about: NUL byte in string" },
		{ "for: !!int 5s\n", ":1:6: for: tag 'tag:yaml.org" },
		{ "for: 5s\nfor: 6s\n", ":2:1: duplicate key 'for'; first in "
					"line 1" },
		{ "[a]: b\n", ":1:1: unexpected list; expected key" },
		{ "a: [[[[[[[[[[[[[[[[[[",
		  ":1:19: nested deeper than 16 levels" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		must_refuse_file(&files[i]);
}
END_TEST

START_TEST(invalid_keys_and_values_of_a_lab_are_refused)
{
	static const struct wrong files[] = {
		{ "tymeline: 5\n", ":1:1: unknown lab key 'tymeline'; did you "
				   "mean 'timeline'?" },
		{ "x: 5\n",
		  ":1:1: unknown lab key 'x'; expected one of: symptom, about, "
		  "for, seed, needs, tmp, processes, offload, sysctls, "
		  "networks, "
		  "hosts, timeline, "
		  "expect" },
		{ "for: 20\n",
		  ":1:6: for: invalid duration '20': missing unit; did "
		  "you mean 20s or 20ms?" },
		{ "for: 0s\n", ":1:6: for: invalid duration '0s' of a lab" },
		{ "hosts: {}\n",
		  ":1:8: hosts: empty map; expected map of hosts" },
		{ "sysctls: {}\n", ":1:10: sysctls: empty map; expected map of "
				   "sysctls" },
		{ "hosts: {x: {loss: {}}}\n",
		  ":1:19: hosts.x.loss: empty map; expected 'from', 'to' or "
		  "both" },
		{ "hosts: {x: {files: {}}}\n",
		  ":1:20: hosts.x.files: empty map; expected map of files" },
		{ "timeline: [{}]\n", ":1:12: timeline: empty map; expected "
				      "MOMENT: ACTION" },
		{ "expect: []\n", ":1:9: expect: empty list" },
		{ "for:\n", ":1:5: for: unexpected empty value; expected "
			    "duration such as 2s" },
		{ "needs: {}\n",
		  ":1:8: needs: unexpected map; expected program "
		  "name" },
		{ "needs: [sh, ./x]\n", ":1:13: needs: invalid program name "
					"'./x'" },
		{ "needs: ''\n", ":1:9: needs: invalid program name ''" },
		{ "needs: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, "
		  "q]\n",
		  ":1:57: needs: too many needs: at most 16" },
		{ "about: {}\n", ":1:8: about: unexpected map; expected text" },
		{ "sysctls: {kernel.panic: 1}\n",
		  ":1:25: sysctls.kernel.panic: 'kernel.panic' is no sysctl" },
		{ "sysctls: {client:net.ipv4.tcp_sack: 1}\n",
		  ":1:37: sysctls.client:net.ipv4.tcp_sack: invalid sysctl" },
		{ "sysctls: {net.ipv4.tcp_sack: }\n",
		  ":1:30: sysctls.net.ipv4.tcp_sack: unexpected empty value" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		must_refuse_file(&files[i]);
}
END_TEST

/* Below "hosts:" and "  client:". */
START_TEST(invalid_keys_and_values_of_a_host_are_refused)
{
	static const struct wrong hosts[] = {
		{ "runn: x", ": unknown host key 'runn'; did you mean 'run'?" },
		{ "run: {name: x}",
		  ".run: missing key 'run': a program needs" },
		{ "run: {run: x, name: client}",
		  ".run: duplicate name 'client': already" },
		{ "run: [x, {run: x, name: x}]",
		  ".run: duplicate name 'x': already a" },
		{ "run: ' '", ".run: empty command" },
		{ "run: [[x]]",
		  ".run: unexpected list; expected command, map" },
		{ "run: {run: x, listens: 99999}",
		  ".run.listens: invalid port '99999': expected 1 to 65535" },
		{ "run: {run: x, listens-within: 5s}",
		  ".run.listens-within: a limit for a program that is not "
		  "awaited; expected 'listens: PORT'" },
		{ "run: {run: x, listens: 80, later: yes, listens-within: 5s}",
		  ".run.listens-within: a limit for a program that is not "
		  "awaited; expected 'listens: PORT' without 'later: yes'" },
		{ "run: {run: x, listens: 80, listens-within: 0s}",
		  ".run.listens-within: invalid duration '0s': expected more "
		  "than 0s" },
		{ "run: {run: x, user: no-such-user}",
		  ".run.user: unknown user 'no-such-user'" },
		{ "run: {run: x, later: maybe}",
		  ".run.later: invalid value 'maybe': expected yes or no" },
		{ "run: {run: x, env: {A=B: c}}",
		  ".run.env: invalid variable name 'A=B'" },
		{ "run: {run: x, env: [A]}",
		  ".run.env: unexpected list; expect" },
		{ "run: {run: x, usr: y}",
		  ".run: unknown program key 'usr'; did you mean 'user'?" },
		{ "as: nta", ".as: unknown role 'nta'; did you mean 'nat'?" },
		{ "idle: 5s", ".idle: client: only a host with 'as: nat'" },
		{ "rules: add rule", ".rules: client: only a gateway (a host "
				     "with 'as') has rules" },
		{ "backends: server", ".backends: client: only a host with "
				      "'as: balancer' has backends" },
		{ "balance: source", ".balance: client: only a host with 'as: "
				     "balancer' has the key 'balance'" },
		{ "with: ipvs", ".with: client: only a host with 'as: "
				"balancer' has the key 'with'" },
		{ "{as: balancer, with: ipsv}",
		  ".with: unknown kind of balancer 'ipsv'; did you mean "
		  "'ipvs'?" },
		{ "{as: balancer, with: ipvs, idle: {close-wait: 5s}}",
		  ".idle: IPVS has no timeout for 'close-wait', "
		  "only for established and fin-wait" },
		{ "{as: balancer, with: ipvs, tracking: loose}",
		  ".tracking: client: IPVS tracks neither windows nor "
		  "connections that it joins late" },
		{ "{as: balancer, balance: random}",
		  ".balance: unknown way to balance 'random'" },
		{ "{as: balancer, backends: [k, k]}",
		  ".backends: duplicate backend 'k'" },
		{ "idle: 500ms", ".idle: invalid idle time '500ms': expected "
				 "whole seconds, at least 1s" },
		{ "idle: 1500ms",
		  ".idle: invalid idle time '1500ms': expected" },
		{ "idle: 0s", ".idle: invalid idle time '0s': expected" },
		{ "idle: {established: 5s}",
		  ".idle: client: only a host with 'as: nat'" },
		{ "idle: {closewait: 5s}", ".idle.closewait: unknown conntrack "
					   "state 'closewait'; did you mean "
					   "'close-wait'?" },
		{ "idle: {close-wait: 5}",
		  ".idle.close-wait: invalid duration '5': missing unit" },
		{ "idle: {close-wait: 10ms}",
		  ".idle.close-wait: invalid idle time '10ms'" },
		{ "tracking: lose", ".tracking: unknown tracking 'lose'; did "
				    "you mean 'loose'?" },
		{ "{as: nat, tracking: [loose, strict]}",
		  ".tracking: 'strict' is neither loose nor liberal" },
		{ "tracking: [loose, liberal]",
		  ".tracking: client: only a host with 'as: nat'" },
		{ "unknown: reset", ".unknown: unknown treatment 'reset'" },
		{ "unknown: rst", ".unknown: client: only a host with 'as: "
				  "nat'" },
		{ "ports: odd", ".ports: unknown choice of ports 'odd'" },
		{ "ports: random", ".ports: client: only a host with 'as: nat' "
				   "chooses ports" },
		{ "loss: {from: 101%}",
		  ".loss.from: invalid percentage '101%': more than 100%" },
		{ "loss: {form: 1%}",
		  ".loss: unknown direction key 'form'; did you mean 'from'?" },
		{ "loss: [1%]", ".loss: unexpected list; expected percentage" },
		{ "jitter: 5", ".jitter: invalid duration '5': missing unit" },
		{ "rate: 10", ".rate: invalid rate '10': expected a value such "
			      "as 10Mbit/s or 64kbit/s" },
		{ "rate: {to: 0Mbit/s}", ".rate.to: invalid rate '0Mbit/s'" },
		{ "queue: 0", ".queue: invalid number '0'" },
		{ "corrupt: x", ".corrupt: invalid percentage 'x'" },
		{ "reorder: 2", ".reorder: invalid percentage '2'" },
		{ "loss: 101%",
		  ".loss: invalid percentage '101%': more than 100%" },
		{ "loss: 0.5", ".loss: invalid percentage '0.5'" },
		{ "delay: 20", ".delay: invalid duration '20': missing unit" },
		{ "files: {a/b: x}", ".files: invalid file name 'a/b'" },
		{ "files: {..: x}", ".files: invalid file name '..'" },
	};
	char file[256], message[256];

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		const struct wrong wrong = { file, message };

		snprintf(file, sizeof(file), "hosts:\n  client:\n    %s\n",
			 hosts[i].input);
		snprintf(message, sizeof(message), ":3:");
		must_refuse_file(&wrong);
		snprintf(message, sizeof(message), "hosts.client%s",
			 hosts[i].message);
		assert_has(error_message(), message);
	}
}
END_TEST

START_TEST(invalid_and_duplicate_host_names_are_refused)
{
	static const struct wrong files[] = {
		{ "hosts:\n  client:\n  client:\n",
		  ":3:3: hosts: duplicate key 'client'; first in line 2" },
		{ "hosts:\n  a b:\n",
		  ":2:3: hosts.a b: invalid host name 'a b'" },
		{ "hosts:\n  from:\n", ":2:3: hosts.from: invalid host name "
				       "'from': keyword" },
		{ "hosts:\n  sixteen-letters-:\n",
		  ":2:3: hosts.sixteen-letters-: invalid host name "
		  "'sixteen-letters-': longer than 15 characters" },
		{ "hosts: [client]\n",
		  ":1:8: hosts: unexpected list; expected map of" },
		{ "hosts: {PATH: }\n",
		  ":1:9: hosts.PATH: invalid host name 'PATH': a variable" },
		{ "hosts: {LD_PRELOAD: }\n",
		  ":1:9: hosts.LD_PRELOAD: invalid host name 'LD_PRELOAD'" },
		{ "hosts: {client: x}\n", ":1:17: hosts.client: unexpected "
					  "text; expected map of host keys" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		must_refuse_file(&files[i]);
}
END_TEST

/* The limit ends parsing at once: libyaml alone takes 16 s for this file. */
START_TEST(deep_nesting_is_refused_quickly)
{
	static char file[100001];
	nsec_t start = nsec_now();

	memset(file, '[', sizeof(file) - 1);
	ck_assert_int_eq(parse(file), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error_message(), "nested deeper"));
	ck_assert_int_lt(nsec_now() - start, SEC(2));
}
END_TEST

START_TEST(long_commands_are_refused)
{
	static char file[40000];

	snprintf(file, sizeof(file), "hosts: {client: {run: %020000d}}\n", 1);
	ck_assert_int_eq(parse(file), -EINVAL);
	ck_assert_ptr_nonnull(
		strstr(error_message(),
		       "command too long: 20000 bytes, at most 8192"));
}
END_TEST

START_TEST(large_environments_are_refused)
{
	static char file[40000];
	size_t used;

	snprintf(file, sizeof(file), "hosts: {client: {run: {run: x, env: {");
	for (unsigned int i = 0; i < 1000; i++) {
		used = strlen(file);
		snprintf(file + used, sizeof(file) - used, "V%u: 1, ", i);
	}
	used = strlen(file);
	snprintf(file + used, sizeof(file) - used, "}}}}\n");
	ck_assert_int_eq(parse(file), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error_message(),
				     "too many variables: 1000, at most 64"));
}
END_TEST

START_TEST(one_host_too_many_is_refused)
{
	char file[1024] = "hosts:\n";
	size_t used;

	for (unsigned int i = 0; i <= LAB_HOSTS; i++) {
		used = strlen(file);
		snprintf(file + used, sizeof(file) - used, "  host-%u:\n", i);
	}
	ck_assert_int_eq(parse(file), -E2BIG);
	snprintf(file, sizeof(file),
		 "dir/idle-nat.yaml:%d:3: hosts.host-%d: too many hosts: at "
		 "most %d",
		 LAB_HOSTS + 2, LAB_HOSTS, LAB_HOSTS);
	ck_assert_str_eq(error_message(), file);
}
END_TEST

/* The column is that of the word where the text is in the file as it is. */
START_TEST(error_in_a_sentence_has_its_line_and_column)
{
	static const struct wrong files[] = {
		{ "timeline:\n  - 2s: unplug the clint now\n",
		  ":2:26: timeline: unexpected 'now'; expected end of line" },
		{ "timeline:\n  -   \"2s\": \"unplg client\"\n",
		  ":2:14: timeline: unknown action 'unplg'; did you mean" },
		{ "timeline:\n  - 2: unplug client\n",
		  ":2:5: timeline: invalid duration '2': missing unit" },
		{ "timeline:\n  - 2s after: unplug client\n",
		  ":2:13: timeline: unexpected end of line; expected 'start'" },
		{ "timeline:\n  - at: 2s\n    do: unplg client\n",
		  ":3:9: timeline: unknown action 'unplg'" },
		{ "timeline:\n  - 2s: [unplug client, unplg client]\n",
		  ":2:25: timeline: unknown action 'unplg'" },
		{ "timeline:\n  - 2s: >\n      unplug client\n      now\n",
		  ":2:9: timeline: column 15: unexpected 'now'" },
		{ "timeline:\n  - 2s: \"\\u0075nplug client now\"\n",
		  ":2:9: timeline: column 15: unexpected 'now'" },
		{ "timeline:\n  - unplug client\n",
		  ":2:5: timeline: unexpected text; expected MOMENT: ACTION" },
		{ "timeline: unplug client\n",
		  ":1:11: timeline: unexpected text; expected list of steps" },
		{ "timeline:\n  - at: 2s\n",
		  ":2:5: timeline: missing key 'do' of a step" },
		{ "timeline:\n  - at: 2s\n    di: x\n",
		  ":3:5: timeline: unknown step key 'di'; did you mean 'do'?" },
		{ "expect:\n  - client:   ETIMEOUT within 20s\n",
		  ":2:15: expect: unknown outcome 'ETIMEOUT'; did you mean" },
		{ "expect:\n  - client:   \"ETIMEOUT within 20s\"\n",
		  ":2:16: expect: unknown outcome 'ETIMEOUT'" },
		{ "expect:\n  - \"client: ETIMEOUT\"\n",
		  ":2:14: expect: unknown outcome 'ETIMEOUT'" },
		{ "expect:\n  client:\n    ETIMEOUT\n",
		  ":2:3: expect: column 9: unknown outcome 'ETIMEOUT'" },
		{ "expect:\n  - client\n",
		  ":2:5: expect: missing colon in 'client'" },
		{ "expect:\n  - client: [x]\n",
		  ":2:13: expect.client: unexpected list; expected outcome" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		must_refuse_file(&files[i]);
}
END_TEST

START_TEST(unreadable_and_too_large_files_are_refused)
{
	char path[] = "/tmp/halfopen-lab-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(lab_file_read(plan, "/no/such.yaml"), -ENOENT);
	assert_has(error_message(), "/no/such.yaml: ");
	ck_assert_int_eq(lab_file_read(plan, "/"), -EISDIR);
	ck_assert_int_eq(lab_file_read(plan, "/dev/null"), -EINVAL);
	ck_assert_int_eq(write(fd, "for: 5s\n", 8), 8);
	ck_assert_int_eq(lab_file_read(plan, path), 0);
	ck_assert_int_eq(plan->duration, SEC(5));
	/* A hole of 1 MiB reads as NUL bytes. */
	ck_assert_int_eq(ftruncate(fd, 1 << 20), 0);
	ck_assert_int_eq(lab_file_read(plan, path), -EINVAL);
	assert_has(error_message(), ":2:1: invalid UTF-8 text");
	ck_assert_int_eq(ftruncate(fd, (1 << 20) + 1), 0);
	ck_assert_int_eq(lab_file_read(plan, path), -EINVAL);
	assert_has(error_message(), "file is larger than 1 MiB");
	close(fd);
	unlink(path);
}
END_TEST

static const TTest *const *const tests[] = {
	&hosts_are_in_the_order_of_the_file,
	&offload_is_kept,
	&programs_have_their_keys,
	&limit_of_listening_is_kept_and_has_a_default,
	&place_of_rules_is_that_of_their_characters,
	&files_and_sysctls_are_kept,
	&needs_are_one_or_a_list,
	&steps_and_expectations_are_in_order,
	&timeline_and_expect_may_be_maps,
	&anchors_and_aliases_are_resolved,
	&invalid_yaml_is_refused,
	&invalid_keys_and_values_of_a_lab_are_refused,
	&invalid_keys_and_values_of_a_host_are_refused,
	&invalid_and_duplicate_host_names_are_refused,
	&deep_nesting_is_refused_quickly,
	&long_commands_are_refused,
	&large_environments_are_refused,
	&one_host_too_many_is_refused,
	&error_in_a_sentence_has_its_line_and_column,
	&unreadable_and_too_large_files_are_refused,
};

int main(void)
{
	return unit_run("lab-file", tests, ARRAY_SIZE(tests), plan_begin);
}
