/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests are built and sent with libnl. The kernel acknowledges a change when
 * it is done, except for what it leaves to work queues: a link starts to run in
 * linkwatch_event(), an IPv6 address works after addrconf_dad_work(). The wait
 * functions poll for these, at most every 20 ms.
 */
#include "rtnl.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <time.h>

#include "errors.h"
#include "namespace.h"

/* Bytes of a reply; the largest that netlink_dump() sends. */
enum { ANSWER_MAX = 1 << 15 };

struct rtnl {
	struct nl_sock *socket;
};

/* An errno for libnl's error numbers, which merge several errnos into one. */
static int from_nl(int r)
{
	switch (-r) {
	case NLE_PERM:
		return -EPERM;
	case NLE_EXIST:
		return -EEXIST;
	case NLE_NODEV:
	case NLE_OBJ_NOTFOUND:
		return -ENODEV;
	case NLE_OPNOTSUPP:
		return -EOPNOTSUPP;
	case NLE_NOADDR:
		return -EADDRNOTAVAIL;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_INVAL:
		return -EINVAL;
	default:
		return -EIO;
	}
}

int rtnl_new(struct rtnl **ret, int fd)
{
	struct rtnl *rtnl;
	int r, left;

	rtnl = calloc(1, sizeof(*rtnl));
	if (!rtnl)
		return error_origin(-ENOMEM, "rtnetlink");
	rtnl->socket = nl_socket_alloc();
	if (!rtnl->socket) {
		rtnl_free(rtnl);
		return error_origin(-ENOMEM, "rtnetlink");
	}
	r = namespace_enter(fd);
	if (r < 0) {
		rtnl_free(rtnl);
		return error_trace(r);
	}
	/* Without it libnl reads each message twice, first with MSG_PEEK for
	 * its size. */
	nl_socket_set_msg_buf_size(rtnl->socket, ANSWER_MAX);
	r = nl_connect(rtnl->socket, NETLINK_ROUTE);
	left = namespace_leave();
	if (r < 0 || left < 0) {
		rtnl_free(rtnl);
		return r < 0 ? error_origin(from_nl(r), "rtnetlink (libnl: %s)",
					    nl_geterror(r)) :
			       error_trace(left);
	}
	*ret = rtnl;
	return 0;
}

struct rtnl *rtnl_free(struct rtnl *rtnl)
{
	if (!rtnl)
		return NULL;
	if (rtnl->socket)
		nl_socket_free(rtnl->socket);
	free(rtnl);
	return NULL;
}

/* A message with its fixed header; attributes follow. NULL without memory. */
static struct nl_msg *request(int type, int flags, const void *header,
			      size_t size)
{
	struct nl_msg *msg = nlmsg_alloc_simple(type, flags);

	if (msg && nlmsg_append(msg, (void *)(uintptr_t)header, size,
				NLMSG_ALIGNTO) < 0) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return msg;
}

/* Takes `msg`, which may be NULL; `what` is for the message of a failure. */
static int perform(struct rtnl *rtnl, struct nl_msg *msg, const char *what)
{
	int r;

	if (!msg)
		return error_origin(-ENOMEM, "%s", what);
	r = nl_send_sync(rtnl->socket, msg);
	if (r < 0)
		return error_origin(from_nl(r), "rtnetlink: %s (libnl: %s)",
				    what, nl_geterror(r));
	return 0;
}

/* IFLA_GSO_MAX_SEGS is 1 at the hosts' ends: tcp_xmit_size_goal() then limits
 * an skb to one segment, and one frame on the wire is one segment. */
static int put_end(struct nl_msg *msg, const struct rtnl_end *end)
{
	int r = nla_put_string(msg, IFLA_IFNAME, end->name);

	if (!r)
		r = nla_put(msg, IFLA_ADDRESS, 6, end->mac);
	if (!r && end->gso_max_segs)
		r = nla_put_u32(msg, IFLA_GSO_MAX_SEGS, end->gso_max_segs);
	if (!r && end->mtu)
		r = nla_put_u32(msg, IFLA_MTU, end->mtu);
	return r;
}

/*
 * VETH_INFO_PEER contains a whole link message. IFF_UP in it fails with
 * ENOTCONN (veth_open()), for the other end does not exist yet.
 */
