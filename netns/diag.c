/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A netlink socket stays in the namespace in which it was opened; requests for
 * one socket and dumps of all go over it with INET_DIAG_INFO, so that the reply
 * includes struct tcp_info.
 *
 * One socket is found by its 4-tuple where possible: inet_diag_dump_icsk()
 * walks the hash tables of all namespaces and filters by namespace afterwards.
 */
/* libnl includes glibc's <netinet/tcp.h>, whose struct tcp_info is older than
 * that of <linux/tcp.h> and conflicts with it. This is its include guard. */
#define _NETINET_TCP_H 1
#include "diag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "namespace.h"

enum { DUMP_MAX = 1 << 15 }; /* netlink_dump(), netlink_recvmsg() */

struct diag {
	struct nl_sock *socket;
};

const char *diag_state_text(enum diag_state state)
{
	static const char *const texts[] = {
		[DIAG_ESTABLISHED] = "ESTAB",
		[DIAG_SYN_SENT] = "SYN-SENT",
		[DIAG_SYN_RECV] = "SYN-RECV",
		[DIAG_FIN_WAIT1] = "FIN-WAIT-1",
		[DIAG_FIN_WAIT2] = "FIN-WAIT-2",
		[DIAG_TIME_WAIT] = "TIME-WAIT",
		[DIAG_CLOSE] = "UNCONN",
		[DIAG_CLOSE_WAIT] = "CLOSE-WAIT",
		[DIAG_LAST_ACK] = "LAST-ACK",
		[DIAG_LISTEN] = "LISTEN",
		[DIAG_CLOSING] = "CLOSING",
	};
	size_t i = state;

	return i < ARRAY_SIZE(texts) && texts[i] ? texts[i] : "?";
}

const char *diag_timer_text(enum diag_timer timer)
{
	static const char *const texts[] = {
		[DIAG_TIMER_NONE] = "none",
		[DIAG_TIMER_RETRANSMIT] = "on",
		[DIAG_TIMER_KEEPALIVE] = "keepalive",
		[DIAG_TIMER_TIME_WAIT] = "timewait",
		[DIAG_TIMER_PROBE] = "persist",
	};
	size_t i = timer;

	return i < ARRAY_SIZE(texts) ? texts[i] : "?";
}

const char *diag_line(const char *state, const char *timer, double expires,
		      unsigned int retransmits, char buffer[DIAG_LINE])
{
	if (strcmp(timer, diag_timer_text(DIAG_TIMER_NONE)) == 0)
		snprintf(buffer, DIAG_LINE, "%s", state);
	else
		snprintf(buffer, DIAG_LINE, "%s timer:(%s,%.3f s,%u)", state,
			 timer, expires, retransmits);
	return buffer;
}

int diag_new(struct diag **ret, int namespace)
{
	struct diag *diag = calloc(1, sizeof(*diag));
	int r, left, connected;

	if (!diag)
		return error_origin(-ENOMEM, "sock_diag");
	diag->socket = nl_socket_alloc();
	if (!diag->socket) {
		diag_free(diag);
		return error_origin(-ENOMEM, "sock_diag");
	}
	r = namespace_enter(namespace);
	if (r < 0) {
		diag_free(diag);
		return error_trace(r);
	}
	/* Without it libnl reads each message twice, first with MSG_PEEK for
	 * its size. */
	nl_socket_set_msg_buf_size(diag->socket, DUMP_MAX);
	connected = nl_connect(diag->socket, NETLINK_SOCK_DIAG);
	left = namespace_leave();
	if (connected < 0 || left < 0) {
		diag_free(diag);
		return connected < 0 ? error_origin(-EPROTONOSUPPORT,
						    "sock_diag (libnl: %s)",
						    nl_geterror(connected)) :
				       error_trace(left);
	}
	*ret = diag;
	return 0;
}

struct diag *diag_free(struct diag *diag)
{
	if (!diag)
		return NULL;
	if (diag->socket)
		nl_socket_free(diag->socket);
	free(diag);
	return NULL;
}

struct each {
	diag_fn fn;
	void *data;
	int r;
};

static void copy_info(struct diag_socket *socket, struct nlattr *attribute)
{
	/* The kernel's tcp_info may be shorter or longer than this header's. */
	size_t size = MIN((size_t)nla_len(attribute), sizeof(socket->info));

	memset(&socket->info, 0, sizeof(socket->info));
	memcpy(&socket->info, nla_data(attribute), size);
	socket->has_info = true;
}

/* For each inet_diag_msg of a reply. After a failure of `fn` the rest of the
 * dump is read and ignored: the socket must not keep unread messages. */
