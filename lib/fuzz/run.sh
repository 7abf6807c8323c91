#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: run.sh TARGET CORPUS
#
# Looks for inputs that TARGET does not stand, for HALFOPEN_FUZZ_SECONDS (3). The
# corpus is read and nothing is written beside it; what it fails on stays in the
# current folder. What the target itself says of bad input goes nowhere.
set -eu
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
"$1" -max_total_time="${HALFOPEN_FUZZ_SECONDS:-3}" -close_fd_mask=3 \
    -artifact_prefix="$(basename "$1")-" -timeout=10 -rss_limit_mb=1024 \
    -max_len=4096 -error_exitcode=1 -print_final_stats=1 "$found" "$2"
