/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults, as scripts apply them. Each is journalled. With --without-faults none
 * takes effect, and no case with a fault may pass then.
 */
#pragma once

#include "frames.h"
#include "probe.h"
#include "run.h"

/* Process: the kernel closes its sockets; the peer sees FIN or RST. */
void fault_kill(struct probe *probe); /* SIGKILL */
void fault_kill_child(struct probe *probe); /* the child of probe_fork() */
void fault_segfault(struct probe *probe); /* SIGSEGV */

/* Host: the peer sees nothing. */
void fault_crash(struct run *run, const char *host);
/* Crash, and a host without any state in its place. Its probes are gone; start
 * new ones. */
void fault_reboot(struct run *run, const char *host);
/* Its processes stop; its kernel still acknowledges data and answers probes.
 * The host's probes execute nothing until the thaw: post their calls before. */
void fault_freeze(struct run *run, const char *host);
void fault_thaw(struct run *run, const char *host);

/* Cable: the host loses its carrier. */
void fault_unplug(struct run *run, const char *host);
void fault_plug(struct run *run, const char *host);

/* Interface, set down by the host's administrator: its routes, IPv6 addresses
 * and permanent neighbour entries are deleted; up restores them. */
void fault_down(struct run *run, const char *host);
void fault_up(struct run *run, const char *host);

/* Addresses are deleted, the interface stays up; and added again. */
void fault_unaddress(struct run *run, const char *host);
void fault_readdress(struct run *run, const char *host);

/* Path: every frame to and from, from, or to the host is lost. */
void fault_cut(struct run *run, const char *host);
void fault_cut_from(struct run *run, const char *host);
void fault_cut_to(struct run *run, const char *host);
void fault_mend(struct run *run, const char *host);

/* Gateway: its connection tracking table is flushed. */
void fault_forget(struct run *run, const char *host);

/*
 * Segments: a rule of the wire, which is in effect when the call returns.
 * Returns NULL with --without-faults, which release and disarm accept.
 */
struct wire_rule *fault_drop(struct run *run, const struct wire_match *match);
struct wire_rule *fault_hold(struct run *run, const struct wire_match *match);
struct wire_rule *fault_duplicate(struct run *run,
				  const struct wire_match *match, nsec_t delay);
/* Drops them, and sends an ICMP error or a RST (WIRE_ANSWER_HOST) in reply. */
struct wire_rule *fault_reject(struct run *run, const struct wire_match *match,
			       enum wire_answer answer);
void fault_release(struct run *run, struct wire_rule *rule);
void fault_disarm(struct run *run, struct wire_rule *rule);

/*
 * Sends a forged segment to the host. `frame` describes all of it (a captured
 * frame, copied and changed, has the right addresses and ports); `payload` has
 * frame->tcp.length bytes, NULL: all of them 'X'. Returns the time before it.
 */
struct mark fault_inject(struct run *run, const char *to,
			 const struct frame *frame, const void *payload);

/* No fault, a property of the world: one-way delay between the wire and the
 * host, on each of its cables. In effect with --without-faults, too. */
void path_delay(struct run *run, const char *host, nsec_t one_way);
