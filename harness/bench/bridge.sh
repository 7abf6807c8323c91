#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: bridge.sh SEGMENTS SERVER CLIENT
#
# Runs two commands of sh(1) in two network namespaces, 10.0.0.1 (the client) and
# 10.0.0.2, which a kernel bridge connects. SEGMENTS is the largest number of
# segments in a frame: 1, or 65535 for the kernel's default. The script ends when
# both commands have ended. It runs in its own mount namespace, with its own /run
# for the names of the namespaces.
set -eu

if [ "${4-}" != boxed ]; then
    if [ "$(id -u)" = 0 ]; then
        exec unshare --mount --net --propagation private "$0" "$@" boxed
    fi
    exec unshare --user --map-root-user --mount --net --propagation private \
        "$0" "$@" boxed
fi

mount -t tmpfs tmpfs /run

# host NAME NUMBER SEGMENTS
host() {
    ip netns add "$1"
    ip netns exec "$1" sysctl -q -w \
        net.ipv4.tcp_rmem="4096 131072 1048576" \
        net.ipv4.tcp_wmem="4096 16384 1048576" \
        net.ipv4.tcp_congestion_control=reno
    ip link add "port$2" type veth peer name eth0 gso_max_segs "$3" netns "$1"
    ip -n "$1" address add "10.0.0.$2/24" dev eth0
    ip -n "$1" link set eth0 up
    ip link set "port$2" master bridge up
}

ip link add bridge type bridge stp_state 0
ip link set bridge up
host client 1 "$1"
host server 2 "$1"
for port in port1 port2; do
    while ! ip link show "$port" | grep -q LOWER_UP; do :; done
done

ip netns exec server sh -c "$2" &
ip netns exec client sh -c "$3"
wait "$!"
