/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints a frame in one line; segments in packetdrill's notation, ARP and
 * neighbour discovery like tcpdump. Sequence numbers are relative to the ISNs
 * in `base` where these are known; differences are modulo 2^32, as in TCP.
 */
#include "frame.h"

#include <netinet/icmp6.h>

#include "macro.h"

static void print_flags(FILE *out, uint8_t flags)
{
	static const struct {
		uint8_t flag;
		char letter;
	} letters[] = {
		{ SEGMENT_FIN, 'F' }, { SEGMENT_SYN, 'S' },
		{ SEGMENT_RST, 'R' }, { SEGMENT_PSH, 'P' },
		{ SEGMENT_ACK, '.' }, { SEGMENT_ECE, 'E' },
		{ SEGMENT_CWR, 'W' }, { SEGMENT_URG, 'U' },
	};

	if (!flags)
		fputc('-', out);
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
		if (flags & letters[i].flag)
			fputc(letters[i].letter, out);
}

static void print_tcp(FILE *out, const struct segment *tcp,
		      const struct segment_base *base, bool verbose)
{
	uint32_t seq = tcp->seq - (base->knows_sender ? base->sender : 0);
	uint32_t ack = tcp->ack - (base->knows_receiver ? base->receiver : 0);

	print_flags(out, tcp->flags);
	fprintf(out, " %u:%u(%u)", seq, seq + tcp->length, tcp->length);
	if (tcp->flags & SEGMENT_ACK)
		fprintf(out, " ack %u", ack);
	/* A zero window stalls the peer, so it is never left out. A RST has
	 * none. */
	if (verbose || (!tcp->window && (tcp->flags & SEGMENT_ACK) &&
			!(tcp->flags & SEGMENT_RST)))
		fprintf(out, " win %u", tcp->window);
	segment_print_options(out, tcp, base, verbose);
}

static void print_mac(FILE *out, const uint8_t *mac)
{
	fprintf(out, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		mac[3], mac[4], mac[5]);
}

/* ARP and neighbour discovery have the same requests and replies. */
static void print_who_has(FILE *out, const char *protocol,
			  const struct address *target,
			  const struct address *source)
{
	char target_text[ADDRESS_TEXT], source_text[ADDRESS_TEXT];

	fprintf(out, "%s who-has %s tell %s", protocol,
		address_text(target, target_text),
		address_text(source, source_text));
}

static void print_is_at(FILE *out, const char *protocol,
			const struct address *target, const uint8_t *mac)
{
	char text[ADDRESS_TEXT];

	fprintf(out, "%s %s is-at ", protocol, address_text(target, text));
	print_mac(out, mac);
}

static void print_arp(FILE *out, const struct frame *frame)
{
	if (frame->arp_operation == 1)
		print_who_has(out, "arp", &frame->destination, &frame->source);
	else if (frame->arp_operation == 2)
		print_is_at(out, "arp", &frame->source, frame->source_mac);
	else
		fprintf(out, "arp operation %u", frame->arp_operation);
}

/* Type and code as numbers, which differ: ICMP's 3 and 1 mean the same as
 * ICMPv6's 1 and 3. */
static void print_icmp(FILE *out, const char *protocol,
		       const struct frame *frame)
{
	char text[ADDRESS_TEXT];

	fprintf(out, "%s %s type %u code %u", protocol,
		address_text(&frame->source, text), frame->icmp_type,
		frame->icmp_code);
}

static void print_nd(FILE *out, const struct frame *frame)
{
	if (frame->icmp_type == ND_NEIGHBOR_SOLICIT)
		print_who_has(out, "nd", &frame->nd_target, &frame->source);
	else if (frame->icmp_type == ND_NEIGHBOR_ADVERT)
		print_is_at(out, "nd", &frame->nd_target, frame->source_mac);
	else
		print_icmp(out, "nd", frame);
}

static void print_other(FILE *out, const struct frame *frame)
{
	char source[ADDRESS_TEXT], destination[ADDRESS_TEXT];

	if (!frame->transport_at) {
		fprintf(out, "ethertype 0x%04x", frame->ethertype);
		return;
	}
	fprintf(out, "%s %s > %s", frame->fragment ? "fragment" : "ip",
		address_text(&frame->source, source),
		address_text(&frame->destination, destination));
}

void frame_print(FILE *out, const struct frame *frame,
		 const struct segment_base *base, bool verbose)
{
	static const struct segment_base none;

	switch (frame->kind) {
	case FRAME_TCP:
		print_tcp(out, &frame->tcp, base ? base : &none, verbose);
		break;
	case FRAME_ARP:
		print_arp(out, frame);
		break;
	case FRAME_ICMP:
		print_icmp(out,
			   frame->source.family == AF_INET6 ? "icmp6" : "icmp",
			   frame);
		break;
	case FRAME_ND:
		print_nd(out, frame);
		break;
	case FRAME_OTHER:
		print_other(out, frame);
		break;
	}
	if (verbose && frame->transport_at)
		fprintf(out, " ttl %u", frame->ttl);
}