static int put_peer(struct nl_msg *msg, const struct rtnl_end *b)
{
	struct ifinfomsg info = { .ifi_index = b->ifindex };
	struct nlattr *link, *data, *peer;

	link = nla_nest_start(msg, IFLA_LINKINFO);
	if (!link || nla_put_string(msg, IFLA_INFO_KIND, "veth"))
		return -ENOMEM;
	data = nla_nest_start(msg, IFLA_INFO_DATA);
	peer = data ? nla_nest_start(msg, VETH_INFO_PEER) : NULL;
	if (!peer || nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) ||
	    put_end(msg, b) ||
	    nla_put_u32(msg, IFLA_NET_NS_FD, (uint32_t)b->namespace))
		return -ENOMEM;
	nla_nest_end(msg, peer);
	nla_nest_end(msg, data);
	nla_nest_end(msg, link);
	return 0;
}

int rtnl_add_veth(struct rtnl *rtnl, const struct rtnl_end *a,
		  const struct rtnl_end *b)
{
	struct ifinfomsg info = { .ifi_index = a->ifindex };
	struct nl_msg *msg;

	msg = request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info,
		      sizeof(info));
	if (!msg || put_end(msg, a) || put_peer(msg, b)) {
		nlmsg_free(msg);
		return error_origin(-ENOMEM, "make a veth pair");
	}
	return error_trace(perform(rtnl, msg,
				   "make a veth pair (it needs the veth driver)"));
}

int rtnl_set_up(struct rtnl *rtnl, int ifindex, bool up)
{
	struct ifinfomsg info = { .ifi_index = ifindex,
				  .ifi_change = IFF_UP,
				  .ifi_flags = up ? IFF_UP : 0 };

	return error_trace(perform(
		rtnl, request(RTM_NEWLINK, 0, &info, sizeof(info)),
		"set a link up or down"));
}

/* IFF_LOWER_UP is the carrier; operstate is what linkwatch made of it. */
static int see_link(struct nl_msg *msg, void *data)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	const struct ifinfomsg *info = nlmsg_data(header);
	struct rtnl_link *link = data;
	struct nlattr *state;

	state = nlmsg_find_attr(header, sizeof(*info), IFLA_OPERSTATE);
	link->up = info->ifi_flags & IFF_UP;
	link->carrier = info->ifi_flags & IFF_LOWER_UP;
	link->operstate = state ? nla_get_u8(state) : IF_OPER_UNKNOWN;
	return NL_OK;
}

/* Takes `msg`, which may be NULL. Passes the reply and `ret` to `see`. */
static int ask(struct rtnl *rtnl, struct nl_msg *msg,
	       int (*see)(struct nl_msg *msg, void *data), void *ret,
	       const char *what)
{
	int r;

	if (!msg)
		return error_origin(-ENOMEM, "%s", what);
	nl_socket_modify_cb(rtnl->socket, NL_CB_VALID, NL_CB_CUSTOM, see, ret);
	r = nl_send_auto(rtnl->socket, msg);
	nlmsg_free(msg);
	if (r >= 0)
		r = nl_recvmsgs_default(rtnl->socket);
	if (r >= 0)
		r = nl_wait_for_ack(rtnl->socket);
	if (r < 0)
		return error_origin(from_nl(r), "rtnetlink: %s (libnl: %s)",
				    what, nl_geterror(r));
	return 0;
}

int rtnl_get_link(struct rtnl *rtnl, int ifindex, struct rtnl_link *ret)
{
	struct ifinfomsg info = { .ifi_index = ifindex };
	struct rtnl_link link = { 0 };
	int r = ask(rtnl, request(RTM_GETLINK, 0, &info, sizeof(info)),
		    see_link, &link, "get a link");

	if (r < 0)
		return error_trace(r);
	*ret = link;
	return 0;
}

int rtnl_is_running(struct rtnl *rtnl, int ifindex, bool *ret)
{
	struct rtnl_link link = { 0 };
	int r = rtnl_get_link(rtnl, ifindex, &link);

	if (r < 0)
		return error_trace(r);
	*ret = link.up && link.operstate == IF_OPER_UP;
	return 0;
}

static int see_route(struct nl_msg *msg, void *data)
{
	*(struct rtmsg *)data =
		*(const struct rtmsg *)nlmsg_data(nlmsg_hdr(msg));
	return NL_OK;
}

