/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segmentation offload of a cable. A veth announces TSO, and with GSO the kernel of
 * a host passes up to 64 KiB of TCP data as one frame, whose virtio_net_hdr has the
 * size of its segments. A cable without offload limits a frame to one segment
 * (IFLA_GSO_MAX_SEGS, rtnl.h). Receive offload (GRO), which joins the segments that
 * a host receives, is off in a veth unless it is switched on.
 */
#pragma once

#include <linux/virtio_net.h>
#include <stdint.h>

/* Switches GRO on. The interface is in the namespace `fd`, and down. */
int offload_receive(int fd, const char *interface);

/* The number of TCP segments in a frame with that header. `payload` is that of
 * the frame, and becomes that of each segment but the last one, which may be
 * smaller. */
unsigned int offload_segments(const struct virtio_net_hdr *header,
			      uint32_t *payload);
