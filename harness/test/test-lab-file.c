/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lab as a file: what becomes of it, and where it is wrong. */
#include "lab-file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "lab-words.h"
#include "suite.h"
#include "unit.h"

static struct lab_plan *plan;

static void setup(void)
{
	ck_assert_int_eq(lab_plan_new(&plan), 0);
}

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
			  "        user: nobody\n"
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

START_TEST(hosts_stand_as_they_are_written)
{
	must_parse(all);
	ck_assert_str_eq(plan->name, "idle-nat");
	ck_assert_str_eq(plan->about, "What to look at.");
	ck_assert_int_eq(plan->duration, SEC(30));
	ck_assert_uint_eq(plan->n_hosts, 3);
	ck_assert_str_eq(plan->hosts[0].name, "client");
	ck_assert_int_eq(plan->hosts[0].role, LAB_ENDPOINT);
	ck_assert_int_eq(plan->hosts[0].delay, MSEC(20));
	ck_assert_double_eq(plan->hosts[0].loss, 0.01);
	ck_assert_str_eq(plan->hosts[1].name, "gateway");
	ck_assert_int_eq(plan->hosts[1].role, LAB_NAT);
	ck_assert_int_eq(plan->hosts[1].idle, SEC(5));
	ck_assert_str_eq(plan->hosts[1].rules, "add rule");
	ck_assert_uint_eq(plan->hosts[1].place.line, 15);
	ck_assert_uint_eq(plan->hosts[1].place.column, 3);
	ck_assert_str_eq(plan->hosts[2].name, "server");
}
END_TEST

START_TEST(programs_have_what_they_were_given)
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
	ck_assert_str_eq(programs[3].user, "nobody");
	ck_assert_uint_eq(programs[3].listens, 80);
	ck_assert(programs[3].later);
	ck_assert_str_eq(programs[3].environment[0], "LANG=C");
	ck_assert_str_eq(programs[3].environment[1], "EMPTY=");
	ck_assert_str_eq(programs[3].environment[2], "NO=no");
	ck_assert_ptr_null(programs[3].environment[3]);
	ck_assert_str_eq(programs[4].name, "sleep");
	ck_assert(programs[4].later);
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
	plan = lab_plan_free(plan);
	setup();
	must_parse("needs: nginx\n");
	ck_assert_uint_eq(plan->n_needs, 1);
	ck_assert_str_eq(plan->needs[0], "nginx");
}
END_TEST

