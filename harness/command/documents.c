/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The judgements of the cases in the order of the documents. A row is a judgement
 * and the command that shows it: the case as a whole, or the fastest variant that
 * makes it. The terminal gets the rows by claim; the Markdown follows the
 * documents' headings, which are in their original language, so that a reader
 * finds them in the text.
 */
#include "documents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case-table.h"
#include "array.h"
#include "figures.h"
#include "fold.h"
#include "macro.h"
#include "markup.h"
#include "message.h"
#include "report.h"

/*
 * In the order of the text: the title of an article, its sections, and in each
 * the claims, paraphrased. Every claim that a case judges is in this table. A
 * claim that another section repeats is there again, without its text. The last
 * member has terms by which a reader of the documents may remember the claim;
 * '_' stands for a blank.
 */
static const struct documents_line lines[] = {
	{ LINE_TITLE, "A", "服务端挂了，客户端的 TCP 连接还在吗？" },
	{ LINE_CLAIM, "A17",
	  "retransmission ends when a number of retransmissions is reached",
	  "重传次数 阈值 断开 具体重传几次" },
	{ LINE_CLAIM, "A18",
	  "keepalive finds out that the peer's connection is gone",
	  "检测 消亡 不存在" },
	{ LINE_SECTION, "A", "服务端进程崩溃，客户端会发生什么？" },
	{ LINE_CLAIM, "A1",
	  "the server's process dies: its kernel sends FIN and completes the "
	  "four-way close without the process",
	  "进程崩溃 回收资源 第一次挥手 kill_-9 退出" },
	{ LINE_SECTION, "A", "服务端主机宕机后，客户端会发生什么？" },
	{ LINE_CLAIM, "A2",
	  "the server's host dies: there is no close, and the client notices "
	  "nothing at that moment",
	  "断电 立刻感知 主机宕机 不会发生四次挥手" },
	{ LINE_CLAIM, "A22",
	  "only later exchanges of data can reveal that the server is gone",
	  "数据交互 感知" },
	{ LINE_SECTION, "A", "服务端主机宕机后，如果客户端会发送数据" },
	{ LINE_CLAIM, "A3",
	  "the client sends: it retransmits, gets an error, and the connection "
	  "ends",
	  "超时重传 阈值 应用程序 Socket接口 断开连接" },
	{ LINE_CLAIM, "A4",
	  "tcp_retries2 is not just a count: a timeout is computed from it "
	  "(924.6 s for 15), which the interval, or the total, must exceed",
	  "tcp_retries2 timeout 924600ms 924.6秒 重传间隔 总间隔时长 "
	  "计算阈值 配置项默认值是15" },
	{ LINE_CLAIM, "A5",
	  "the RTO doubles each round, up to 120 s",
	  "倍数增长 翻倍 每一轮RTO 400ms 800ms" },
	{ LINE_CLAIM, "A6",
	  "with a small RTT there are exactly 15 retransmissions; with a "
	  "first RTO of 1 s, fewer",
	  "重传15次 重传几次 RTO初始值 下限200ms 1000ms RTT较小" },
	{ LINE_CLAIM, "A7",
	  "the RTO lies between 200 ms and 120 s, and HZ is 1000 since Linux "
	  "2.6",
	  "TCP_RTO_MIN TCP_RTO_MAX 120*HZ HZ/5 最小RTO 最大RTO 1000毫秒" },
	{ LINE_CLAIM, "A16",
	  "with a large RTT the timeout is reached soon",
	  "RTT较大 RTO越大 几轮重传 很快达到" },
	{ LINE_CLAIM, "A23",
	  "the sysctl of this limit is, in one place, called tcp_retries",
	  "tcp_retries 通知上层" },
	{ LINE_SECTION, "A", "服务端主机宕机后，如果客户端一直不发数据" },
	{ LINE_CLAIM, "A8",
	  "no data and no keepalive: ESTABLISHED forever",
	  "一直保持存在 没有开启keepalive 不会断开 不发送数据" },
	{ LINE_CLAIM, "A9",
	  "keepalive with a live peer: the probe is answered, and the keepalive "
	  "time restarts",
	  "正常响应 重置 保活时间 探测存活 正常工作" },
	{ LINE_CLAIM, "A10",
	  "after a number of consecutive unanswered probes, one interval apart, "
	  "the connection is reported dead",
	  "石沉大海 探测次数 没有响应 已经死亡 tcp_keepalive_probes "
	  "不可达" },
	{ LINE_CLAIM, "A11",
	  "with the default values a dead connection is detected after 2 h 11 "
	  "min 15 s at the earliest",
	  "tcp_keepalive_time tcp_keepalive_intvl 7200秒 2小时11分15秒 "
	  "检测间隔 死亡连接" },
	{ LINE_CLAIM, "A12",
	  "keepalive works only on a socket with SO_KEEPALIVE",
	  "SO_KEEPALIVE socket接口 选项 设置生效" },
	{ LINE_CLAIM, "A13",
	  "an application can notice sooner: a web server's keepalive_timeout "
	  "counts from the last request and then closes the connection",
	  "keepalive_timeout HTTP长连接 定时器 回调函数 web服务 "
	  "应用层探测" },
	{ LINE_CLAIM, "A15",
	  "ESTABLISHED at one end says nothing about the other",
	  "ESTABLISHED状态 另一方 不代表正常" },
	{ LINE_CLAIM, "A19",
	  "the keepalive time starts when there is no activity of any kind",
	  "没有活动 时间段 保活时间 开始作用" },
	{ LINE_CLAIM, "A20",
	  "a probe carries very little data",
	  "探测报文 数据非常少" },
	{ LINE_CLAIM, "A21",
	  "keepalive is implemented by the kernel, for every TCP program",
	  "内核态 TCP层实现 兜底方案" },
	{ LINE_SECTION, "A",
	  "服务端主机宕机后，然后马上重启了服务端，客户端发送了数据" },
	{ LINE_CLAIM, "A14",
	  "the host reboots at once and the client sends: a RST ends the "
	  "connection",
	  "重启 RST报文 连接信息不存在" },
	{ LINE_TITLE, "B", "SYN 报文什么时候情况下会被丢弃？" },
	{ LINE_CLAIM, "B1",
	  "a dropped SYN: the server's host receives it and sends no SYN-ACK; the "
	  "client retransmits it up to a maximum number of times",
	  "忽略SYN 丢弃SYN 第二次握手 最大重传次数 没有回复" },
	{ LINE_SECTION, "B", "tcp_tw_recycle" },
	{ LINE_CLAIM, "B2",
	  "TIME-WAIT occupies the client's port for 60 s; when all ports "
	  "(32768 to 61000) are in use, no new connection is possible",
	  "占用端口 端口资源 32768~61000 ip_local_port_range 占满 "
	  "无法创建新连接" },
	{ LINE_CLAIM, "B3",
	  "tcp_tw_reuse: connect() reuses, at random, a TIME-WAIT socket older "
	  "than 1 s; only for the side that connects",
	  "随机 超过1秒 连接发起方 connect() 复用" },
	{ LINE_CLAIM, "B12",
	  "both options recycle TIME-WAIT quickly, and both are off by default",
	  "快速回收 默认关闭 系统参数" },
	{ LINE_CLAIM, "B4",
	  "both options need tcp_timestamps, which is on by default",
	  "tcp_timestamps 前提条件 打开时间戳 默认为1" },
	{ LINE_CLAIM, "B14",
	  "every segment has its own sequence number, and a retransmission has "
	  "the same: by that the receiver recognises it",
	  "唯一SEQ 唯一性 复用SEQ 重复收到 32bit 溢出" },
	{ LINE_CLAIM, "B13",
	  "with timestamps enabled PAWS is enabled, and every packet that a "
	  "machine sends carries one",
	  "自动开启PAWS 带上时间戳 发送时间戳" },
	{ LINE_CLAIM, "B16",
	  "PAWS prevents the wrap-around of sequence numbers",
	  "序列号绕回 防止绕回" },
	{ LINE_CLAIM, "B7",
	  "PAWS stores the timestamp of the last segment received and drops a "
	  "segment whose timestamp has not increased",
	  "Recent_TSval 递增 过期数据包 时间戳比较 维护时间戳" },
	{ LINE_CLAIM, "B15",
	  "a timestamp is computed from the CPU ticks of the sending host",
	  "CPU_tick 时间戳增长 timestamp值" },
	{ LINE_CLAIM, "B5",
	  "tcp_tw_recycle checks timestamps per host: behind a NAT, a "
	  "client with lower ones has its SYN dropped; gone in 4.12",
	  "per-host NAT网关 recycle 相同IP 4.12 取消参数 对端IP" },
	{ LINE_CLAIM, "B6",
	  "checked per 4-tuple, there would be no such problem",
	  "四元组检查 不存在问题" },
	{ LINE_SECTION, "B", "accept 队列满了" },
	{ LINE_CLAIM, "B8",
	  "two queues: a SYN adds the connection to the SYN queue, the third ACK "
	  "moves it to the accept queue, accept() removes it",
	  "半连接队列 全连接队列 SYN队列 accept队列 第三次握手 取出连接" },
	{ LINE_CLAIM, "B9",
	  "accept queue too small or accept() too slow: the queue is full, further "
	  "requests are dropped, and requests per second stop growing",
	  "队列满 过小 不及时 并发 请求数量 上不去" },
	{ LINE_CLAIM, "B10",
	  "ss for a listening socket: Recv-Q is the queue's length, Send-Q its "
	  "maximum; Recv-Q above Send-Q means that it is full",
	  "Recv-Q Send-Q LISTEN状态 ss命令 8088 最大队列长度" },
	{ LINE_CLAIM, "B11",
	  "the cure: a larger backlog and somaxconn, or a faster accept()",
	  "backlog somaxconn 调大 检查代码" },
	{ LINE_TITLE, "C", "什么是 TIME_WAIT 状态？" },
	{ LINE_CLAIM, "C1",
	  "the four-way close has seven steps in order; each end sends first and "
	  "then enters its next state",
	  "FIN_WAIT_1 FIN_WAIT_2 CLOSE_WAIT LAST_ACK 四次挥手过程 "
	  "CLOSED状态" },
	{ LINE_CLAIM, "C25",
	  "each direction needs one FIN and one ACK",
	  "两个方向 一个FIN 一个ACK" },
	{ LINE_CLAIM, "C17",
	  "after the client's FIN the server finishes sending its data and only "
	  "then sends its own FIN",
	  "处理完数据 发送FIN" },
	{ LINE_CLAIM, "C2",
	  "only the side that closes first has TIME-WAIT, as its last state",
	  "主动关闭方 最后一个状态 主动断开" },
	{ LINE_CLAIM, "C3",
	  "RFC 793 has an MSL of 2 minutes, Linux one of 30 s by default: "
	  "TIME-WAIT lasts 60 s",
	  "RFC_793 2分钟 30秒 60秒 Maximum_Segment_Lifetime 2MSL" },
	{ LINE_CLAIM, "C16",
	  "segments older than the MSL are discarded, so that after 2MSL none of a "
	  "connection is left in the network",
	  "最大生存时间 自然消失 丢弃 超过MSL" },
	{ LINE_CLAIM, "C4",
	  "the TTL, usually 64, is the number of routers that a packet can pass; "
	  "each decrements it, at 0 the packet is dropped; that ensures the MSL",
	  "TTL 路由器 跳数 减1 IP头部 64" },
	{ LINE_CLAIM, "C23",
	  "the MSL is at least the time in which a TTL becomes 0: Linux assumes "
	  "that 64 routers take no more than 30 s",
	  "64个路由器 消亡 MSL与TTL 不超过30秒" },
	{ LINE_SECTION, "C",
	  "原因一：防止历史连接中的数据，被后面相同四元组的连接错误的接收" },
	{ LINE_CLAIM, "C5",
	  "each end derives its ISN from a clock, differently for each connection: "
	  "a counter that increments every 4 µs and wraps after 4.55 h",
	  "初始序列号 初始化序列号 ISN 时钟 4微秒 计数器 4.55小时 随机数" },
	{ LINE_CLAIM, "C22",
	  "sequence numbers and ISNs return to the initial value; so a sequence "
	  "number cannot distinguish old data from new",
	  "无限递增 回绕 新老数据 初始值" },
	{ LINE_CLAIM, "C6",
	  "without TIME-WAIT, or with a short one, a delayed segment of the old "
	  "connection is in the window of the new one and is accepted",
	  "延迟报文 SEQ=301 历史连接 接收窗口 数据错乱 残留" },
	{ LINE_SECTION, "C", "原因二：保证「被动关闭连接」的一方，能被正确的关闭" },
	{ LINE_CLAIM, "C7",
	  "the last ACK is lost: the FIN is retransmitted, and TIME-WAIT answers "
	  "it",
	  "最后一次ACK 第四次挥手 重发FIN 丢失" },
	{ LINE_CLAIM, "C8",
	  "without TIME-WAIT a RST answers it, which is an error for the passive "
	  "side",
	  "错误 优雅终止 回RST 直接进入CLOSED 关闭状态 "
	  "收到重传的FIN报文后" },
	{ LINE_CLAIM, "C24",
	  "the side that closes first must wait until it is certain that its "
	  "last ACK has arrived",
	  "足够长时间 确保收到ACK 等待" },
	{ LINE_CLAIM, "C18",
	  "a lost ACK and a retransmitted FIN take just two MSL",
	  "两个MSL 一去一来" },
	{ LINE_CLAIM, "C19",
	  "the retransmitted ACK can be lost as well: TIME-WAIT has done what it "
	  "can",
	  "ACK丢失 仁至义尽" },
	{ LINE_SECTION, "C", "tcp_tw_reuse 是什么？" },
	{ LINE_CLAIM, "C9",
	  "tcp_tw_reuse reuses a socket that has been in TIME-WAIT for more than 1 "
	  "s; it is off by default",
	  "超过1秒 快速复用 默认关闭 tcp_tw_reuse" },
	{ LINE_CLAIM, "C10",
	  "timestamps give an exact RTT, and PAWS",
	  "精确计算RTT 时间戳选项 序列号回绕" },
	{ LINE_CLAIM, "C11",
	  "sequence numbers wrap: a delayed segment is accepted and, as article B "
	  "says, the genuine one lost, unless PAWS drops it",
	  "4GB 数据完整性 绕回的报文 延迟数据包 传输错误 防回绕序列号算法 回绕 "
	  "SEQ耗尽" },
	{ LINE_CLAIM, "C26",
	  "the example: with a window of 1 GB and a stream of 6 GB, a segment "
	  "that was retransmitted appears again after the wrap-around",
	  "发送窗口 1GB 6GB 时刻F 数据流 绕远路" },
	{ LINE_SECTION, "C", "第一个问题" },
	{ LINE_CLAIM, "C12",
	  "a RST is accepted however old its timestamp, if its sequence number is "
	  "in the window",
	  "过期RST 接收窗口 时间戳过期 历史RST" },
	{ LINE_CLAIM, "C20",
	  "the first check of a segment is PAWS, in tcp_paws_discard(), and it "
	  "lets RSTs pass; RFC 1323 recommends RSTs without a timestamp",
	  "tcp_validate_incoming tcp_paws_discard RFC_1323 不携带时间戳 "
	  "历史报文 放过RST 老的重复的RST 极不可能" },
	{ LINE_CLAIM, "C13",
	  "the late RST in reply to a first SYN without a listener ends the second "
	  "connection, which tcp_tw_reuse allowed to start at once",
	  "网络阻塞 没有监听 监听端口 重发SYN 延迟RST 第二个连接" },
	{ LINE_CLAIM, "C21",
	  "with the full 2MSL that RST would not reach the next connection",
	  "停留2MSL 跳过TIME_WAIT 不会出现" },
	{ LINE_CLAIM, "C14",
	  "an HTTP exchange takes 0.2 s, so that an old RST can still be in "
	  "flight",
	  "HTTP请求 0.2秒 抓包 存活 远小于MSL" },
	{ LINE_SECTION, "C", "第二个问题" },
	{ LINE_CLAIM, "C15",
	  "with tcp_tw_reuse a lost last ACK may prevent the passive side from "
	  "closing properly",
	  "第四次挥手 ACK丢失 不能正常关闭 被动关闭" },
	{ LINE_TITLE, "D", "拔掉网线后， 原本的 TCP 连接还存在吗？" },
	{ LINE_CLAIM, "D1",
	  "a connection and its state are a struct socket in the kernel, and "
	  "unplugging the cable changes nothing in it",
	  "struct_socket 结构体 连接状态 拔掉网线 不会变更" },
	{ LINE_CLAIM, "D2",
	  "(one version) wifi off during an ssh session: the connection stays "
	  "ESTABLISHED",
	  "wifi ssh 实验 云服务器" },
	{ LINE_SECTION, "D", "拔掉网线后，有数据传输" },
	{ LINE_CLAIM, "D3",
	  "plugged in again while the server retransmits: as if nothing had "
	  "happened",
	  "插回网线 什么都没发生 正常接收 依然存在" },
	{ LINE_CLAIM, "D4",
	  "not plugged in again: the server's connection ends with an error",
	  "没有插回 服务端断开 出问题" },
	{ LINE_CLAIM, "D5",
	  "plugged in after that and the client sends: a RST ends its connection",
	  "插回网线后 四元祖 释放连接 回复RST" },
	{ LINE_CLAIM, "D6",
	  "the server gives up at a maximum number of retransmissions, "
	  "tcp_retries2 (one version: or at a maximum timeout, whichever is "
	  "first; rounds of 2, 4, 8 s)",
	  "最大超时时间 最大重传次数 具体重传几次 第一次2s 4s 8s 先达到" },
	{ LINE_CLAIM, "D7",
	  "(the other version) the server gives up when the interval, or the "
	  "total, exceeds one computed timeout, 924.6 s; rounds of 200, 400, "
	  "800 ms",
	  "timeout 924600ms 200毫秒 400毫秒 800毫秒 总间隔" },
	{ LINE_CLAIM, "A23", NULL },
	{ LINE_SECTION, "D", "拔掉网线后，没有数据传输" },
	{ LINE_CLAIM, "D8",
	  "no data and no keepalive: both ends stay ESTABLISHED",
	  "没有数据传输 没有开启keepalive 一直保持存在" },
	{ LINE_CLAIM, "D9",
	  "no data, keepalive: both ends detect it and close",
	  "双方开启keepalive 探测 没有存活" },
	{ LINE_CLAIM, "A9", NULL },
	{ LINE_CLAIM, "A10", NULL },
	{ LINE_CLAIM, "D13",
	  "(one version) keepalive is for the death of a host; a process's "
	  "death announces itself by FIN",
	  "进程崩溃 主机宕机 回收资源 保活机制" },
	{ LINE_CLAIM, "A19", NULL },
	{ LINE_CLAIM, "A20", NULL },
	{ LINE_CLAIM, "A11", NULL },
	{ LINE_CLAIM, "A12", NULL },
	{ LINE_CLAIM, "A21", NULL },
	{ LINE_CLAIM, "A13", NULL },
	{ LINE_SECTION, "D", "总结" },
	{ LINE_CLAIM, "D14",
	  "keepalive finds out that the peer's connection is no longer alive",
	  "存活 确定对方" },
	{ LINE_CLAIM, "D10",
	  "plugged in again while probes are being sent: the connection survives",
	  "探测期间 插回网线" },
	{ LINE_CLAIM, "D11",
	  "the client's host dies: for the server the same as an unplugged cable: "
	  "ESTABLISHED until its process restarts",
	  "客户端宕机 重启进程 无法感知" },
	{ LINE_CLAIM, "D12",
	  "the client's process dies: its kernel sends FIN, and the four-way close "
	  "with the server (one version: with the client) takes place, without "
	  "keepalive and data",
	  "杀死进程 客户端进程崩溃 FIN报文 操作系统感知" },
};

