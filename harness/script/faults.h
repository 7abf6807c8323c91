/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults, as scripts say them. Every one is journalled; with --without-faults
 * none of them happens, and no case that has one may pass then.
 */
#pragma once

#include "fault.h"
#include "frames.h"
#include "probe.h"
#include "run.h"

/* To a process. The peer sees what its kernel does for it: FIN, or RST. */
void fault_kill(struct probe *probe); /* SIGKILL */
/* The same to the child that probe_fork() left, after the probe itself died. */
void fault_kill_child(struct probe *probe);
void fault_segfault(struct probe *probe); /* SIGSEGV */

/* To a machine. The peer sees nothing. */
void fault_crash(struct run *run, const char *host);
/* Crash, and a machine without memory in its place. Its probes are gone; start
 * new ones. */
void fault_reboot(struct run *run, const char *host);
/* Its processes stop; its kernel acknowledges, and answers probes. */
void fault_freeze(struct run *run, const char *host);
void fault_thaw(struct run *run, const char *host);

/* To a cable: the host loses its carrier. */
void fault_unplug(struct run *run, const char *host);
void fault_plug(struct run *run, const char *host);

/* To an interface, by the host's administrator: the routes, the IPv6 addresses
 * and the permanent neighbours go with it, and up puts them back. */
void fault_down(struct run *run, const char *host);
void fault_up(struct run *run, const char *host);

/* Its addresses are taken away, the interface stays up; and given back. */
void fault_unaddress(struct run *run, const char *host);
void fault_readdress(struct run *run, const char *host);

/* To the path: it swallows every frame of (to, from) the host. */
void fault_cut(struct run *run, const char *host);
void fault_cut_from(struct run *run, const char *host);
void fault_cut_to(struct run *run, const char *host);
void fault_mend(struct run *run, const char *host);

/* To a gateway: it loses what it knows of the connections that go through it. */
void fault_forget(struct run *run, const char *host);

/*
 * To chosen segments: armed when the call returns, so arm first and let them be
 * sent then. NULL comes back with --without-faults; the calls below take it.
 */
struct wire_rule *fault_drop(struct run *run, const struct wire_match *match);
struct wire_rule *fault_hold(struct run *run, const struct wire_match *match);
struct wire_rule *fault_delay(struct run *run, const struct wire_match *match,
			      nsec_t delay);
struct wire_rule *fault_duplicate(struct run *run,
				  const struct wire_match *match, nsec_t delay);
void fault_release(struct run *run, struct wire_rule *rule);
void fault_disarm(struct run *run, struct wire_rule *rule);

/*
 * A forged segment goes to the host: `frame` says all of it (a captured one,
 * copied and changed, has the right addresses and ports), and `payload` has its
 * tcp.length bytes. NULL: all of them 'X'.
 */
void fault_inject(struct run *run, const char *to, const struct frame *frame,
		  const void *payload);

/* --- for who has the verb in his hand, and not in his source ---------------*/

/* Any verb of netns/fault.h; with what a crash means for probes and programs.
 * `argument` may be NULL. */
void fault_do(struct run *run, const struct fault_verb *verb, const char *host,
	      const char *argument);

/* Journals a fault that the caller makes happen. False: it is not to happen
 * (--without-faults). */
bool fault_announce(struct run *run, const char *verb, const char *target,
		    const char *text);

/* No fault, but how the world is: the path to this host takes so long, one way;
 * by each of its cables. Stays with --without-faults. */
void path_delay(struct run *run, const char *host, nsec_t one_way);
