/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What programs may ask of the kernel: a seccomp filter on socket families. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* False in a build without libseccomp. */
bool filter_possible(void);

/* Whether filter_socket_families() has an effect here. */
bool filter_works(void);

/*
 * For this process and its children, irrevocably: socket() and socketpair()
 * fail with EAFNOSUPPORT for all families but AF_UNIX, AF_INET, AF_INET6,
 * AF_NETLINK, AF_PACKET and those of `families` (bit N: family N), and
 * io_uring_setup() with ENOSYS. Needs no_new_privs. No effect in a build
 * without libseccomp and on a kernel without seccomp.
 */
void filter_socket_families(uint64_t families);
