/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libnftables loads rules in the namespace that the thread is in; in a build without
 * it, such as a static one, nft(8) does.
 *
 * Conntrack is read and flushed by ctnetlink, over a netlink socket that was opened
 * in the namespace; libnl has no need of its conntrack library for these few
 * messages.
 */
#include "firewall.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "macro.h"
#include "message.h"
#include "namespace.h"
#include "privilege.h"
#include "program-find.h"
#include "safe-text.h"

/* --- files in rules --------------------------------------------------- */

static bool is_in_word(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c == '.' ||
	       (!first && ((c >= '0' && c <= '9') || c == '/' || c == '-'));
}

/*
 * The word `include`, or NULL. Words, strings and comments are those of nft's
 * scanner (src/scanner.l): a string ends at the next quote, there are no
 * escapes, and a quote without another one is no string. The parser accepts the
 * word only behind a separator, so that a word that begins behind a digit is
 * none.
 */
static const char *find_include(const char *rules)
{
	static const char word[] = "include";
	const char *at = rules, *end;

	while (*at) {
		end = at + 1;
		if (*at == '#') {
			end = strchrnul(at, '\n');
		} else if (*at == '"' && strchr(at + 1, '"')) {
			end = strchr(at + 1, '"') + 1;
		} else if (is_in_word(*at, true)) {
			while (is_in_word(*end, false))
				end++;
			if ((size_t)(end - at) == strlen(word) &&
			    strncmp(at, word, strlen(word)) == 0)
				return at;
		}
		at = end;
	}
	return NULL;
}

static struct firewall_position position_of(const char *text, const char *at)
{
	struct firewall_position position = { 1, 1 };

	for (; text < at; text++) {
		position.column++;
		if (*text == '\n')
			position =
				(struct firewall_position){ position.line + 1,
							    1 };
	}
	return position;
}

static int check_files(const char *rules, struct firewall_position *ret)
{
	const char *include = find_include(rules);

	if (!include)
		return 0;
	*ret = position_of(rules, include);
	return error_refuse(-EINVAL, "'include' not allowed: rules read no "
				     "files");
}

/* --- rules ------------------------------------------------------------ */

/* nft_ctx_new() exits the program where this socket cannot be opened. */
static int check_netlink(void)
{
	CLEANUP_FD int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	return fd < 0 ? error_origin(-errno, "netfilter netlink") : 0;
}

/* The rules as a file that is read from its beginning; -errno. */
static int write_rules(const char *rules)
{
	int fd = memfd_create("rules", MFD_CLOEXEC), r;

	if (fd >= 0 && dprintf(fd, "%s\n", rules) >= 0 &&
	    lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	r = error_origin(-errno, "nftables: file of rules");
	fd_close(fd);
	return r;
}

enum { MESSAGE = 4096 };

#if HALFOPEN_NFTABLES
#include <nftables/libnftables.h>

const char *firewall_program(void)
{
	return NULL;
}

static void take_message(struct nft_ctx *nft, char ret[MESSAGE])
{
	/* A second call would return an empty buffer. */
	snprintf(ret, MESSAGE, "%s", nft_ctx_get_error_buffer(nft));
}

/* Returns 1 for refused rules, with the message about them. NFT_CTX_DEFAULT opens
 * its own netlink socket, in the namespace that the thread is in. */
static int load_here(const char *rules, char ret_message[MESSAGE])
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
	r = nft_run_cmd_from_buffer(nft, rules) != 0;
	if (r)
		take_message(nft, ret_message);
	nft_ctx_free(nft);
	return r;
}

/* Of a buffer, libnftables reports neither line nor column, so that the rules are
 * the standard input of this process. */
