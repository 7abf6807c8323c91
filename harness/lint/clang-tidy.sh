#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: clang-tidy.sh SOURCE_ROOT BUILD_ROOT
#
# Every source file that is compiled, with the checks of .clang-tidy; a test's
# without the analyser, since a test leaks what it asserts with, and asks for
# trouble on purpose. The compile commands may be gcc's, whose warnings clang does
# not all know.
set -eu
command -v clang-tidy >/dev/null || {
    echo "clang-tidy is not installed"
    exit 77
}
"$(dirname "$0")"/compiled.py "$1" "$2" |
    xargs -0 -r -n 1 -P "$(nproc)" sh -c '
        case $1 in
        */test/*) checks=-clang-analyzer-* ;;
        *) checks= ;;
        esac
        exec clang-tidy --quiet -p "$0" --warnings-as-errors="*" \
            --checks="$checks" --extra-arg=-Wno-unknown-warning-option "$1"
    ' "$2"