static const struct documents_line *claim_line(const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (lines[i].kind == LINE_CLAIM && strcmp(lines[i].id, id) == 0)
			return &lines[i];
	return NULL;
}

/* The heading of the section, or the title, in which this line is. */
static const struct documents_line *heading_of(const struct documents_line *line)
{
	while (line->kind == LINE_CLAIM)
		line--;
	return line;
}

const char *documents_claim(const char *id)
{
	const struct documents_line *line = claim_line(id);

	return line ? line->text : "";
}

const struct documents_line *documents_lines(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(lines);
	return lines;
}

/* --- rows ------------------------------------------------------------- */

struct rows {
	bool (*selected)(void *data, const struct testcase *testcase,
			 const char *claim);
	void *data;
	struct documents_row *all;
	size_t n, capacity;
	bool failed;
};

static long number_of(const struct documents_row *row)
{
	return strtol(row->judgement->claim + 1, NULL, 10);
}

static bool comes_before(const struct documents_row *a,
			 const struct documents_row *b)
{
	char article_a = a->judgement->claim[0];
	char article_b = b->judgement->claim[0];

	if (article_a != article_b)
		return article_a < article_b;
	return number_of(a) < number_of(b);
}

static void add_row(struct rows *rows, struct documents_row row)
{
	struct documents_row *grown = array_grow(
		rows->all, rows->n, &rows->capacity, sizeof(*grown));
	size_t i;

	if (!grown) {
		rows->failed = true;
		return;
	}
	rows->all = grown;
	for (i = rows->n++; i > 0 && comes_before(&row, &rows->all[i - 1]); i--)
		rows->all[i] = rows->all[i - 1];
	rows->all[i] = row;
}

