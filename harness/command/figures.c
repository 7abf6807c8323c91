/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "figures.h"

#include <string.h>
#include <strings.h>

#include "macro.h"
#include "search-text.h"

static const struct documents_figure figures[] = {
	{ "1",
	  'A',
	  "服务端主机宕机后，如果客户端会发送数据",
	  "table of the RTO of each round until the kernel gives up",
	  FIGURE_ROUNDS,
	  { "server-host-crash-data/retries2=5" },
	  "server-host-crash-data/defaults" },
	{ "2",
	  'A',
	  "服务端主机宕机后，如果客户端一直不发数据",
	  "keepalive with a live peer and with a dead one",
	  FIGURE_LADDER,
	  { "keepalive-peer-alive/time-longer",
	    "server-host-crash-keepalive/host-dies" } },
	{ "3",
	  'A',
	  "服务端主机宕机后，如果客户端一直不发数据",
	  "the sum: keepalive time and unanswered probes (2 h 11 min 15 s by "
	  "default)",
	  FIGURE_KEEPALIVE,
	  { "server-host-crash-keepalive/host-dies" },
	  "server-host-crash-keepalive/defaults" },
	{ "4",
	  'A',
	  "服务端主机宕机后，如果客户端一直不发数据",
	  "a web server's keepalive_timeout closes an idle connection",
	  FIGURE_LADDER,
	  { "http-keepalive-timeout/own-server" },
	  "http-keepalive-timeout/own-server-60s" },
	{ "11",
	  'B',
	  "tcp_tw_recycle",
	  "sequence numbers wrap, and an old segment appears again",
	  FIGURE_WRAP,
	  { "paws-old-duplicate/timestamps-on" } },
	{ "12",
	  'B',
	  "accept 队列满了",
	  "SYN queue and accept queue during one connection",
	  FIGURE_QUEUES,
	  { "accept-queue-states/third-ack" } },
	{ "13",
	  'B',
	  "accept 队列满了",
	  "requests per second: a full accept queue ends their growth, a "
	  "longer one does not",
	  FIGURE_LOAD,
	  { "accept-queue-load/short-queue", "accept-queue-load/long-queue" } },
	{ "14",
	  'B',
	  "accept 队列满了",
	  "a listening socket in ss: Recv-Q and Send-Q",
	  FIGURE_LISTENER,
	  { "accept-queue-limit/ss" } },
	{ "31",
	  'C',
	  "什么是 TIME_WAIT 状态？",
	  "the four-way close",
	  FIGURE_LADDER,
	  { "four-way-close/client-first" } },
	{ "32",
	  'C',
	  "原因一：防止历史连接中的数据，被后面相同四元组的连接错误的接收",
	  "a delayed segment of the old connection reaches the new one",
	  FIGURE_LADDER,
	  { "time-wait-stale-data/as-told", "time-wait-stale-data/forged" } },
	{ "33",
	  'C',
	  "原因二：保证「被动关闭连接」的一方，能被正确的关闭",
	  "the last ACK is lost, without TIME-WAIT",
	  FIGURE_LADDER,
	  { "last-ack-lost-no-time-wait/server-holds",
	    "last-ack-lost-no-time-wait/server-has-closed" } },
	{ "34",
	  'C',
	  "原因二：保证「被动关闭连接」的一方，能被正确的关闭",
	  "the last ACK is lost, with TIME-WAIT",
	  FIGURE_LADDER,
	  { "last-ack-lost/tail-loss-probe" } },
	{ "35",
	  'C',
	  "tcp_tw_reuse 是什么？",
	  "sequence numbers wrap: the moments A to F",
	  FIGURE_WRAP,
	  { "paws-old-duplicate/timestamps-on" } },
	{ "36",
	  'C',
	  "第一个问题",
	  "the late RST ends the second connection",
	  FIGURE_LADDER,
	  { "tw-reuse-stale-rst/as-told", "tw-reuse-stale-rst/forged-exact" } },
	{ "37",
	  'C',
	  "第一个问题",
	  "an exchange that takes a fraction of a second",
	  FIGURE_LADDER,
	  { "tw-reuse-stale-rst/rtt=50ms" } },
	{ "38",
	  'C',
	  "第二个问题",
	  "the last ACK is lost, and tcp_tw_reuse skips TIME-WAIT",
	  FIGURE_LADDER,
	  { "tw-reuse-last-ack-lost/one-lost",
	    "tw-reuse-last-ack-lost/all-lost" } },
	{ "41",
	  'D',
	  "拔掉网线后，没有数据传输",
	  "the sum: keepalive time and unanswered probes (2 h 11 min 15 s by "
	  "default)",
	  FIGURE_KEEPALIVE,
	  { "server-host-crash-keepalive/host-dies" },
	  "server-host-crash-keepalive/defaults" },
	{ "42",
	  'D',
	  "拔掉网线后，没有数据传输",
	  "a web server's keepalive_timeout closes an idle connection",
	  FIGURE_LADDER,
	  { "http-keepalive-timeout/own-server" },
	  "http-keepalive-timeout/own-server-60s" },
};

const struct documents_figure *documents_figures(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(figures);
	return figures;
}

static const char *skip_prefix(const char *words)
{
	static const char *const prefixes[] = { "图", "figure" };

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t n = strlen(prefixes[i]);

		if (strncasecmp(words, prefixes[i], n) == 0)
			words += n;
	}
	return words + strspn(words, " ");
}

const struct documents_figure *documents_figure(const char *number)
{
	for (size_t i = 0; i < ARRAY_SIZE(figures); i++)
		if (strcmp(figures[i].number, skip_prefix(number)) == 0)
			return &figures[i];
	return NULL;
}

bool documents_figure_is_about(const struct documents_figure *figure,
			       const char *words)
{
	const char *rest = skip_prefix(words);

	return rest[strspn(rest, "0123456789")] &&
	       search_text_contains(figure->title, rest);
}
