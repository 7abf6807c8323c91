/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firewall.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <string.h>
#include <sys/socket.h>

#include "errors.h"
#include "fd.h"
#include "macro.h"
#include "namespace.h"

/* --- rules ------------------------------------------------------------ */

#if HALFOPEN_NFTABLES
#include <nftables/libnftables.h>

bool firewall_possible(void)
{
	return true;
}

/* libnftables ends the whole program where there is no such socket. */
static int check_netlink(void)
{
	CLEANUP_FD int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	return fd < 0 ? error_origin(-errno, "netfilter netlink") : 0;
}

/* It returns no errno; its message ends in the kernel's. */
static bool is_absence(const char *message)
{
	return strstr(message, strerror(ENOENT)) ||
	       strstr(message, strerror(EOPNOTSUPP)) ||
	       strstr(message, strerror(EPROTONOSUPPORT));
}

/* The first line; the others point into the rules. */
static int failure(struct nft_ctx *nft)
{
	const char *message = nft_ctx_get_error_buffer(nft);
	const int size = (int)strcspn(message, "\n");

	return error_origin(is_absence(message) ? -EOPNOTSUPP : -EINVAL,
			    "nftables: %.*s", size, message);
}

static int load_here(const char *rules)
{
	struct nft_ctx *nft;
	int r = check_netlink();

	if (r < 0)
		return error_trace(r);
	nft = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!nft)
		return error_origin(-ENOMEM, "nftables");
	nft_ctx_buffer_error(nft);
	nft_ctx_buffer_output(nft);
	if (nft_run_cmd_from_buffer(nft, rules) != 0)
		r = failure(nft);
	nft_ctx_free(nft);
	return r < 0 ? error_trace(r) : 0;
}

int firewall_load(int fd, const char *rules)
{
	int r = namespace_enter(fd), left;

	if (r < 0)
		return error_trace(r);
	r = load_here(rules);
	left = namespace_leave();
	if (r >= 0)
		r = left;
	return r < 0 ? error_trace(r) : 0;
}

#else

bool firewall_possible(void)
{
	return false;
}

int firewall_load(int fd MACRO_UNUSED, const char *rules MACRO_UNUSED)
{
	return error_origin(-EOPNOTSUPP, "built without libnftables");
}

#endif

/* --- what it remembers ------------------------------------------------ */

static int connect_in(struct nl_sock *socket, int fd)
{
	int r = namespace_enter(fd), left;

	if (r < 0)
		return error_trace(r);
	r = nl_connect(socket, NETLINK_NETFILTER);
	if (r < 0)
		r = error_origin(-EPROTONOSUPPORT, "netfilter netlink: %s",
				 nl_geterror(r));
	left = namespace_leave();
	if (r >= 0)
		r = left;
	return r < 0 ? error_trace(r) : 0;
}

/* To delete without saying what is to delete it all: ctnetlink_del_conntrack().
 */
static int flush(struct nl_sock *socket)
{
	const struct nfgenmsg header = { .nfgen_family = AF_UNSPEC,
					 .version = NFNETLINK_V0 };
	struct nl_msg *msg = nlmsg_alloc_simple(
		NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, 0);
	int r;

	if (!msg)
		return error_origin(-ENOMEM, "forget connections");
	if (nlmsg_append(msg, (void *)(uintptr_t)&header, sizeof(header),
			 NLMSG_ALIGNTO) < 0) {
		nlmsg_free(msg);
		return error_origin(-ENOMEM, "forget connections");
	}
	r = nl_send_sync(socket, msg);
	if (r < 0)
		return error_origin(-EOPNOTSUPP, "forget connections: %s",
				    nl_geterror(r));
	return 0;
}

int firewall_forget(int fd)
{
	struct nl_sock *socket = nl_socket_alloc();
	int r;

	if (!socket)
		return error_origin(-ENOMEM, "forget connections");
	r = connect_in(socket, fd);
	if (r >= 0)
		r = flush(socket);
	nl_socket_free(socket);
	return r < 0 ? error_trace(r) : 0;
}