static bool are_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* The row of another run of the case with the same judgement: one command
 * suffices. */
static struct documents_row *find_row(const struct rows *rows,
				      const struct judgement *judgement,
				      const struct testcase *testcase)
{
	for (size_t i = 0; i < rows->n; i++) {
		const struct judgement *other = rows->all[i].judgement;

		if (rows->all[i].testcase == testcase &&
		    strcmp(other->claim, judgement->claim) == 0 &&
		    other->document == judgement->document &&
		    are_same(other->note, judgement->note) &&
		    are_same(other->since, judgement->since))
			return &rows->all[i];
	}
	return NULL;
}

/* Sets are in the order of their duration; `halfopen run CASE` runs those of
 * the default set. */
static bool is_faster(const struct testcase *testcase,
		      const struct variant *a, const struct variant *b)
{
	return testcase_set(testcase, a) < testcase_set(testcase, b);
}

static void add_judgements(struct rows *rows, const struct judgement *judgement,
			   const struct testcase *testcase,
			   const struct variant *variant)
{
	for (; judgement && judgement->claim; judgement++) {
		struct documents_row *row =
			find_row(rows, judgement, testcase);

		if (judgement->document == DOCUMENT_NONE ||
		    !rows->selected(rows->data, testcase, judgement->claim))
			continue;
		if (!row)
			add_row(rows, (struct documents_row){
					      judgement, testcase, variant });
		else if (row->variant && variant &&
			 is_faster(testcase, variant, row->variant))
			row->variant = variant;
	}
}

