#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: kselftest.sh [WORDS]
#
# halfopen as one of the kernel's selftests, by their conventions
# (tools/testing/selftests/kselftest.h): KTAP on stdout, and of the exit status
# 0 is a pass, 1 a failure, 4 a skip. halfopen knows two more: 3, the harness
# could not do its own work, which proves nothing and so is no pass; and 2, wrong
# usage. A run that the machine was too slow to judge is a SKIP.
#
# WORDS are those of `halfopen run`: patterns of cases, and options. HALFOPEN in
# the environment is the program; without it, the one in the build directory of
# this tree, or the one in PATH.
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
    echo "1..0 # SKIP no halfopen: build it (harness/bootstrap build), or say" \
        "where it is (HALFOPEN)"
    exit $SKIP
}

"$halfopen" run --format ktap --inconclusive=skip "$@"
status=$?
case $status in
    0) exit $PASS ;;
    4) exit $SKIP ;;
    1 | 3) exit $FAIL ;;
    *)
        # KTAP has no word for an end in the middle; TAP has.
        echo "Bail out! halfopen ended with status $status"
        exit $FAIL
        ;;
esac
