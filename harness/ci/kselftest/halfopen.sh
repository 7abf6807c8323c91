# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sourced by the tests. Each prints one flat list of runs and exits as kernel
# selftests do (tools/testing/selftests/kselftest.h). The first line is that of
# kselftest.h and ktap_helpers.sh, "TAP version 13", for which some CI systems look;
# halfopen itself prints "KTAP version 1".

KSFT_PASS=0 KSFT_FAIL=1 KSFT_SKIP=4

skip_all() {
    echo "TAP version 13"
    echo "1..0 # SKIP $*"
    exit $KSFT_SKIP
}

# The variable HALFOPEN, the program that `make install` has put here, or PATH.
find_halfopen() {
    here=$(dirname "$(readlink -f "$0")")
    if [ -n "${HALFOPEN:-}" ]; then
        command -v "$HALFOPEN"
    elif [ -x "$here/halfopen" ]; then
        echo "$here/halfopen"
    else
        command -v halfopen
    fi
}

# Copies KTAP as it arrives: what a timeout of the runner leaves is complete up to
# the last run.
copy() {
    read -r version || return 0
    [ "$version" = "KTAP version 1" ] && version="TAP version 13"
    printf '%s\n' "$version"
    cat
}

# run COMMAND: the command of halfopen, its KTAP, and its exit status as a kernel
# selftest's. An inconclusive run (scheduling delay) is a SKIP.
run() {
    halfopen=$(find_halfopen) ||
        skip_all "halfopen is not in PATH and HALFOPEN is not set"
    exec 4>&1
    status=$({ {
        "$halfopen" "$@" --format ktap --inconclusive=skip 3>&- 4>&-
        echo $? >&3
    } | copy >&4; } 3>&1)
    case $status in
        0) exit $KSFT_PASS ;;
        4) exit $KSFT_SKIP ;;
        1 | 3) exit $KSFT_FAIL ;;
    esac
    echo "Bail out! halfopen: exit status $status"
    exit $KSFT_FAIL
}

# run_defaults FAMILY [ARGUMENTS]: the runs at the kernel's own default values,
# which take hours: in seconds, in a guest whose clock skips idle time.
run_defaults() {
    family=$1
    shift
    if [ -n "${HALFOPEN_UML:-}" ]; then
        run vm --virtual-time --uml "$HALFOPEN_UML" -- \
            run --defaults --family "$family" "$@"
    elif [ -n "${HALFOPEN_KERNEL:-}" ]; then
        run vm --virtual-time --kernel "$HALFOPEN_KERNEL" -- \
            run --defaults --family "$family" "$@"
    fi
    skip_all "HALFOPEN_KERNEL and HALFOPEN_UML are not set"
}