START_TEST(steps_and_expectations_stand_in_order)
{
	static const char *const steps[][2] = {
		{ "2s", "unplug client" },
		{ "nginx prints \"GET\"", "crash server" },
		{ "20s", "plug client" },
		{ "3s", "drop syns" },
		{ "3s", "note \"x\"" },
		{ "4s", "run \"sleep 5\" in client" },
	};

	must_parse(all);
	ck_assert_uint_eq(plan->n_steps, ARRAY_SIZE(steps));
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		ck_assert_str_eq(lab_moment_text(plan, &plan->steps[i].when),
				 steps[i][0]);
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

START_TEST(one_of_them_needs_no_list)
{
	must_parse("hosts: {client: }\n"
		   "timeline: {2s: unplug client, 3s: plug client}\n"
		   "expect: {client: EOF}\n");
	ck_assert_uint_eq(plan->n_steps, 2);
	ck_assert_uint_eq(plan->n_expectations, 1);
}
END_TEST

START_TEST(anchors_save_writing)
{
	must_parse("hosts:\n  client: &end\n    delay: 20ms\n"
		   "    run: curl x\n  server: *end\n");
	ck_assert_int_eq(plan->hosts[1].delay, MSEC(20));
	ck_assert_str_eq(plan->programs[1].name, "curl-2");
	ck_assert_str_eq(plan->programs[1].host, "server");
}
END_TEST

/* A file, and what is said of it, from its beginning on, after the name. */
struct wrong {
	const char *file, *message;
};

static void must_refuse(const struct wrong *wrong)
{
	static const char name[] = "dir/idle-nat.yaml";
	int r;

	plan = lab_plan_free(plan);
	setup();
	r = parse(wrong->file);
	ck_assert_msg(r == -EINVAL || r == -E2BIG, "%s", wrong->file);
	ck_assert_msg(
		strncmp(error_message(), name, strlen(name)) == 0 &&
			strncmp(error_message() + strlen(name), wrong->message,
				strlen(wrong->message)) == 0,
		"%s\n%s\nnot %s", wrong->file, error_message(), wrong->message);
}

START_TEST(what_is_no_yaml_is_refused)
{
	static const struct wrong files[] = {
		{ "", ": nothing is in it; expected: hosts, timeline, expect" },
		{ "# x\n", ": nothing is in it" },
		{ "x", ":1:1: expected the map of a lab, found a text" },
		{ "- a", ":1:1: expected the map of a lab, found a list" },
		{ "for: 5s\n---\nfor: 6s\n", ":3:1: a second document" },
		{ "hosts:\n\tclient:\n", ":2:1: a tab: YAML is indented by" },
		{ "for: *x\n", ":1:6: no YAML: found undefined alias" },
		{ "about: x: y\n", ":1:9: no YAML: a second ': '" },
		{ "a: {b\n", ":2:1: no YAML: did not find expected ',' or '}', "
			     "while parsing a flow mapping in line 1" },
		{ "about: \x01\n", ":1:8: no text in UTF-8: control char" },
		{ "about: \xc3\xa4\nab\xff: x\n", ":2:3: no text in UTF-8: " },
		{ "about: \"a\\0b\"\n", ":1:8: about: a byte of zero" },
		{ "for: !!int 5s\n", ":1:6: for: the tag 'tag:yaml.org" },
		{ "for: 5s\nfor: 6s\n", ":2:1: 'for' comes twice; first in "
					"line 1" },
		{ "[a]: b\n", ":1:1: expected a key, found a list" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		must_refuse(&files[i]);
}
END_TEST

START_TEST(what_is_no_lab_is_refused)
{
	static const struct wrong files[] = {
		{ "tymeline: 5\n", ":1:1: 'tymeline' is no key of a lab; "
				   "timeline?" },
		{ "x: 5\n", ":1:1: 'x' is no key of a lab; one of: about, for, "
			    "needs, sysctls, hosts, timeline, expect" },
		{ "for: 20\n", ":1:6: for: '20' has no unit: 20s or 20ms?" },
		{ "for: 0s\n", ":1:6: for: a lab that lasts 0s is none" },
		{ "for:\n", ":1:5: for: expected a duration such as 2s, found "
			    "nothing" },
		{ "needs: {}\n", ":1:8: needs: expected a program's name, found "
				  "a map" },
		{ "needs: [sh, ./x]\n", ":1:13: needs: './x' is no program's "
					"name" },
		{ "needs: ''\n", ":1:9: needs: '' is no program's name" },
		{ "needs: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, "
		  "q]\n",
		  ":1:57: needs: a lab has at most 16 needs" },
		{ "about: {}\n", ":1:8: about: expected a text, found a map" },
		{ "sysctls: {kernel.panic: 1}\n",
		  ":1:25: sysctls.kernel.panic: 'kernel.panic' is no sysctl" },
		{ "sysctls: {client:net.ipv4.tcp_sack: 1}\n",
		  ":1:37: sysctls.client:net.ipv4.tcp_sack: 'client:net" },
		{ "sysctls: {net.ipv4.tcp_sack: }\n",
		  ":1:30: sysctls.net.ipv4.tcp_sack: expected a sysctl's" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		must_refuse(&files[i]);
}
END_TEST

/* Below "hosts:" and "  client:". */
START_TEST(what_is_no_host_is_refused)
{
	static const struct wrong hosts[] = {
		{ "runn: x", ": 'runn' is no key of a host; run?" },
		{ "run: {user: x}", ".run: a program needs a command: 'run'" },
		{ "run: {run: x, name: client}", ".run: 'client' is a host's" },
		{ "run: [x, {run: x, name: x}]", ".run: 'x' is a program's" },
		{ "run: ' '", ".run: the command is empty" },
		{ "run: [[x]]", ".run: expected a command, a program's map" },
		{ "run: {run: x, listens: 99999}",
		  ".run.listens: '99999' is not a port: 1 to 65535" },
		{ "run: {run: x, later: maybe}",
		  ".run.later: 'maybe' is neither yes nor no" },
		{ "run: {run: x, env: {A=B: c}}",
		  ".run.env: 'A=B' is no name of a variable" },
		{ "run: {run: x, env: [A]}", ".run.env: expected a map of" },
		{ "run: {run: x, usr: y}",
		  ".run: 'usr' is no key of a program; "
		  "user?" },
		{ "as: nta", ".as: 'nta' is nothing a host can be; nat?" },
		{ "idle: 5s", ".idle: client forgets no connections" },
		{ "idle: 500ms", ".idle: '500ms': the kernel counts whole "
				 "seconds, one at least" },
		{ "idle: 1500ms", ".idle: '1500ms': the kernel counts whole" },
		{ "idle: 0s", ".idle: '0s': the kernel counts whole seconds" },
		{ "loss: 101%", ".loss: '101%' is more than 100%" },
		{ "loss: 0.5", ".loss: '0.5' is no percentage" },
		{ "delay: 20", ".delay: '20' has no unit" },
		{ "files: {a/b: x}", ".files: 'a/b' is no name of a file" },
		{ "files: {..: x}", ".files: '..' is no name of a file" },
	};
	char file[256], message[256];

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		const struct wrong wrong = { file, message };

		snprintf(file, sizeof(file), "hosts:\n  client:\n    %s\n",
			 hosts[i].file);
		snprintf(message, sizeof(message), ":3:");
		must_refuse(&wrong);
		snprintf(message, sizeof(message), "hosts.client%s",
			 hosts[i].message);
		assert_has(error_message(), message);
	}
}
END_TEST

START_TEST(what_is_no_name_is_refused)
{
	static const struct wrong files[] = {
		{ "hosts:\n  client:\n  client:\n",
		  ":3:3: hosts: 'client' comes twice; first in line 2" },
		{ "hosts:\n  a b:\n", ":2:3: hosts.a b: 'a b' is no name of a "
				      "host" },
		{ "hosts:\n  from:\n", ":2:3: hosts.from: 'from' is a word of "
				       "the timeline" },
		{ "hosts:\n  sixteen-letters-:\n",
		  ":2:3: hosts.sixteen-letters-: 'sixteen-letters-' is too "
		  "long "
		  "for a host: at most 15 characters" },
		{ "hosts: {b: , c: , d: , e: , f: , g: , h: , i: , j: }\n",
		  ":1:49: hosts.j: a lab has at most 8 hosts" },
		{ "hosts: [client]\n", ":1:8: hosts: expected a map of hosts" },
		{ "hosts: {client: x}\n", ":1:17: hosts.client: expected the "
					  "map of a host, found a text" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		must_refuse(&files[i]);
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
		 "dir/idle-nat.yaml:%d:3: hosts.host-%d: a lab has at most %d "
		 "hosts",
		 LAB_HOSTS + 2, LAB_HOSTS, LAB_HOSTS);
	ck_assert_str_eq(error_message(), file);
}
END_TEST

/* To the column of the word, where it can be told. */
START_TEST(a_wrong_word_is_found_in_the_file)
{
	static const struct wrong files[] = {
		{ "timeline:\n  - 2s: unplug the clint now\n",
		  ":2:26: timeline: 'now' is too much" },
		{ "timeline:\n  -   \"2s\": \"unplg client\"\n",
		  ":2:14: timeline: 'unplg' is no action; unplug?" },
		{ "timeline:\n  - 2: unplug client\n",
		  ":2:5: timeline: '2' has no unit" },
		{ "timeline:\n  - 2s after: unplug client\n",
		  ":2:13: timeline: expected here: 'start'" },
		{ "timeline:\n  - at: 2s\n    do: unplg client\n",
		  ":3:9: timeline: 'unplg' is no action" },
		{ "timeline:\n  - 2s: [unplug client, unplg client]\n",
		  ":2:25: timeline: 'unplg' is no action" },
		{ "timeline:\n  - 2s: >\n      unplug client\n      now\n",
		  ":2:9: timeline: column 15: 'now' is too much" },
		{ "timeline:\n  - 2s: \"\\u0075nplug client now\"\n",
		  ":2:9: timeline: column 15: 'now' is too much" },
		{ "timeline:\n  - unplug client\n",
		  ":2:5: timeline: expected MOMENT: ACTION" },
		{ "timeline: unplug client\n",
		  ":1:11: timeline: expected a list of steps, found a text" },
		{ "timeline:\n  - at: 2s\n",
		  ":2:5: timeline: a step has both: 'at' and 'do'" },
		{ "timeline:\n  - at: 2s\n    di: x\n",
		  ":3:5: timeline: 'di' is no key of a step; do?" },
		{ "expect:\n  - client:   ETIMEOUT within 20s\n",
		  ":2:15: expect: 'ETIMEOUT' cannot be expected; ETIMEDOUT?" },
		{ "expect:\n  - client:   \"ETIMEOUT within 20s\"\n",
		  ":2:16: expect: 'ETIMEOUT' cannot be expected" },
		{ "expect:\n  - \"client: ETIMEOUT\"\n",
		  ":2:14: expect: 'ETIMEOUT' cannot be expected" },
		{ "expect:\n  client:\n    ETIMEOUT\n",
		  ":2:3: expect: column 9: 'ETIMEOUT' cannot be expected" },
		{ "expect:\n  - client\n",
		  ":2:5: expect: 'client' is no HOST" },
		{ "expect:\n  - client: [x]\n",
		  ":2:13: expect.client: expected an outcome" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		must_refuse(&files[i]);
}
END_TEST

START_TEST(what_cannot_be_read_is_refused)
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
	/* A hole of a mebibyte: zeros, which are no text either. */
	ck_assert_int_eq(ftruncate(fd, 1 << 20), 0);
	ck_assert_int_eq(lab_file_read(plan, path), -EINVAL);
	assert_has(error_message(), ":2:1: no text in UTF-8");
	ck_assert_int_eq(ftruncate(fd, (1 << 20) + 1), 0);
	ck_assert_int_eq(lab_file_read(plan, path), -EINVAL);
	assert_has(error_message(), "more than 1 MiB");
	close(fd);
	unlink(path);
}
END_TEST

static const TTest *const *const tests[] = {
	&hosts_stand_as_they_are_written,
	&programs_have_what_they_were_given,
	&files_and_sysctls_are_kept,
	&needs_are_one_or_a_list,
	&steps_and_expectations_stand_in_order,
	&one_of_them_needs_no_list,
	&anchors_save_writing,
	&what_is_no_yaml_is_refused,
	&what_is_no_lab_is_refused,
	&what_is_no_host_is_refused,
	&what_is_no_name_is_refused,
	&one_host_too_many_is_refused,
	&a_wrong_word_is_found_in_the_file,
	&what_cannot_be_read_is_refused,
};

int main(void)
{
	return unit_run("lab-file", tests, ARRAY_SIZE(tests), setup);
}