/* The route to the address; RTN_UNSPEC: there is none. */
static int get_route(struct rtnl *rtnl, const struct address *address,
		     unsigned int flags, struct rtmsg *ret)
{
	int size = (int)address_size(address), r;
	struct rtmsg route = { .rtm_family = (uint8_t)address->family,
			       .rtm_dst_len = (uint8_t)(size * 8),
			       .rtm_flags = flags };
	struct nl_msg *msg = request(RTM_GETROUTE, 0, &route, sizeof(route));
	struct rtmsg found = { .rtm_type = RTN_UNSPEC };

	if (msg && nla_put(msg, RTA_DST, size, address->bytes)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	r = ask(rtnl, msg, see_route, &found, "get a route");
	/* ENETUNREACH means no route. libnl has no number of its own for it. */
	if (r < 0 && r != -EIO)
		return error_trace(r);
	*ret = found;
	return 0;
}

int rtnl_is_local(struct rtnl *rtnl, const struct address *address, bool *ret)
{
	struct rtmsg route = { 0 };
	int r = get_route(rtnl, address, 0, &route);

	if (r < 0)
		return error_trace(r);
	*ret = route.rtm_type == RTN_LOCAL;
	return 0;
}

/* With RTM_F_FIB_MATCH the reply is the entry of the table, whose flags include
 * RTNH_F_LINKDOWN. */
int rtnl_get_route(struct rtnl *rtnl, const struct address *address,
		   enum rtnl_route *ret)
{
	struct rtmsg route = { 0 };
	int r = get_route(rtnl, address, RTM_F_FIB_MATCH, &route);

	if (r < 0)
		return error_trace(r);
	if (route.rtm_type != RTN_UNICAST)
		*ret = RTNL_ROUTE_NONE;
	else if (route.rtm_flags & RTNH_F_LINKDOWN)
		*ret = RTNL_ROUTE_LINKDOWN;
	else
		*ret = RTNL_ROUTE_GOOD;
	return 0;
}

/* A condition that a work queue brings about. */
struct wanted {
	int ifindex;
	bool running; /* of the link */
	const struct address *address; /* or of an address: it is local */
};

static int check(struct rtnl *rtnl, const struct wanted *wanted, bool *ret)
{
	int r;

	if (wanted->address)
		return error_trace(rtnl_is_local(rtnl, wanted->address, ret));
	r = rtnl_is_running(rtnl, wanted->ifindex, ret);
	if (r < 0)
		return error_trace(r);
	*ret = *ret == wanted->running;
	return 0;
}

/* The pauses double from 50 us to 20 ms: a link is usually up in less than one.
 */
static int wait_for(struct rtnl *rtnl, const struct wanted *wanted,
		    nsec_t timeout)
{
	nsec_t start = nsec_now(), pause = USEC(50);

	for (;;) {
		struct timespec ts = nsec_to_timespec(pause);
		bool reached = false;
		int r = check(rtnl, wanted, &reached);

		if (r < 0)
			return error_trace(r);
		if (reached)
			return 0;
		if (nsec_now() - start > timeout && wanted->address)
			return error_origin(-ETIMEDOUT,
					    "wait for an address of link %d",
					    wanted->ifindex);
		if (nsec_now() - start > timeout)
			return error_origin(-ETIMEDOUT, "wait for link %d",
					    wanted->ifindex);
		/* The work queue needs the CPU. */
		clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
		pause = MIN(pause * 2, MSEC(20));
	}
}

int rtnl_wait_running(struct rtnl *rtnl, int ifindex, nsec_t timeout)
{
	struct wanted running = { .ifindex = ifindex, .running = true };

	return error_trace(wait_for(rtnl, &running, timeout));
}

int rtnl_wait_stopped(struct rtnl *rtnl, int ifindex, nsec_t timeout)
{
	struct wanted stopped = { .ifindex = ifindex, .running = false };

	return error_trace(wait_for(rtnl, &stopped, timeout));
}

/* addrconf_dad_completed() inserts the local route, also without duplicate
 * address detection. */
int rtnl_wait_address(struct rtnl *rtnl, int ifindex,
		      const struct address *address, nsec_t timeout)
{
	struct wanted local = { .ifindex = ifindex, .address = address };

	return error_trace(wait_for(rtnl, &local, timeout));
}

static struct nl_msg *address_request(int type, int flags,
				      const struct ifaddrmsg *info,
				      const struct address *address)
{
	struct nl_msg *msg = request(type, flags, info, sizeof(*info));
	int size = (int)address_size(address);

	if (msg && (nla_put(msg, IFA_LOCAL, size, address->bytes) ||
		    nla_put(msg, IFA_ADDRESS, size, address->bytes))) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return msg;
}

/* IFA_F_NODAD: without duplicate address detection, which takes a second. */
int rtnl_add_address(struct rtnl *rtnl, int ifindex,
		     const struct address *address, unsigned int prefix)
{
	struct ifaddrmsg info = { .ifa_family = (uint8_t)address->family,
				  .ifa_prefixlen = (uint8_t)prefix,
				  .ifa_index = (uint32_t)ifindex };

	if (address->family == AF_INET6)
		info.ifa_flags = IFA_F_NODAD;
	return error_trace(perform(
		rtnl,
		address_request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &info,
				address),
		"add an address"));
}

