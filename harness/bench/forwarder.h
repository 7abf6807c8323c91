/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A minimal wire: receives frames from a packet socket with the kernel's
 * timestamps and sends them on the other port, with the same system calls as the
 * wire. Its delay is the part of the wire's delay that the kernel causes.
 */
#pragma once

#include "macro.h"

/* Opens a packet socket for all ports of this namespace; -1 with errno set. */
int forwarder_open(void);

/* Forwards between the ports with these ifindexes; never returns. */
void MACRO_NORETURN forwarder_run(int fd, int a, int b);
