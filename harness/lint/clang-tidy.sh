#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: clang-tidy.sh SOURCE_ROOT BUILD_ROOT
#
# Runs the checks of .clang-tidy on every compiled source file. Tests are checked
# without the static analyser, because they leak memory and pass invalid arguments
# on purpose. -Wno-unknown-warning-option: the compile commands may be those of
# gcc, with warnings that clang lacks. Every version has checks of its own, so only
# that of Debian 12 decides.
set -eu
command -v clang-tidy >/dev/null || {
    echo "clang-tidy: not installed"
    exit 77
}
clang-tidy --version | grep -q 'version 14\.' || {
    echo "clang-tidy: the checks are those of version 14"
    exit 77
}
# shellcheck disable=SC2016 # $0 and $1 are those of the inner shell
"$(dirname "$0")"/compiled.py "$1" "$2" |
    xargs -0 -r -n 1 -P "$(nproc)" sh -c '
        case $1 in
        */test/*) checks=-clang-analyzer-* ;;
        *) checks= ;;
        esac
        exec clang-tidy --quiet -p "$0" --warnings-as-errors="*" \
            --checks="$checks" --extra-arg=-Wno-unknown-warning-option "$1"
    ' "$2"
