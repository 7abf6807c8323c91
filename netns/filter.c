/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Some socket families leave the network namespace: AF_VSOCK reaches the
 * hypervisor, AF_BLUETOOTH and AF_ALG the devices of the machine. No host of a
 * lab needs them. io_uring makes sockets without socket(2) (IORING_OP_SOCKET),
 * and so passes the filter: programs find a kernel without it, as before 5.1.
 *
 * Programs of a second architecture that the processor can execute (32 bits)
 * pass the same filter. On i386, socket() is also a function of socketcall(2),
 * which has its arguments in memory, where no filter sees them; that one always
 * fails. Without rules for them the programs would be killed
 * (SCMP_FLTATR_ACT_BADARCH).
 */
#include "filter.h"

#include <errno.h>
#include <linux/net.h>
#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "macro.h"

#if HALFOPEN_SECCOMP
#include <seccomp.h>

enum { FAMILIES = 64 }; /* more than AF_MAX: socket() refuses the others */

static const uint64_t usual = UINT64_C(1) << AF_UNIX | UINT64_C(1) << AF_INET |
			      UINT64_C(1) << AF_INET6 |
			      UINT64_C(1) << AF_NETLINK |
			      UINT64_C(1) << AF_PACKET;

/* The kernel's `family` is an int: the upper half of the register is of no
 * importance. */
static int refuse_family(scmp_filter_ctx filter, unsigned int family)
{
	const struct scmp_arg_cmp is_family =
		SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, family);
	const uint32_t refuse = SCMP_ACT_ERRNO(EAFNOSUPPORT);
	int r = seccomp_rule_add(filter, refuse, SCMP_SYS(socket), 1,
				 is_family);

	if (r < 0)
		return r;
	return seccomp_rule_add(filter, refuse, SCMP_SYS(socketpair), 1,
				is_family);
}

static int add_architectures(scmp_filter_ctx filter)
{
	int r = 0;

	if (seccomp_arch_native() == SCMP_ARCH_X86_64) {
		r = seccomp_arch_add(filter, SCMP_ARCH_X86);
		if (r >= 0)
			r = seccomp_arch_add(filter, SCMP_ARCH_X32);
	} else if (seccomp_arch_native() == SCMP_ARCH_AARCH64) {
		r = seccomp_arch_add(filter, SCMP_ARCH_ARM);
	}
	return r;
}

static int add_rules(scmp_filter_ctx filter, uint64_t families)
{
	int r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
				 SCMP_ACT_ERRNO(ENOSYS));

	if (r >= 0)
		r = add_architectures(filter);
	for (unsigned int i = 0; r >= 0 && i < FAMILIES; i++)
		if (!((families | usual) >> i & 1))
			r = refuse_family(filter, i);
	if (r >= 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
				     SCMP_SYS(io_uring_setup), 0);
	/* Architectures without socketcall() ignore the rule. */
	if (r >= 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT),
				     SCMP_SYS(socketcall), 1,
				     SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX,
					     SYS_SOCKET));
	return r;
}

bool filter_possible(void)
{
	return true;
}

/* SECCOMP_GET_ACTION_AVAIL, since Linux 4.14: seccomp_get_action_avail(). */
bool filter_works(void)
{
	const uint32_t action = SECCOMP_RET_ERRNO;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

void filter_socket_families(uint64_t families)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (filter && add_rules(filter, families) >= 0)
		seccomp_load(filter);
	seccomp_release(filter);
}

#else

bool filter_possible(void)
{
	return false;
}

bool filter_works(void)
{
	return false;
}

void filter_socket_families(uint64_t families MACRO_UNUSED)
{
}

#endif