static int load_file(const char *rules, char ret_message[MESSAGE])
{
	struct nft_ctx *nft;
	int fd = write_rules(rules), r = check_netlink();

	if (r < 0 || fd < 0 || dup2(fd, STDIN_FILENO) < 0)
		return -EIO;
	nft = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!nft)
		return -ENOMEM;
	nft_ctx_buffer_error(nft);
	nft_ctx_buffer_output(nft);
	r = nft_run_cmd_from_filename(nft, "-") != 0;
	if (r)
		take_message(nft, ret_message);
	nft_ctx_free(nft);
	return r;
}

#else

const char *firewall_program(void)
{
	return "nft";
}

/* Messages of the kernel are recognised in English: is_lacking(). */
static void MACRO_NORETURN exec_nft(const char *path, int in, int out)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	privilege_keep_for_tools();
	setenv("LC_ALL", "C", 1);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execl(path, "nft", "-f", "-", (char *)NULL);
	dprintf(STDERR_FILENO, "%s: %s", path, strerror(errno));
	_exit(1);
}

/* Returns 1 for refused rules, with the message about them. */
static int load_here(const char *rules, char ret_message[MESSAGE])
{
	CLEANUP_FD int in = write_rules(rules);
	CLEANUP_FD int out = -1;
	int status = 0, r = in < 0 ? in : check_netlink();
	char path[512];
	pid_t pid, ended;
	ssize_t n;

	if (r < 0)
		return error_trace(r);
	if (!program_find("nft", path, sizeof(path)))
		return error_origin(-EOPNOTSUPP, "nft is not installed");
	out = memfd_create("messages", MFD_CLOEXEC);
	pid = out < 0 ? -1 : fork();
	if (pid == 0)
		exec_nft(path, in, out);
	do {
		ended = pid < 0 ? -1 : waitpid(pid, &status, 0);
	} while (pid > 0 && ended < 0 && errno == EINTR);
	if (ended < 0)
		return error_origin(-errno, "nft");
	n = pread(out, ret_message, MESSAGE - 1, 0);
	ret_message[n > 0 ? n : 0] = '\0';
	return status != 0;
}

static int load_file(const char *rules, char ret_message[MESSAGE])
{
	return load_here(rules, ret_message);
}

#endif

bool firewall_possible(void)
{
	const char *program = firewall_program();

	return !program || program_find(program, NULL, 0);
}

/* libnftables returns no errno; its message ends with the text of one. */
static bool is_lacking(const char *message)
{
	return strstr(message, strerror(EOPNOTSUPP)) ||
	       strstr(message, strerror(EPROTONOSUPPORT));
}

static bool is_unsupported(const char *message)
{
	return strstr(message, strerror(ENOENT)) || is_lacking(message);
}

/* The first line of the message; the others show the place in the rules. */
static int failure(const char *message)
{
	return error_origin(is_unsupported(message) ? -EOPNOTSUPP : -EINVAL,
			    "nft reports: %.*s", (int)strcspn(message, "\n"),
			    message);
}

enum { PATIENCE = 5 }; /* seconds for the child of firewall_check() */

/* Its result. */
struct report {
	struct firewall_position position;
	char message[400]; /* "": none */
	bool is_unknown; /* a name, or to this kernel */
};

/*
 * "/dev/stdin:2:19-23: Error: syntax error, ...", and the line of the rules.
 * ENOENT is a name that does not exist, or an expression whose module this
 * kernel lacks (nft_expr_type_get()).
 */
static void parse_message(const char *message, struct report *ret)
{
	const char *colon = strchrnul(message, ':');
	int size = (int)strcspn(message, "\n"), n = 0;

	if (sscanf(colon, ":%u:%u-%*u: %n", &ret->position.line,
		   &ret->position.column, &n) == 2 &&
	    n && colon + n < message + size) {
		size -= (int)(colon + n - message);
		message = colon + n;
	}
	if (strncmp(message, "Error: ", 7) == 0) {
		message += 7;
		size -= 7;
	}
	snprintf(ret->message, sizeof(ret->message), "%.*s", size, message);
	ret->is_unknown = strstr(message, strerror(ENOENT));
	/* The message may quote a string of the rules. */
	safe_text(ret->message, false);
}

