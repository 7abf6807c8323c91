/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lab_check(): plans that cannot happen are refused, with the reason; plans
 * that could happen in some order of events are not. */
#include "lab-check.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "lab-defaults.h"
#include "lab-value.h"
#include "plans.h"
#include "privilege.h"
#include "suite.h"
#include "unit.h"

/* --- the timeline ---------------------------------------------------------*/

START_TEST(fault_must_have_an_effect)
{
	MUST_REFUSE(
		{ "timeline: {2s: plug client}",
		  "plug client: client is not unplugged; no 'unplug client' "
		  "comes before it" },
		{ "timeline: {2s: plug client, 3s: unplug client}",
		  "x.yaml:1:16: timeline: plug client: client is not unplu" },
		{ "timeline: [2s: unplug client, 3s: unplug client]",
		  "unplug client: client is already unplugged since 2s" },
		{ "timeline: {0s: freeze server, 2s: freeze server}",
		  "server is already frozen since the start" },
		{ "timeline: {2s: thaw server}", "server is not frozen" },
		{ "timeline: {2s: resume server}",
		  "server is not suspended; no 'suspend server' comes" },
		{ "timeline: [2s: suspend server, 3s: suspend server]",
		  "server is already suspended since 2s" },
		{ "timeline: {2s: up server}", "server is not down" },
		{ "timeline: {2s: readdress server}", "server is not without" },
		{ "timeline: {2s: mend server}", "server is not cut off" },
		{ "timeline: {2s: cut server to, 3s: cut server to}",
		  "cut server to: server is already cut off since 2s" },
		{ "timeline: [2s: unplug client, 3s: plug client, "
		  "4s: plug client]",
		  "client is not unplugged" },
		{ "timeline: {2s: unplug server, 3s: plug client}",
		  "client is not unplugged" },
		{ "timeline: {client reaches ESTAB: plug client}",
		  "client is not unplugged" },
		{ "timeline: {2s: forget server}",
		  "server tracks no connections; only a NAT" },
		{ "hosts: {client: , gw: {as: router}, server: }\n"
		  "timeline: {2s: forget gw}",
		  "gw tracks no connections" },
		{ "hosts: {client: , gw: {as: balancer, with: ipvs, "
		  "backends: server}, server: }\n"
		  "timeline: {2s: forget gw}",
		  "IPVS has no command that deletes entries; 'reboot' does" },
		{ "hosts: {client: , gw: {as: nat}, server: }\n"
		  "timeline: {2s: freeze gw}",
		  "no process runs in gw" });
	must_pass("timeline: [2s: unplug client, 3s: plug client, "
		  "4s: unplug client]");
	must_pass("timeline: {2s: cut server to, 3s: cut server from, "
		  "4s: mend server}");
	must_pass("timeline: {20s: plug client, client reaches ESTAB: "
		  "unplug client}");
	must_pass("timeline: [2s: unplug client, 3s: unplug client, "
		  "client reaches ESTAB: plug client]");
	must_pass("timeline: {9s: plug client, 2s: unplug client}");
	must_pass("hosts: {client: , gw: {as: nat}, server: }\n"
		  "timeline: {2s: forget gw, 3s: crash gw, 4s: reboot gw}");
}
END_TEST

