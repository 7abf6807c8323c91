/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GRO needs NAPI, which a veth enables when it is set up with GRO
 * (veth_gro_requested(), since d3256efd8e8b in 5.13; before, only with XDP).
 */
#include "offload.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "errors.h"
#include "fd.h"
#include "namespace.h"

int offload_receive(int fd, const char *interface)
{
	struct ethtool_value on = { .cmd = ETHTOOL_SGRO, .data = 1 };
	struct ifreq request = { .ifr_data = (char *)&on };
	CLEANUP_FD int sock = -1;
	int r = namespace_enter(fd), left;

	if (r < 0)
		return error_trace(r);
	sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	left = namespace_leave();
	if (sock < 0)
		return error_origin(-errno, "socket for ethtool");
	if (left < 0)
		return error_trace(left);
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (ioctl(sock, SIOCETHTOOL, &request) < 0)
		return error_origin(-errno, "switch on GRO of %s", interface);
	return 0;
}

/* virtio_net_hdr_from_skb(): gso_size is that of one segment's payload. */
unsigned int offload_segments(const struct virtio_net_hdr *header,
			      uint32_t *payload)
{
	const uint32_t whole = *payload;

	if (header->gso_type == VIRTIO_NET_HDR_GSO_NONE ||
	    whole <= header->gso_size || !header->gso_size)
		return 1;
	*payload = header->gso_size;
	return (whole + header->gso_size - 1) / header->gso_size;
}