/* The fastest variant without judgements of its own; NULL: none. */
static const struct variant *find_own_variant(const struct testcase *testcase)
{
	const struct variant *variant = testcase->variants, *found = NULL;

	for (; variant && variant->name; variant++)
		if (!variant->judgements &&
		    (!found || is_faster(testcase, variant, found)))
			found = variant;
	return found;
}

/*
 * The command for the case's own judgements: the case as a whole, if a run of
 * the default set makes them, or else the variant that does. False if none
 * does.
 */
static bool find_own_run(const struct testcase *testcase,
			 const struct variant **ret)
{
	const struct variant *found = find_own_variant(testcase);

	*ret = NULL;
	if (!testcase->variants)
		return true;
	/* The name of a slow case runs its slow variants. */
	if (found && testcase_set(testcase, found) >
			     (testcase->slow ? SET_LONG : SET_DEFAULT))
		*ret = found;
	return found;
}

struct documents_row *documents_rows(bool (*selected)(void *data,
						      const struct testcase *,
						      const char *claim),
				     void *data, size_t *ret_n)
{
	struct rows rows = { .selected = selected, .data = data };

	for (size_t i = 0; i < testcases_n; i++) {
		const struct testcase *testcase = testcases[i];
		const struct variant *variant = testcase->variants, *own;

		if (find_own_run(testcase, &own))
			add_judgements(&rows, testcase->judgements, testcase,
				       own);
		for (; variant && variant->name; variant++)
			add_judgements(&rows, variant->judgements, testcase,
				       variant);
	}
	if (rows.failed) {
		free(rows.all);
		rows = (struct rows){ 0 };
	}
	*ret_n = rows.n;
	return rows.all;
}