START_TEST(crashed_host_accepts_only_reboot)
{
	MUST_REFUSE({ "timeline: {2s: crash server, 3s: unplug server}",
		      "unplug server: server is dead since 2s; expected "
		      "'reboot server' "
		      "first" },
		    { "timeline: [2s: crash server, 3s: crash server]",
		      "server is dead" },
		    { "timeline: {2s: crash server, 3s: listen server 81}",
		      "server is dead" },
		    { "timeline: {2s: crash client, 3s: send client}",
		      "client is dead" },
		    { "timeline: {2s: crash client, 3s: connect client server}",
		      "client is dead" },
		    { "timeline: {2s: crash client, "
		      "3s: set client:net.ipv4.tcp_sack=0}",
		      "client is dead" },
		    { "hosts: {client: , server: {run: nginx}}\n"
		      "timeline: {2s: crash server, 3s: kill nginx}",
		      "server is dead" },
		    { "timeline: {2s: crash server, 3s: reboot server, "
		      "4s: close server}",
		      "close server: server has no probe" },
		    { "timeline: {2s: unplug client, 3s: reboot client, "
		      "4s: plug client}",
		      "client is not unplugged" });
	must_pass("timeline: {2s: crash server, 3s: reboot server, "
		  "4s: listen server, 5s: unplug server}");
	must_pass("timeline: {2s: crash server, 3s: connect client server}");
	must_pass("timeline: {9s: unplug server, 2s: crash server, "
		  "client reaches ESTAB: reboot server}");
	must_pass("timeline: {2s: cut server, 3s: crash server, "
		  "4s: reboot server, 5s: mend server}");
	must_pass("timeline: {2s: reboot server}");
}
END_TEST

START_TEST(call_needs_a_probe_that_runs)
{
	MUST_REFUSE(
		{ "hosts: {client: {run: curl x}, server: }\n"
		  "timeline: {2s: send client}",
		  "send client: client has no probe at that time; 'listen "
		  "client'" },
		{ "hosts: {client: {run: curl x}, server: }\n"
		  "timeline: {curl ends: close client}",
		  "client has no probe" },
		{ "timeline: {2s: send client, 3s: connect client server}",
		  "client has no probe" },
		{ "timeline: [2s: kill client, 3s: kill client]",
		  "kill client: client has no probe at that time" },
		{ "timeline: {2s: suspend client, 3s: close client}",
		  "client is suspended since 2s; expected 'resume client'" },
		{ "timeline: {2s: freeze client, 3s: send client}",
		  "client is frozen since 2s; expected 'thaw client' first" },
		{ "timeline: [2s: listen server, 3s: listen server 80 http]",
		  "the probe already listens on port 80 since 2s" },
		{ "timeline: [2s: unaddress server, 3s: listen server 5000]",
		  "server is without its address since 2s; expected "
		  "'readdress server' first" },
		{ "timeline: {2s: connect client client}",
		  "source and destination are the same host" },
		{ "hosts: {client: {run: curl x}, server: }\n"
		  "expect: [client: EOF]",
		  "client: EOF: client has no probe whose calls could end" });
	must_pass("timeline: [2s: kill client STOP, 3s: kill client CONT]");
	must_pass("timeline: {2s: connect client to server:81}");
	must_pass("timeline: [2s: listen server, 3s: close server, "
		  "4s: listen server]");
}
END_TEST

START_TEST(signal_needs_a_program_that_was_started)
{
	MUST_REFUSE({ "hosts: {client: {run: {run: curl x, later: yes}}, "
		      "server: }\n"
		      "timeline: {2s: kill curl, 3s: run curl}",
		      "kill curl: curl is not started; no 'run curl' comes "
		      "before" },
		    { "hosts: {client: {run: curl x}, server: }\n"
		      "timeline: {start: run curl}",
		      "run curl: curl runs from the start; expected 'later" });
	must_pass(
		"hosts: {client: {run: {run: curl x, later: yes}}, server: }\n"
		"timeline: {2s: run curl, 3s: kill curl, 4s: run curl}");
	must_pass("timeline: {2s: run \"sleep 5\" in client as nap, "
		  "3s: kill nap TERM}");
}
END_TEST

START_TEST(release_and_pass_need_an_earlier_rule)
{
	MUST_REFUSE(
		{ "timeline: {2s: release}", "release: no frames are held" },
		{ "timeline: {2s: release, 3s: hold data}",
		  "release: no frames are held" },
		{ "timeline: [2s: hold data, 3s: release, 4s: release]",
		  "release: no frames are held" },
		{ "timeline: {client reaches ESTAB: release}",
		  "release: no frames are held; no 'hold' comes" },
		{ "timeline: {2s: pass}", "pass: the wire has no rule; no" },
		{ "timeline: [2s: drop data, 3s: pass, 4s: pass]",
		  "pass: the wire has no rule; no" },
		{ "timeline: {2s: drop data from client to client}",
		  "source and destination are the same host" });
	must_pass("timeline: {2s: hold data, 3s: pass, 4s: release}");
	must_pass("timeline: {2s: release, client reaches ESTAB: hold data}");
}
END_TEST

