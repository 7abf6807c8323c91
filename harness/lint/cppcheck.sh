#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: cppcheck.sh SOURCE_ROOT BUILD_ROOT
#
# cppcheck caches its results for unchanged files in BUILD_ROOT/cppcheck. Every
# version has checks of its own, so only that of Debian 12 decides.
set -eu
command -v cppcheck >/dev/null || {
    echo "cppcheck: not installed"
    exit 77
}
cppcheck --version | grep -q ' 2\.10' || {
    echo "cppcheck: the checks are those of version 2.10"
    exit 77
}
mkdir -p "$2"/cppcheck
cppcheck --quiet --error-exitcode=1 --inline-suppr -j "$(nproc)" \
    --enable=warning,performance,portability,style \
    --library="$(dirname "$0")"/cppcheck.cfg \
    --suppressions-list="$(dirname "$0")"/cppcheck.suppressions \
    --cppcheck-build-dir="$2"/cppcheck --project="$2"/compile_commands.json