const struct variant *documents_variant(const struct documents_row *row)
{
	return row->variant ? row->variant : find_own_variant(row->testcase);
}

/* --- printing --------------------------------------------------------- */

enum { INDENT = 8 };

nsec_t documents_duration(const struct documents_row *row)
{
	return row->variant || !row->testcase->variants ?
		       testcase_duration(row->testcase, row->variant) :
		       testcase_longest_default(row->testcase);
}

static void print_judgement(const struct documents_row *row, int columns)
{
	const struct judgement *judgement = row->judgement;
	char name[TESTCASE_RUN_NAME], about[REPORT_TEXT], text[REPORT_TEXT];
	nsec_t duration = documents_duration(row);

	report_about(duration, about);
	printf("%*s%s\n", INDENT, "",
	       report_judgement(document_text(judgement->document),
				judgement->since, text));
	printf("%*shalfopen run %s", INDENT + 2, "",
	       testcase_run_name(row->testcase, row->variant, name));
	if (duration >= REPORT_MINUTES)
		printf(_("  (%s)\n%*shalfopen vm --virtual-time -- run %s  (in "
			 "seconds)"),
		       about, INDENT + 2, "", name);
	putchar('\n');
	if (judgement->note && *judgement->note) {
		printf("%*s", INDENT + 2, "");
		fold_print(stdout, _(judgement->note), INDENT + 2, INDENT + 2,
			   columns);
	}
}