int rtnl_add_floating_address(struct rtnl *rtnl, int ifindex,
			      const struct address *address)
{
	struct ifaddrmsg info = { .ifa_family = (uint8_t)address->family,
				  .ifa_prefixlen =
					  (uint8_t)(address_size(address) * 8),
				  .ifa_index = (uint32_t)ifindex };
	struct ifa_cacheinfo lifetimes = { .ifa_prefered = 0,
					   .ifa_valid = UINT32_MAX };
	struct nl_msg *msg;

	if (address->family == AF_INET6)
		info.ifa_flags = IFA_F_NODAD;
	msg = address_request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &info,
			      address);
	if (msg && address->family == AF_INET6 &&
	    nla_put(msg, IFA_CACHEINFO, sizeof(lifetimes), &lifetimes)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return error_trace(perform(rtnl, msg, "add a floating address"));
}

int rtnl_remove_address(struct rtnl *rtnl, int ifindex,
			const struct address *address, unsigned int prefix)
{
	struct ifaddrmsg info = { .ifa_family = (uint8_t)address->family,
				  .ifa_prefixlen = (uint8_t)prefix,
				  .ifa_index = (uint32_t)ifindex };

	return error_trace(perform(
		rtnl, address_request(RTM_DELADDR, 0, &info, address),
		"remove an address"));
}

/* NUD_PERMANENT: neither neigh_timer_handler() nor garbage collection changes
 * or deletes the entry. */
int rtnl_add_neighbour(struct rtnl *rtnl, int ifindex,
		       const struct address *address, const uint8_t mac[6])
{
	struct ndmsg info = { .ndm_family = (uint8_t)address->family,
			      .ndm_ifindex = ifindex,
			      .ndm_state = NUD_PERMANENT };
	struct nl_msg *msg;

	msg = request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &info,
		      sizeof(info));
	if (!msg ||
	    nla_put(msg, NDA_DST, (int)address_size(address), address->bytes) ||
	    nla_put(msg, NDA_LLADDR, 6, mac)) {
		nlmsg_free(msg);
		return error_origin(-ENOMEM, "add a neighbour");
	}
	return error_trace(perform(rtnl, msg, "add a neighbour"));
}

/* The kernel refuses a destination with bits set beyond its prefix. */
static struct address network_of(const struct address *address,
				 unsigned int prefix)
{
	struct address network = *address;

	for (size_t i = prefix / 8; i < address_size(address); i++)
		network.bytes[i] = 0;
	return network;
}

int rtnl_add_route(struct rtnl *rtnl, const struct address *to,
		   unsigned int prefix, const struct address *via)
{
	const struct rtmsg route = { .rtm_family = (uint8_t)to->family,
				     .rtm_dst_len = (uint8_t)prefix,
				     .rtm_table = RT_TABLE_MAIN,
				     .rtm_protocol = RTPROT_STATIC,
				     .rtm_scope = RT_SCOPE_UNIVERSE,
				     .rtm_type = RTN_UNICAST };
	struct address network = network_of(to, prefix);
	int size = (int)address_size(to);
	struct nl_msg *msg = request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE,
				     &route, sizeof(route));

	if (!msg || (prefix && nla_put(msg, RTA_DST, size, network.bytes)) ||
	    nla_put(msg, RTA_GATEWAY, size, via->bytes)) {
		nlmsg_free(msg);
		return error_origin(-ENOMEM, "add a route");
	}
	return error_trace(perform(rtnl, msg, "add a route"));
}
