#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: kselftest.sh [ARGUMENTS]
#
# Runs halfopen as a kernel selftest (tools/testing/selftests/kselftest.h): KTAP
# on stdout; exit status 0: pass, 1: failure, 4: skip. halfopen's two other
# statuses count as failures: 2 (wrong usage) and 3 (BROKEN: the harness could
# not do its work). An inconclusive run (scheduling delay) is a skip.
#
# ARGUMENTS are those of `halfopen run`: patterns of cases, and options. The
# environment variable HALFOPEN names the program; without it, the one in the
# build directory of this tree is used, or the one in PATH.
set -u

PASS=0 FAIL=1 SKIP=4

here=$(dirname "$(readlink -f "$0")")

find_halfopen() {
    if [ -n "${HALFOPEN:-}" ]; then
        command -v "$HALFOPEN"
    elif [ -x "$here/../../build/harness/halfopen" ]; then
        echo "$here/../../build/harness/halfopen"
    else
        command -v halfopen
    fi
}

halfopen=$(find_halfopen) || {
    echo "KTAP version 1"
    echo "1..0 # SKIP no halfopen: build it (harness/bootstrap build), or set" \
        "HALFOPEN"
    exit $SKIP
}

"$halfopen" run --format ktap --inconclusive=skip "$@"
status=$?
case $status in
    0) exit $PASS ;;
    4) exit $SKIP ;;
    1 | 3) exit $FAIL ;;
    *)
        # "Bail out!" is TAP's; KTAP does not define a premature end.
        echo "Bail out! halfopen: exit status $status"
        exit $FAIL
        ;;
esac