/* An alarm ends `monitor`, which does not return. */
static void load_in_child(const char *base, const char *rules,
			  struct report *report)
{
	int namespaces = CLONE_NEWNET |
			 (privilege_rootless() ? CLONE_NEWUSER : 0);
	char message[MESSAGE];

	alarm(PATIENCE);
	if (unshare(namespaces) == 0 && load_here(base, message) == 0 &&
	    load_file(rules, message) > 0 && !is_lacking(message))
		parse_message(message, report);
}

int firewall_check(const char *base, const char *rules,
		   struct firewall_position *ret)
{
	struct report report = { .message = "" };
	int pipes[2], status, r = check_files(rules, ret);
	pid_t pid;

	if (r < 0)
		return error_trace(r);
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return error_origin(-errno, "check of rules");
	pid = fork();
	if (pid == 0) {
		load_in_child(base, rules, &report);
		_exit(fd_write_all(pipes[1], &report, sizeof(report)) < 0);
	}
	r = pid < 0 ? error_origin(-errno, "check of rules") : 0;
	fd_close(pipes[1]);
	fd_read_all(pipes[0], &report, sizeof(report));
	fd_close(pipes[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	*ret = report.position;
	if (pid > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		return error_refuse(-EINVAL, "nft does not return within %d s",
				    PATIENCE);
	if (pid > 0 && WIFSIGNALED(status))
		return error_refuse(-EINVAL, "nft ended by signal %d",
				    WTERMSIG(status));
	if (r < 0 || !*report.message)
		return error_trace(r);
	return error_refuse(-EINVAL,
			    report.is_unknown ?
				    "nft reports: %s; unknown name, or not "
				    "supported by this kernel" :
				    R_("nft reports: %s"),
			    report.message);
}

int firewall_load(int fd, const char *rules)
{
	struct firewall_position position;
	char message[MESSAGE];
	int r = check_files(rules, &position), left;

	if (r >= 0)
		r = namespace_enter(fd);
	if (r < 0)
		return error_trace(r);
	r = load_here(rules, message);
	if (r > 0)
		r = failure(message);
	left = namespace_leave();
	return error_trace(r < 0 ? r : left);
}

/* --- deleting entries ------------------------------------------------- */

/* The socket stays in the namespace in which it is bound. */
static int connect_in(struct nl_sock *socket, int fd)
{
	int r = namespace_enter(fd), left;

	if (r < 0)
		return error_trace(r);
	r = nl_connect(socket, NETLINK_NETFILTER);
	if (r < 0)
		r = error_origin(-EPROTONOSUPPORT,
				 "netfilter netlink (libnl: %s)",
				 nl_geterror(r));
	left = namespace_leave();
	return error_trace(r < 0 ? r : left);
}

/* IPCTNL_MSG_CT_DELETE without a tuple flushes the table:
 * ctnetlink_del_conntrack(). */
static int flush(struct nl_sock *socket)
{
	const struct nfgenmsg header = { .nfgen_family = AF_UNSPEC,
					 .version = NFNETLINK_V0 };
	struct nl_msg *msg = nlmsg_alloc_simple(
		NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, 0);
	int r;

	if (!msg)
		return error_origin(-ENOMEM, "flush conntrack");
	if (nlmsg_append(msg, (void *)(uintptr_t)&header, sizeof(header),
			 NLMSG_ALIGNTO) < 0) {
		nlmsg_free(msg);
		return error_origin(-ENOMEM, "flush conntrack");
	}
	r = nl_send_sync(socket, msg);
	if (r < 0)
		return error_origin(-EOPNOTSUPP, "flush conntrack (libnl: %s)",
				    nl_geterror(r));
	return 0;
}

int firewall_forget(int fd)
{
	struct nl_sock *socket = nl_socket_alloc();
	int r;

	if (!socket)
		return error_origin(-ENOMEM, "flush conntrack");
	r = connect_in(socket, fd);
	if (r >= 0)
		r = flush(socket);
	nl_socket_free(socket);
	return error_trace(r);
}

/* --- listing entries -------------------------------------------------- */

struct listing {
	int family;
	firewall_fn fn;
	void *data;
};

static void get_address(struct nlattr *attribute, int family,
			struct address *ret)
{
	*ret = (struct address){ .family = family };
	if (attribute && (size_t)nla_len(attribute) == address_size(ret))
		memcpy(ret->bytes, nla_data(attribute), address_size(ret));
}

static uint16_t get_port(struct nlattr *attribute)
{
	return attribute && nla_len(attribute) >= 2 ?
		       ntohs(nla_get_u16(attribute)) :
		       0;
}

/* False for anything but TCP of that family. */
static bool get_tuple(struct nlattr *nest, int family,
		      struct firewall_tuple *ret)
{
	struct nlattr *parts[CTA_TUPLE_MAX + 1], *ip[CTA_IP_MAX + 1],
		*proto[CTA_PROTO_MAX + 1];
	bool v6 = family == AF_INET6;

	if (!nest || nla_parse_nested(parts, CTA_TUPLE_MAX, nest, NULL) < 0 ||
	    !parts[CTA_TUPLE_IP] || !parts[CTA_TUPLE_PROTO] ||
	    nla_parse_nested(ip, CTA_IP_MAX, parts[CTA_TUPLE_IP], NULL) < 0 ||
	    nla_parse_nested(proto, CTA_PROTO_MAX, parts[CTA_TUPLE_PROTO],
			     NULL) < 0)
		return false;
	if (!proto[CTA_PROTO_NUM] ||
	    nla_get_u8(proto[CTA_PROTO_NUM]) != IPPROTO_TCP)
		return false;
	get_address(ip[v6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC], family,
		    &ret->source);
	get_address(ip[v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST], family,
		    &ret->destination);
	ret->source_port = get_port(proto[CTA_PROTO_SRC_PORT]);
	ret->destination_port = get_port(proto[CTA_PROTO_DST_PORT]);
	return true;
}

static int on_connection(struct nl_msg *msg, void *data)
{
	const struct listing *listing = data;
	struct nlattr *parts[CTA_MAX + 1];
	struct firewall_tuple original, reply;

	if (nlmsg_parse(nlmsg_hdr(msg), sizeof(struct nfgenmsg), parts, CTA_MAX,
			NULL) < 0)
		return NL_SKIP;
	if (get_tuple(parts[CTA_TUPLE_ORIG], listing->family, &original) &&
	    get_tuple(parts[CTA_TUPLE_REPLY], listing->family, &reply))
		listing->fn(listing->data, &original, &reply);
	return NL_OK;
}

/* IPCTNL_MSG_CT_GET with NLM_F_DUMP: one message for each entry. */
static int list(struct nl_sock *socket, struct listing *listing)
{
	const struct nfgenmsg header = { .nfgen_family =
						 (uint8_t)listing->family,
					 .version = NFNETLINK_V0 };
	int r;

	nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, on_connection,
			    listing);
	r = nl_send_simple(
		socket, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET,
		NLM_F_DUMP, (void *)(uintptr_t)&header, sizeof(header));
	if (r >= 0)
		r = nl_recvmsgs_default(socket);
	if (r < 0)
		return error_origin(-EOPNOTSUPP, "list connections (libnl: %s)",
				    nl_geterror(r));
	return 0;
}

int firewall_each(int fd, int family, firewall_fn fn, void *data)
{
	struct listing listing = { family, fn, data };
	struct nl_sock *socket = nl_socket_alloc();
	int r;

	if (!socket)
		return error_origin(-ENOMEM, "list connections");
	r = connect_in(socket, fd);
	if (r >= 0)
		r = list(socket, &listing);
	nl_socket_free(socket);
	return error_trace(r);
}
