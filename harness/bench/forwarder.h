/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What no wire in user space can be without: frames come from a packet socket,
 * with the kernel's time stamps, and go on by the other port. The same calls as
 * the wire's, and nothing else: what that adds to a path is the kernel's part.
 */
#pragma once

#include "macro.h"

/* Of all ports of this namespace; -1: see errno. */
int forwarder_open(void);

/* Between two ports, by their ifindex, until somebody kills it. */
void MACRO_NORETURN forwarder_run(int fd, int a, int b);
