# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sourced by the scripts that download Debian packages of other suites and
# architectures: apt with sources, package lists and a cache below a folder, so
# that the state of the machine's apt is unchanged. The packages are unpacked and
# not installed, and apt verifies them against the signed package lists. The
# script defines say() and die().

# Prints the configured mirror of Debian's main archive.
private_apt_mirror() {
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(REPO_URI)' \
        'Created-By: Packages' 'Origin: Debian' 2>/dev/null |
        grep -v -e security | sort | uniq -c | sort -rn |
        awk 'NR == 1 { print $2 }'
}

# private_apt_new FOLDER ARCHITECTURE SUITE...: sets the folder of the functions
# below, and reads package lists. A suite that the mirror lacks is not an error.
# Lists are used for a day.
private_apt_new() {
    command -v apt-get >/dev/null ||
        die "apt-get: not found; this script unpacks Debian packages"
    mirror=$(private_apt_mirror)
    [ -n "$mirror" ] || die "no Debian mirror in apt's lists; try apt-get update"
    mkdir -p "$1/lists/partial" "$1/cache/archives/partial"
    private_apt=$(readlink -f "$1")
    private_apt_architecture=$2
    shift 2
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    : >"$private_apt/sources"
    : >"$private_apt/status"
    for suite; do
        echo "deb [signed-by=$keyring] $mirror $suite main" \
            >>"$private_apt/sources"
    done
    [ -n "$(find "$private_apt/lists" -name '*_Packages' -mmin -1440)" ] ||
        private_apt_run get update 2>&1 | grep -v -e '^W:' \
        -e '^E: The repository' -e '^E: Some index files' >&2 || true
}

# private_apt_run get|cache ARGUMENTS...: nothing counts as installed.
private_apt_run() {
    tool=$1
    shift
    "apt-$tool" -qq \
        -o Dir::Etc::sourcelist="$private_apt/sources" \
        -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::State::lists="$private_apt/lists" \
        -o Dir::State::status="$private_apt/status" \
        -o Dir::Cache="$private_apt/cache" \
        -o APT::Architecture="$private_apt_architecture" \
        -o APT::Architectures="$private_apt_architecture" \
        -o APT::Sandbox::User="$(id -un)" "$@" </dev/null
}

# private_apt_unpack FOLDER PACKAGE...
private_apt_unpack() {
    to=$1
    shift
    (cd "$private_apt/cache/archives" && rm -f ./*.deb &&
        private_apt_run get download "$@" >&2) || return 1
    mkdir -p "$to"
    for package in "$private_apt"/cache/archives/*.deb; do
        dpkg-deb -x "$package" "$to" || return 1
    done
    rm -f "$private_apt"/cache/archives/*.deb
}
