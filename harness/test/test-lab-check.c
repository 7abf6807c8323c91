/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A timeline that cannot happen as it stands is refused, and no other. */
#include "plans.h"

#include "macro.h"
#include "unit.h"

START_TEST(a_fault_must_do_something)
{
	MUST_REFUSE(
		{ "timeline: {2s: plug client}",
		  "plug client: client is not unplugged: no 'unplug client' "
		  "comes before it" },
		{ "timeline: {2s: plug client, 3s: unplug client}",
		  "x.yaml:1:16: timeline: plug client: client is not unplu" },
		{ "timeline: [2s: unplug client, 3s: unplug client]",
		  "unplug client: client is unplugged already, since 2s" },
		{ "timeline: {0s: freeze server, 2s: freeze server}",
		  "server is frozen already, since the start" },
		{ "timeline: {2s: thaw server}", "server is not frozen" },
		{ "timeline: {2s: resume server}",
		  "server is not suspended: no 'suspend server' comes" },
		{ "timeline: [2s: suspend server, 3s: suspend server]",
		  "server is suspended already, since 2s" },
		{ "timeline: {2s: up server}", "server is not down" },
		{ "timeline: {2s: readdress server}", "server is not without" },
		{ "timeline: {2s: mend server}", "server is not cut off" },
		{ "timeline: {2s: cut server to, 3s: cut server to}",
		  "cut server to: server is cut off already, since 2s" },
		{ "timeline: [2s: unplug client, 3s: plug client, "
		  "4s: plug client]",
		  "client is not unplugged" },
		{ "timeline: {2s: unplug server, 3s: plug client}",
		  "client is not unplugged" },
		{ "timeline: {client reaches ESTAB: plug client}",
		  "client is not unplugged" },
		{ "timeline: {2s: forget server}",
		  "server remembers no connections" },
		{ "hosts: {client: , gw: {as: router}, server: }\n"
		  "timeline: {2s: forget gw}",
		  "gw remembers no connections" },
		{ "hosts: {client: , gw: {as: nat}, server: }\n"
		  "timeline: {2s: freeze gw}",
		  "nothing runs in gw" });
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

START_TEST(the_dead_do_nothing)
{
	MUST_REFUSE(
		{ "timeline: {2s: crash server, 3s: unplug server}",
		  "unplug server: server is dead, since 2s: only 'reboot'" },
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

START_TEST(a_probe_must_be_there)
{
	MUST_REFUSE(
		{ "hosts: {client: {run: curl x}, server: }\n"
		  "timeline: {2s: send client}",
		  "send client 1: client has no probe then: 'listen client'" },
		{ "hosts: {client: {run: curl x}, server: }\n"
		  "timeline: {curl ends: close client}",
		  "client has no probe" },
		{ "timeline: {2s: send client, 3s: connect client server}",
		  "client has no probe" },
		{ "timeline: [2s: kill client, 3s: kill client]",
		  "kill client: client has no probe then" },
		{ "timeline: {2s: suspend client, 3s: close client}",
		  "client is suspended, since 2s: its probe does nothing" },
		{ "timeline: {2s: freeze client, 3s: send client}",
		  "client is frozen, since 2s: its probe does nothing" },
		{ "timeline: [2s: listen server, 3s: listen server 80 http]",
		  "it listens on port 80 already, since 2s" },
		{ "timeline: {2s: connect client client}",
		  "from client to itself nothing goes by the wire" },
		{ "hosts: {client: {run: curl x}, server: }\n"
		  "expect: [client: EOF]",
		  "client: EOF: client has no probe whose calls could end" });
	must_pass("timeline: [2s: kill client STOP, 3s: kill client CONT]");
	must_pass("timeline: {2s: connect client to server:81}");
	must_pass("timeline: [2s: listen server, 3s: close server, "
		  "4s: listen server]");
}
END_TEST

START_TEST(a_program_must_have_been_run)
{
	MUST_REFUSE({ "hosts: {client: {run: {run: curl x, later: yes}}, "
		      "server: }\n"
		      "timeline: {2s: kill curl, 3s: run curl}",
		      "kill curl: curl does not run then: no 'run curl'" },
		    { "hosts: {client: {run: curl x}, server: }\n"
		      "timeline: {start: run curl}",
		      "run curl: the start runs curl already" });
	must_pass(
		"hosts: {client: {run: {run: curl x, later: yes}}, server: }\n"
		"timeline: {2s: run curl, 3s: kill curl, 4s: run curl}");
	must_pass("timeline: {2s: run \"sleep 5\" in client as nap, "
		  "3s: kill nap TERM}");
}
END_TEST

START_TEST(the_wire_must_hold_what_it_releases)
{
	MUST_REFUSE({ "timeline: {2s: release}", "release: nothing is held" },
		    { "timeline: {2s: release, 3s: hold data}",
		      "release: nothing is held" },
		    { "timeline: [2s: hold data, 3s: release, 4s: release]",
		      "release: nothing is held" },
		    { "timeline: {client reaches ESTAB: release}",
		      "release: nothing is held: there is no 'hold'" },
		    { "timeline: {2s: pass}", "pass: the wire has no rule" },
		    { "timeline: [2s: drop data, 3s: pass, 4s: pass]",
		      "pass: the wire has no rule" },
		    { "timeline: {2s: drop data from client to client}",
		      "from client to itself" });
	must_pass("timeline: {2s: hold data, 3s: pass, 4s: release}");
	must_pass("timeline: {2s: release, client reaches ESTAB: hold data}");
}
END_TEST

START_TEST(a_moment_must_come)
{
	MUST_REFUSE(
		{ "for: 10s\ntimeline: {20s: note x}",
		  "20s is after the end of the lab, which lasts 10s" },
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
		  "no step of the timeline is 'note \"y\"'; 'note \"x\"'?" },
		{ "timeline: {note y: note x, note x: note y}",
		  "is waited for by what it waits for" },
		{ "timeline: {note x: note x}", "is waited for by" });
	must_pass("for: 10s\ntimeline: {10s: note x}");
}
END_TEST

static const TTest *const *const tests[] = {
	&a_fault_must_do_something,
	&the_dead_do_nothing,
	&a_probe_must_be_there,
	&a_program_must_have_been_run,
	&the_wire_must_hold_what_it_releases,
	&a_moment_must_come,
};

int main(void)
{
	return unit_run("lab-order", tests, ARRAY_SIZE(tests), NULL);
}
