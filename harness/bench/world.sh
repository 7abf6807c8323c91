#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: world.sh NUMBER
#
# Creates and removes NUMBER times the world of halfopen with ip(8): three
# network namespaces, two veth pairs, addresses, permanent neighbour entries, the
# same sysctls; waits for carrier. The script runs in its own mount namespace,
# with its own /run for the names of the namespaces. It prints nothing; the
# caller measures the time.
set -eu

if [ "${2-}" != boxed ]; then
    # Names of network namespaces are mounts, kept in this mount namespace.
    if [ "$(id -u)" = 0 ]; then
        exec unshare --mount --net --propagation private "$0" "$1" boxed
    fi
    exec unshare --user --map-root-user --mount --net --propagation private \
        "$0" "$1" boxed
fi

mount -t tmpfs tmpfs /run

# host NAME NUMBER OTHER
host() {
    ip netns add "$1"
    ip netns exec "$1" sysctl -q -w \
        net.ipv6.conf.all.disable_ipv6=1 \
        net.ipv6.conf.default.disable_ipv6=1 \
        net.ipv4.ip_unprivileged_port_start=0 \
        net.ipv4.tcp_rmem="4096 131072 1048576" \
        net.ipv4.tcp_wmem="4096 16384 1048576" \
        net.ipv4.tcp_congestion_control=reno \
        net.ipv4.tcp_no_metrics_save=1
    ip -n "$1" link set lo up
    ip -n wire link add "port$2" type veth peer name eth0 \
        address "02:00:00:00:00:0$2" gso_max_segs 1 netns "$1"
    ip -n "$1" address add "10.0.0.$2/24" dev eth0
    ip -n wire link set "port$2" up
    ip -n "$1" link set eth0 up
    ip -n "$1" neighbour add "10.0.0.$3" lladdr "02:00:00:00:00:0$3" \
        nud permanent dev eth0
}

wait_for_carrier() {
    until ip -n "$1" -brief link show dev eth0 up | grep -q ' UP '; do
        sleep 0.001
    done
}

n=0
while [ "$n" -lt "$1" ]; do
    ip netns add wire
    host client 1 2
    host server 2 1
    wait_for_carrier client
    wait_for_carrier server
    ip netns delete client
    ip netns delete server
    ip netns delete wire
    n=$((n + 1))
done