START_TEST(reading_begins_again_after_it_has_stopped)
{
	MUST_REFUSE(
		{ "timeline: [1s: listen server, 2s: read-again server]",
		  "x.yaml:1:35: timeline: read-again server: the probe in "
		  "server reads; no 'stop-reading server' comes before it" },
		{ "timeline: [1s: listen server, 2s: stop-reading server, "
		  "3s: read-again server, 4s: read-again server]",
		  "read-again server: the probe in server reads" },
		{ "timeline: [1s: listen server, 2s: stop-reading server, "
		  "3s: reboot server, 4s: listen server, "
		  "5s: read-again server]",
		  "read-again server: the probe in server reads" },
		{ "timeline: [1s: listen server, 2s: stop-reading client, "
		  "server reaches ESTAB: read-again server]",
		  "read-again server: the probe in server reads" });
	must_pass("timeline: [1s: listen server silent, "
		  "2s: read-again server]");
	must_pass("timeline: [1s: listen server, "
		  "server reaches ESTAB: stop-reading server, "
		  "2s: read-again server]");
}
END_TEST

START_TEST(queue_needs_a_rate)
{
	MUST_REFUSE(
		{ "hosts:\n  client: {queue: 20}\n  server:\n",
		  "x.yaml:2:3: hosts.client: client: 'queue' without 'rate': "
		  "no frame waits on the path of client" },
		{ "hosts:\n  client: {rate: {from: 1Mbit/s}, queue: {to: 9}}\n"
		  "  server:\n",
		  "client: 'queue' without 'rate'" },
		{ "timeline: [1s: link client queue 20]",
		  "x.yaml:1:16: timeline: link client queue 20: 'queue' "
		  "without 'rate'" },
		{ "timeline: [1s: link client to rate 1Mbit/s, "
		  "2s: link client from queue 20]",
		  "link client from queue 20: 'queue' without 'rate'" });
	must_pass("hosts: {client: {rate: {from: 1Mbit/s}, queue: 20}, "
		  "server: }");
	must_pass("hosts: {client: {queue: 20}, server: }\n"
		  "timeline: [1s: link client rate 1Mbit/s]");
	must_pass("timeline: [1s: link client to rate 1Mbit/s, "
		  "2s: link client queue 20]");
}
END_TEST

/* Elsewhere /proc/net/stat/nf_conntrack has zeros only. */
START_TEST(counter_of_conntrack_needs_a_host_that_tracks)
{
	MUST_REFUSE(
		{ "expect:\n  - client: counter nf_conntrack_invalid 0\n",
		  "x.yaml:2:5: expect: client: counter nf_conntrack_invalid "
		  "0: client tracks no connections; only a NAT, a firewall" },
		{ "hosts: {client: , gw: {as: router}, server: }\n"
		  "expect: ['gw: counter nf_conntrack_invalid']",
		  "gw tracks no connections" });
	must_pass("hosts: {client: , gw: {as: firewall}, server: }\n"
		  "expect: ['gw: counter nf_conntrack_invalid 0']");
	must_pass("hosts: {client: , gw: {as: router, rules: x}, server: }\n"
		  "expect: ['gw: counter nf_conntrack_invalid 0']");
	must_pass("timeline: [1s: nft client 'add table inet x']\n"
		  "expect: ['client: counter nf_conntrack_invalid 0']");
	must_pass("hosts: {client: {run: {run: x, capabilities: net_admin}}, "
		  "server: }\n"
		  "expect: ['client: counter nf_conntrack_invalid 0']");
}
END_TEST

