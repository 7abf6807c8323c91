#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: run.sh TARGET CORPUS
#
# Searches for inputs that make TARGET fail, for HALFOPEN_FUZZ_SECONDS (3).
# libFuzzer reads CORPUS and writes new inputs to a temporary folder. An input
# that makes TARGET fail is written to the current folder. The output of TARGET
# itself is discarded (-close_fd_mask=3).
set -eu
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
"$1" -max_total_time="${HALFOPEN_FUZZ_SECONDS:-3}" -close_fd_mask=3 \
    -artifact_prefix="$(basename "$1")-" -timeout=10 -rss_limit_mb=1024 \
    -max_len=4096 -error_exitcode=1 -print_final_stats=1 "$found" "$2"
