#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What no compiler checks: usage: tree.py CHECK SOURCE_ROOT [COMPILER...]

Prints each finding as file:line: sentence. Exit status: 0 none, 1 some.
"""
import os
import pathlib
import re
import subprocess
import sys

LAYERS = ["lib", "netns", "harness", "cases"]  # a lower one never looks up
COLUMNS = 85  # about 80: a message is better found whole


# --- the files ---------------------------------------------------------------

def git_files(root, *which):
    done = subprocess.run(["git", "-C", root, "ls-files", "-z", *which],
                          capture_output=True, check=True)
    return done.stdout.decode().split("\0")[:-1]


def from_git(root):
    """What is tracked, and what somebody is about to add; not what a run left
    at the top. None where git does not know the tree, as in a released
    archive, or ignores it, as in one that is unpacked in a build directory."""
    try:
        names = git_files(root)
        new = git_files(root, "--others", "--exclude-standard", "--", *LAYERS)
    except (OSError, subprocess.CalledProcessError):
        return None
    return names + new if names else None


def from_folders(root):
    names = [f.name for f in os.scandir(root) if f.is_file()]
    for top in [*LAYERS, ".ci"]:
        for folder, folders, files in os.walk(os.path.join(root, top)):
            folders[:] = [f for f in folders if f != "__pycache__"]
            names += [os.path.relpath(os.path.join(folder, f), root)
                      for f in files]
    return names


def read(path):
    return path.read_text(encoding="utf-8", errors="replace")


def tree(root):
    """{name: lines} of every file of the project, in order."""
    names = from_git(root)
    if names is None:
        names = from_folders(root)
    paths = {name: pathlib.Path(root, name) for name in sorted(set(names))
             if not is_input(name)}
    # A file that git still lists may be deleted already.
    return {name: read(path).split("\n")
            for name, path in paths.items() if path.is_file()}


def is_input(name):
    """For fuzz targets: any bytes, and nobody's text."""
    return re.match(r"(lib|harness|harness/ladder)/fuzz/corpus/", name)


def is_c(name):
    return name.endswith((".c", ".h"))


# --- the checks: each yields (name, line number, sentence) -------------------

def layer(name):
    folder = name.split("/")[0]
    return LAYERS.index(folder) if folder in LAYERS else None


def included(lines):
    for number, line in enumerate(lines, 1):
        found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if found:
            yield number, found[1]


def check_includes(files):
    """The path does not tell the folder, so the header's own name must."""
    homes = {}
    for name in filter(lambda n: n.endswith(".h"), files):
        base = os.path.basename(name)
        if base in homes:
            yield name, 1, f"{homes[base]} bears the same name"
        homes[base] = name
    for name in filter(is_c, files):
        for number, header in included(files[name]):
            home = homes.get(os.path.basename(header), name)
            if "../" in header:
                yield name, number, f'"{header}": no ../ in an include'
            elif None in (layer(name), layer(home)):
                continue
            elif layer(home) > layer(name):
                yield name, number, f"includes {home}, which is above it"


def check_header_names(files, compiler):
    """A header that the system has too would be taken for the system's."""
    headers = {os.path.basename(n): n for n in files if n.endswith(".h")}
    # The marks keep a macro of some compiler from changing a name.
    questions = "".join(f'#if __has_include(<{base}>)\n"{base}"\n#endif\n'
                        for base in headers)
    done = subprocess.run([*compiler, "-E", "-P", "-x", "c", "-"],
                          input=questions, capture_output=True, check=True,
                          text=True)
    for base in re.findall(r'"([^"]+)"', done.stdout):
        yield headers[base], 1, f"<{base}> is a header of the system"


def check_spdx(files):
    """COPYING is the licence itself."""
    wanted = "SPDX-License-Identifier: GPL-2.0-or-later"
    for name, lines in files.items():
        # The second line, where the first one names the interpreter.
        if name != "COPYING" and not any(wanted in li for li in lines[:3]):
            yield name, 1, f"no {wanted}"


def check_layout(files):
    for name, lines in files.items():
        if name == "COPYING":
            continue
        if lines[-1] != "":
            yield name, len(lines), "the last line is not ended"
        for number, line in enumerate(lines, 1):
            if line != line.rstrip():
                yield name, number, "white space at the end of the line"
            if not is_c(name):
                continue
            if len(line.expandtabs(8)) > COLUMNS:
                yield name, number, f"more than {COLUMNS} columns"
            if re.match(r"\t* {8}", line):
                yield name, number, "eight spaces where a tab belongs"


def check_places(files):
    """Nothing of the machine on which the tree was written, and no registry:
    packages come by their names. A template for mkstemp() is no such place."""
    place = re.compile(r"/(work|home|root)/\w|/tmp/(?!\S*XXXXXX)\w")
    registry = re.compile(r"\b(deb\.debian|archive\.ubuntu|pypi|npmjs|crates|"
                          r"proxy\.golang|snapshot\.debian)\.(org|com|io)\b")
    for name, lines in files.items():
        for number, line in enumerate(lines, 1):
            for found in (place.search(line), registry.search(line)):
                if found:
                    yield name, number, f"names {found[0]}"


CHECKS = {
    "includes": check_includes,
    "header-names": check_header_names,
    "spdx": check_spdx,
    "layout": check_layout,
    "places": check_places,
}


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in CHECKS:
        sys.exit(f"{__doc__}\nCHECK is one of: {' '.join(CHECKS)}")
    check, root, compiler = sys.argv[1], sys.argv[2], sys.argv[3:]
    extra = [compiler] if compiler else []
    findings = list(CHECKS[check](tree(root), *extra))
    for name, number, sentence in findings:
        print(f"{name}:{number}: {sentence}")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