static void print_claim(const char *id, int columns)
{
	printf("  %-*s", INDENT - 2, id);
	fold_print(stdout, _(documents_claim(id)), INDENT, INDENT, columns);
}

static bool is_run_of(const char *run, const struct testcase *testcase)
{
	size_t n = strlen(testcase->name);

	return strncmp(run, testcase->name, n) == 0 && run[n] == '/';
}

bool documents_shows_claim(const struct documents_figure *figure,
			   const struct testcase *testcase, const char *claim)
{
	bool is_in_section = false;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		is_in_section |=
			lines[i].kind == LINE_CLAIM &&
			strcmp(lines[i].id, claim) == 0 &&
			strcmp(heading_of(&lines[i])->text, figure->heading) ==
				0;
	for (int i = 0; is_in_section && figure->runs[i]; i++)
		if (is_run_of(figure->runs[i], testcase))
			return true;
	return false;
}

static void print_figures(const struct documents_row *rows, size_t n,
			  const char *claim)
{
	size_t n_figures;
	const struct documents_figure *figure = documents_figures(&n_figures);

	for (; n_figures > 0; n_figures--, figure++)
		for (size_t i = 0; i < n; i++)
			if (strcmp(rows[i].judgement->claim, claim) == 0 &&
			    documents_shows_claim(figure, rows[i].testcase,
						  claim)) {
				printf("%*shalfopen figure %s\n", INDENT, "",
				       figure->number);
				break;
			}
}

