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
# The parts are nested: the default set over IPv4 and over IPv6 on this machine's
# kernel, and in virtual time, in seconds, the runs at the kernel's own default
# values, which take hours. The latter need the image of the kernel under test:
#
#   HALFOPEN_KERNEL   vmlinuz-…, a folder with boot/ and lib/modules/, or a
#                     Debian package, for QEMU
#   HALFOPEN_UML      or the program of a User Mode Linux kernel
#                     (harness/vm/build-uml --source DIR)
#
# ARGUMENTS are those of `halfopen run`: patterns of cases, and options. With
# --defaults or --family they select one part: it runs on this machine alone. The
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

# Prints KTAP from a command's standard output, after the indent; returns the
# command's status as a kernel selftest's.
ktap() {
    indent=$1
    shift
    status=$({ { "$@" --format ktap --inconclusive=skip 3>&- 4>&-
        echo $? >&3; } | sed "s/^/$indent/" >&4; } 3>&1)
    case $status in
        0) return $PASS ;;
        4) return $SKIP ;;
        1 | 3) return $FAIL ;;
    esac
    # "Bail out!" is TAP's; KTAP does not define a premature end.
    echo "Bail out! halfopen: exit status $status"
    exit $FAIL
}

# part NAME COMMAND: one nested part, and its result.
part() {
    name=$1 number=$((number + 1))
    shift
    ktap "  " "$@"
    case $? in
        "$PASS") passed=1 result="ok $number $name" ;;
        "$SKIP") result="ok $number $name # SKIP" ;;
        *) failed=1 result="not ok $number $name" ;;
    esac
    echo "$result"
}

skip_part() {
    number=$((number + 1))
    echo "ok $number $1 # SKIP $2"
}

halfopen=$(find_halfopen) || {
    echo "KTAP version 1"
    echo "1..0 # SKIP no halfopen: build it (harness/bootstrap build), or set" \
        "HALFOPEN"
    exit $SKIP
}
exec 4>&1

for word in "$@"; do
    case $word in
        --defaults | --family | --family=*)
            ktap "" "$halfopen" run "$@"
            exit
            ;;
    esac
done

number=0 passed=0 failed=0
if [ -n "${HALFOPEN_UML:-}" ]; then
    guest="--uml $HALFOPEN_UML"
else
    guest="--kernel ${HALFOPEN_KERNEL:-}"
fi
echo "KTAP version 1"
echo "1..4"
for family in 4 6; do
    part "IPv$family" "$halfopen" run --family $family "$@"
done
for family in 4 6; do
    name="IPv$family defaults"
    if [ -z "${HALFOPEN_UML:-}${HALFOPEN_KERNEL:-}" ]; then
        skip_part "$name" "HALFOPEN_KERNEL and HALFOPEN_UML are not set"
    elif [ $# -gt 0 ]; then
        skip_part "$name" "only with the whole set"
    else
        # shellcheck disable=SC2086 # an option and its argument
        part "$name" "$halfopen" vm --virtual-time $guest -- run --defaults \
            --family $family
    fi
done
[ $failed = 0 ] || exit $FAIL
[ $passed = 1 ] || exit $SKIP
exit $PASS
