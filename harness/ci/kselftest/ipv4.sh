#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# halfopen's default set over IPv4, on this machine's kernel. Arguments are those
# of `halfopen run`; KSELFTEST_IPV4_SH_ARGS has them when the runner starts this.

. "$(dirname "$(readlink -f "$0")")/halfopen.sh"
run run --family 4 "$@"