static bool is_judged(const struct documents_row *rows, size_t n,
		      const char *claim)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].judgement->claim, claim) == 0)
			return true;
	return false;
}

/* Whether a row judges a claim between this heading and the next. */
static bool has_rows(const struct documents_row *rows, size_t n,
		     const struct documents_line *heading)
{
	const struct documents_line *end = lines + ARRAY_SIZE(lines);

	for (const struct documents_line *l = heading + 1;
	     l < end && l->kind == LINE_CLAIM; l++)
		if (is_judged(rows, n, l->id))
			return true;
	return false;
}

/* Whether a row judges a claim of the article with this title. */
static bool has_article(const struct documents_row *rows, size_t n,
			const struct documents_line *title)
{
	const struct documents_line *end = lines + ARRAY_SIZE(lines);

	for (const struct documents_line *l = title + 1;
	     l < end && l->kind != LINE_TITLE; l++)
		if (l->kind == LINE_CLAIM && is_judged(rows, n, l->id))
			return true;
	return false;
}

static void print_heading(const struct documents_row *rows, size_t n,
			  const struct documents_line *line, bool *first)
{
	if (line->kind == LINE_TITLE && has_article(rows, n, line)) {
		printf("%s%s. %s\n", *first ? "" : "\n", line->id, line->text);
		*first = false;
	}
	if (line->kind == LINE_SECTION && has_rows(rows, n, line))
		printf("  %s\n", line->text);
}