START_TEST(moment_must_come_before_the_end)
{
	MUST_REFUSE(
		{ "for: 10s\ntimeline: {20s: note x}",
		  "20s is after the end of the lab (10s)" },
		{ "for: 10s\ntimeline: [6s: note x, 5s after note x: note y]",
		  "11s is after the end" },
		{ "for: 10s\nexpect: [client: EOF within 20s]",
		  "20s is after the end" },
		{ "for: 10s\ntimeline: {5s: crash server}\n"
		  "expect: [client: EOF within 6s of crash server]",
		  "11s is after the end" },
		{ "for: 10s\nexpect: [client: EOF after 11s]",
		  "11s is after the end" },
		{ "timeline: {note y: note x}",
		  "unknown step 'note y'; did you mean 'note x'?" },
		{ "timeline: {note y: note x, note x: note y}",
		  "circular wait: 'note y' waits for itself" },
		{ "timeline: {note x: note x}", "circular wait" });
	must_pass("for: 10s\ntimeline: {10s: note x}");
}
END_TEST

/* --- names, hosts and programs --------------------------------------------*/

START_TEST(names_must_exist)
{
	MUST_REFUSE(
		{ "timeline: {2s: unplug clint}",
		  "x.yaml:1:16: timeline: unknown host 'clint'; did you mean "
		  "'client'?" },
		{ "timeline: {2s: unplug xyz}",
		  "unknown host 'xyz'; expected one of: client, server" },
		{ "timeline: {2s: drop data from x}", "unknown host 'x'" },
		{ "timeline: {2s: drop data to x}", "unknown host 'x'" },
		{ "timeline: {2s: connect client to x}", "unknown host 'x'" },
		{ "timeline: {2s: set x:net.ipv4.tcp_sack=0}",
		  "unknown host 'x'" },
		{ "timeline: {2s: run \"sleep 1\" in x}", "unknown host 'x'" },
		{ "timeline: {x reaches ESTAB: unplug client}",
		  "unknown host 'x'" },
		{ "timeline: {x has sent data: unplug client}",
		  "unknown host 'x'" },
		{ "timeline: {x ends: unplug client}", "unknown program 'x'" },
		{ "timeline: {client prints x: unplug client}",
		  "'client' is a host; expected program name" },
		{ "timeline: {2s: kill x}", "unknown program or host 'x'" },
		{ "timeline: {2s: run ngix}\n"
		  "hosts: {client: , server: {run: nginx}}",
		  "unknown program 'ngix'; did you mean 'nginx'?" },
		{ "timeline: {2s: unplug nginx}\n"
		  "hosts: {client: , server: {run: nginx}}",
		  "'nginx' is a program; expected host name" },
		{ "sysctls: {net.ipv4.tcp_sack: 1}\n"
		  "expect: [x: EOF]",
		  "unknown host 'x'" },
		{ "expect: [x: exit 0]", "unknown program 'x'" },
		{ "expect: [client: EOF within 2s of x ends]",
		  "unknown program 'x'" },
		{ "expect: [client: EOF within 2s of crash client]",
		  "unknown step 'crash client'" },
		{ "timeline: [2s: crash server]\n"
		  "expect: [client: EOF within 2s of crash servr]",
		  "unknown step 'crash servr'; did you mean 'crash server'?" });
}
END_TEST

START_TEST(sysctl_of_an_unknown_host_is_refused)
{
	const struct lab_place place = { .source = "--sysctl" };

	ck_assert_int_eq(
		lab_plan_add_setting(plan, "clint:net.ipv4.tcp_sack=0", &place),
		0);
	ck_assert_int_eq(lab_defaults_add(plan), 0);
	ck_assert_int_eq(lab_check(plan), -EINVAL);
	ck_assert_str_eq(error_message(),
			 "--sysctl: unknown host 'clint'; did you mean "
			 "'client'?");
}
END_TEST