static int on_socket(struct nl_msg *msg, void *data)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	const struct inet_diag_msg *m = nlmsg_data(header);
	struct diag_socket socket = {
		.local = address_from_bytes(m->idiag_family, m->id.idiag_src),
		.remote = address_from_bytes(m->idiag_family, m->id.idiag_dst),
		.local_port = ntohs(m->id.idiag_sport),
		.remote_port = ntohs(m->id.idiag_dport),
		.state = m->idiag_state,
		.timer = m->idiag_timer,
		.expires = MSEC(m->idiag_expires),
		.retransmits = m->idiag_retrans,
		.receive_queue = m->idiag_rqueue,
		.send_queue = m->idiag_wqueue,
		.inode = m->idiag_inode,
		.cookie = { m->id.idiag_cookie[0], m->id.idiag_cookie[1] },
	};
	struct nlattr *info =
		nlmsg_find_attr(header, sizeof(*m), INET_DIAG_INFO);
	struct each *each = data;

	if (info)
		copy_info(&socket, info);
	if (each->r >= 0)
		each->r = each->fn(each->data, &socket);
	return NL_OK;
}

/*
 * tcp_diag_dump() walks the hash table of the whole machine, which has hundreds
 * of thousands of buckets: once for both families, as the older request asks
 * (inet_diag_dump_compat()). SOCK_DIAG_BY_FAMILY accepts no AF_UNSPEC.
 */
int diag_each(struct diag *diag, unsigned int states, diag_fn fn, void *data)
{
	struct inet_diag_req request = {
		.idiag_ext = 1 << (INET_DIAG_INFO - 1),
		.idiag_states = states,
	};
	struct each each = { .fn = fn, .data = data };
	int r;

	nl_socket_modify_cb(diag->socket, NL_CB_VALID, NL_CB_CUSTOM, on_socket,
			    &each);
	r = nl_send_simple(diag->socket, TCPDIAG_GETSOCK, NLM_F_DUMP, &request,
			   sizeof(request));
	if (r >= 0)
		r = nl_recvmsgs_default(diag->socket);
	if (r < 0)
		return error_origin(-EIO, "sock_diag (libnl: %s)",
				    nl_geterror(r));
	return each.r < 0 ? error_trace(each.r) : 0;
}

static int copy_socket(void *data, const struct diag_socket *socket)
{
	*(struct diag_socket *)data = *socket;
	return 0;
}

static void set_tuple(struct inet_diag_sockid *id, const struct address *local,
		      uint16_t local_port, const struct address *remote,
		      uint16_t remote_port)
{
	id->idiag_sport = htons(local_port);
	id->idiag_dport = htons(remote_port);
	memcpy(id->idiag_src, local->bytes, sizeof(id->idiag_src));
	if (remote_port)
		memcpy(id->idiag_dst, remote->bytes, sizeof(id->idiag_dst));
}

/* Found as by an arriving segment: inet_diag_find_one_icsk(). A dump would walk
 * the hash table of the whole machine. */
int diag_find(struct diag *diag, struct diag_socket *ret,
	      const struct address *local, uint16_t local_port,
	      const struct address *remote, uint16_t remote_port)
{
	struct inet_diag_req_v2 request = {
		.sdiag_family = (uint8_t)local->family,
		.sdiag_protocol = IPPROTO_TCP,
		.idiag_ext = 1 << (INET_DIAG_INFO - 1),
		.idiag_states = ~0U,
		.id.idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE },
	};
	struct diag_socket found = { .state = DIAG_CLOSE };
	struct each each = { .fn = copy_socket, .data = &found };
	int r;

	set_tuple(&request.id, local, local_port, remote, remote_port);
	nl_socket_modify_cb(diag->socket, NL_CB_VALID, NL_CB_CUSTOM, on_socket,
			    &each);
	r = nl_send_simple(diag->socket, SOCK_DIAG_BY_FAMILY, 0, &request,
			   sizeof(request));
	if (r >= 0)
		r = nl_recvmsgs_default(diag->socket);
	if (r >= 0)
		r = nl_wait_for_ack(diag->socket);
	if (r == -NLE_OBJ_NOTFOUND)
		return 0;
	if (r < 0)
		return error_origin(-EIO, "sock_diag (libnl: %s)",
				    nl_geterror(r));
	/* Without a connection the lookup returns the listener. */
	if ((found.state == DIAG_LISTEN) != !remote_port)
		return 0;
	*ret = found;
	return 1;
}

int diag_destroy(struct diag *diag, const struct diag_socket *socket)
{
	struct inet_diag_req_v2 request = {
		.sdiag_family = (uint8_t)socket->local.family,
		.sdiag_protocol = IPPROTO_TCP,
		.idiag_states = ~0U,
	};
	struct nl_msg *msg;
	int r;

	set_tuple(&request.id, &socket->local, socket->local_port,
		  &socket->remote, socket->remote_port);
	memcpy(request.id.idiag_cookie, socket->cookie, sizeof(socket->cookie));
	msg = nlmsg_alloc_simple(SOCK_DESTROY, 0);
	if (!msg || nlmsg_append(msg, &request, sizeof(request), 0) < 0) {
		nlmsg_free(msg);
		return error_origin(-ENOMEM, "sock_diag");
	}
	r = nl_send_sync(diag->socket, msg);
	/* It may have been closed since it was found. The cookie protects a
	 * newer socket with the same 4-tuple: sock_diag_check_cookie(). */
	if (r < 0 && r != -NLE_OBJ_NOTFOUND)
		return error_origin(r == -NLE_OPNOTSUPP ? -EOPNOTSUPP : -EIO,
				    "SOCK_DESTROY (libnl: %s)", nl_geterror(r));
	return 0;
}
