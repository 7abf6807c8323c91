#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The runs at the kernel's default values over IPv4, in virtual time, in a guest
# with the kernel under test (harness/doc/kernel-ci.md):
#
#   HALFOPEN_KERNEL   vmlinuz-..., a folder with boot/ and lib/modules/, or a
#                     Debian package, for QEMU
#   HALFOPEN_UML      or the program of a User Mode Linux kernel

. "$(dirname "$(readlink -f "$0")")/halfopen.sh"
run_defaults 4 "$@"