START_TEST(hosts_must_form_a_path)
{
	MUST_REFUSE(
		{ "hosts: {x: }", "too few hosts: a lab needs at least two" },
		{ "hosts: {client: , gw: {as: nat}}",
		  "hosts.gw: gw: a gateway needs a host on each side" },
		{ "hosts: {gw: {as: router}, client: , server: }",
		  "gw: a gateway needs a host on each side" },
		{ "hosts: {client: , gw: {as: nat}, fw: {as: firewall}, "
		  "server: }",
		  "hosts.fw: fw: a path has at most one" });
}
END_TEST

START_TEST(program_needs_a_user_and_a_free_port)
{
	MUST_REFUSE(
		{ "hosts: {client: , server: {run: [{run: x, listens: 80}, "
		  "{run: y, listens: 80}]}}",
		  "y: port 80 of server is already used by x" },
		{ "hosts: {client: , server: {run: {run: x, listens: 80}}}\n"
		  "timeline: {2s: listen server 80}",
		  "listen server 80: port 80 of server is already used by x" });
	must_pass("hosts: {client: {run: {run: x, listens: 80}}, "
		  "server: {run: {run: y, listens: 80}}}");
}
END_TEST

START_TEST(only_root_runs_programs_as_other_users)
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
	assert_has(error_message(), "x: only root can run it as user ");
}
END_TEST

/* Every fault with an effect that lasts, from its table: a second time it is
 * refused, and so is what ends it before it begins. */
START_TEST(every_lasting_fault_has_its_end)
{
	const struct fault_verb *faults;
	char file[128];
	size_t n;

	faults = fault_verbs(&n);
	for (size_t i = 0; i < n; i++) {
		if (!faults[i].undo)
			continue;
		snprintf(file, sizeof(file),
			 "timeline: [2s: %s server, 3s: %s server]",
			 faults[i].name, faults[i].undo);
		must_pass(file);
		snprintf(file, sizeof(file),
			 "timeline: [2s: %s server, 3s: %s server]",
			 faults[i].name, faults[i].name);
		plan_complete(file);
		ck_assert_msg(lab_check(plan) == -EINVAL, "%s", file);
		assert_has(error_message(), faults[i].state);
		if (faults[i].kills_host)
			continue;
		snprintf(file, sizeof(file), "timeline: [2s: %s server]",
			 faults[i].undo);
		plan_complete(file);
		ck_assert_msg(lab_check(plan) == -EINVAL, "%s", file);
		assert_has(error_message(), faults[i].name);
	}
}
END_TEST

/* The event of a step is the step that does the same, however it is written. */
START_TEST(step_is_found_by_what_it_does)
{
	must_pass("timeline: [2s: Crash the server]\n"
		  "expect: [client: ETIMEDOUT within 2s of crash server]");
	must_pass("timeline: [2s: drop 1 syn, 1s after drop the first syn: "
		  "note x]");
	must_pass("timeline: [2s: kill client, 1s after kill the client: "
		  "note x]");
	must_pass("timeline: [2s: run \"sleep 5\" in client, 1s after run "
		  "\"sleep 5\" in client: note x]");
	must_pass("timeline: [2s: run \"sleep 5\" in client as nap, 1s after "
		  "run nap: note x]");
}
END_TEST

static const TTest *const *const tests[] = {
	&fault_must_have_an_effect,
	&crashed_host_accepts_only_reboot,
	&call_needs_a_probe_that_runs,
	&signal_needs_a_program_that_was_started,
	&release_and_pass_need_an_earlier_rule,
	&reading_begins_again_after_it_has_stopped,
	&queue_needs_a_rate,
	&counter_of_conntrack_needs_a_host_that_tracks,
	&moment_must_come_before_the_end,
	&names_must_exist,
	&sysctl_of_an_unknown_host_is_refused,
	&hosts_must_form_a_path,
	&program_needs_a_user_and_a_free_port,
	&only_root_runs_programs_as_other_users,
	&every_lasting_fault_has_its_end,
	&step_is_found_by_what_it_does,
};

int main(void)
{
	return unit_run("lab-check", tests, ARRAY_SIZE(tests), plan_begin);
}