static void print_rows(const struct documents_row *rows, size_t n,
		       const char *claim, int columns)
{
	bool first = true;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(rows[i].judgement->claim, claim) != 0)
			continue;
		if (first) {
			print_claim(claim, columns);
			print_figures(rows, n, claim);
		}
		first = false;
		print_judgement(&rows[i], columns);
	}
}

/* The title of the article in which this heading is. */
static const struct documents_line *title_of(const struct documents_line *line)
{
	while (line->kind != LINE_TITLE)
		line--;
	return line;
}

void documents_print_claim(const struct documents_row *rows, size_t n,
			   const char *claim,
			   const struct documents_line **heading, int columns)
{
	const struct documents_line *line = claim_line(claim);
	const struct documents_line *section, *title;

	if (!line || !is_judged(rows, n, claim))
		return;
	section = heading_of(line);
	title = title_of(section);
	if (*heading != section && *heading)
		putchar('\n');
	if (!*heading || title_of(*heading) != title)
		printf("%s. %s\n", title->id, title->text);
	if (*heading != section && section != title)
		printf("  %s\n", section->text);
	*heading = section;
	print_rows(rows, n, claim, columns);
}

void documents_print(const struct documents_row *rows, size_t n, int columns)
{
	bool first = true;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (lines[i].kind == LINE_CLAIM)
			print_rows(rows, n, lines[i].id, columns);
		else
			print_heading(rows, n, &lines[i], &first);
}

/* --- Markdown ----------------------------------------------------------- */

static void print_markdown_row(const struct documents_row *row, bool first)
{
	const struct judgement *judgement = row->judgement;
	char name[TESTCASE_RUN_NAME], about[REPORT_TEXT], text[REPORT_TEXT];
	nsec_t duration = documents_duration(row);

	report_about(duration, about);
	printf("| %s | ", first ? judgement->claim : "");
	markup_cell(stdout, first ? _(documents_claim(judgement->claim)) : "");
	printf(" | **%s**%s",
	       report_judgement(document_text(judgement->document),
				judgement->since, text),
	       _(": "));
	markup_cell(stdout, _(judgement->note));
	printf(" | `halfopen run %s`",
	       testcase_run_name(row->testcase, row->variant, name));
	if (duration >= REPORT_MINUTES)
		printf(_(" (%s; in seconds: `halfopen vm --virtual-time -- run "
			 "%s`)"),
		       about, name);
	puts(" |");
}

static void print_markdown_heading(const struct documents_row *rows, size_t n,
				   const struct documents_line *line)
{
	if (line->kind == LINE_TITLE && has_article(rows, n, line))
		printf("\n### %s\n", line->text);
	if (!has_rows(rows, n, line))
		return;
	if (line->kind == LINE_SECTION)
		printf("\n#### %s\n", line->text);
	printf("\n| %s | %s | %s | %s |\n"
	       "|---|---|---|---|\n",
	       _("claim"), _("paraphrase"), _("document"), _("command"));
}

void documents_print_markdown(const struct documents_row *rows, size_t n)
{
	for (size_t l = 0; l < ARRAY_SIZE(lines); l++) {
		bool first = true;

		if (lines[l].kind != LINE_CLAIM) {
			print_markdown_heading(rows, n, &lines[l]);
			continue;
		}
		for (size_t i = 0; i < n; i++) {
			if (strcmp(rows[i].judgement->claim, lines[l].id) != 0)
				continue;
			print_markdown_row(&rows[i], first);
			first = false;
		}
	}
}
