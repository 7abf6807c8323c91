#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks of the source tree: usage: tree.py CHECK SOURCE_ROOT [COMPILER...]

includes      names of headers are unique; no layer includes a higher one
header-names  no header has the name of a header of the system
spdx          each file names its licence
layout        line length, tabs, white space at the end of lines
places        no paths of a developer's machine, no package registries
words         no *-parts files; no words that have a standard term

Prints each finding as FILE:LINE: MESSAGE. Exit status: 0 no finding, 1 findings.
"""
import os
import pathlib
import re
import subprocess
import sys

LAYERS = ["lib", "netns", "harness", "cases"]  # each includes only those before
COLUMNS = 85  # about 80; a message on one line can be searched for


# --- the files ---------------------------------------------------------------

def git_files(root, *which):
    done = subprocess.run(["git", "-C", root, "ls-files", "-z", *which],
                          capture_output=True, check=True)
    return done.stdout.decode().split("\0")[:-1]


def from_git(root):
    """Tracked files, and new files in the layers, but not at the top, where a
    run may leave files. None if the tree is not a git repository (a released
    archive), or if git ignores it (an archive unpacked in a build folder)."""
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
    """{name: lines} of every file of the project, sorted by name."""
    names = from_git(root)
    if names is None:
        names = from_folders(root)
    paths = {name: pathlib.Path(root, name) for name in sorted(set(names))
             if not is_input(name)}
    # A deleted file is still in git's index.
    return {name: read(path).split("\n")
            for name, path in paths.items() if path.is_file()}


def is_input(name):
    """True for an input of a fuzz target, which contains arbitrary bytes."""
    return re.match(r"(lib|harness|harness/ladder)/fuzz/corpus/", name)


def is_c(name):
    return name.endswith((".c", ".h"))


# --- the checks: each yields (name, line number, message) --------------------

def layer(name):
    folder = name.split("/")[0]
    return LAYERS.index(folder) if folder in LAYERS else None


def included(lines):
    for number, line in enumerate(lines, 1):
        found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if found:
            yield number, found[1]


def check_includes(files):
    """An include names only the header, without its folder, so the names of
    headers must be unique."""
    homes = {}
    for name in filter(lambda n: n.endswith(".h"), files):
        base = os.path.basename(name)
        if base in homes:
            yield name, 1, f"same name as {homes[base]}"
        homes[base] = name
    for name in filter(is_c, files):
        for number, header in included(files[name]):
            home = homes.get(os.path.basename(header), name)
            if "../" in header:
                yield name, number, f'"{header}": include with ../'
            elif None in (layer(name), layer(home)):
                continue
            elif layer(home) > layer(name):
                yield name, number, f"includes {home} of a higher layer"


def check_header_names(files, compiler):
    """A header with the name of a system header would hide it, or be hidden."""
    headers = {os.path.basename(n): n for n in files if n.endswith(".h")}
    # In quotes, so that the preprocessor does not expand macros in the name.
    questions = "".join(f'#if __has_include(<{base}>)\n"{base}"\n#endif\n'
                        for base in headers)
    done = subprocess.run([*compiler, "-E", "-P", "-x", "c", "-"],
                          input=questions, capture_output=True, check=True,
                          text=True)
    for base in re.findall(r'"([^"]+)"', done.stdout):
        yield headers[base], 1, f"<{base}> is a system header"


def check_spdx(files):
    """Every file except COPYING, the licence itself."""
    wanted = "SPDX-License-Identifier: GPL-2.0-or-later"
    for name, lines in files.items():
        # After the line that names the interpreter.
        if name != "COPYING" and not any(wanted in li for li in lines[:3]):
            yield name, 1, f"missing: {wanted}"


def check_layout(files):
    for name, lines in files.items():
        if name == "COPYING":
            continue
        if lines[-1] != "":
            yield name, len(lines), "no newline at the end of the file"
        for number, line in enumerate(lines, 1):
            if line != line.rstrip():
                yield name, number, "white space at the end of the line"
            if not is_c(name):
                continue
            if len(line.expandtabs(8)) > COLUMNS:
                yield name, number, f"more than {COLUMNS} columns"
            if re.match(r"\t* {8}", line):
                yield name, number, "eight spaces instead of a tab"


def check_places(files):
    """No path of a developer's machine, and no package registry. A template for
    mkstemp() in /tmp is allowed."""
    place = re.compile(r"/(work|home|root)/\w|/tmp/(?!\S*XXXXXX)\w")
    registry = re.compile(r"\b(deb\.debian|archive\.ubuntu|pypi|npmjs|crates|"
                          r"proxy\.golang|snapshot\.debian)\.(org|com|io)\b")
    for name, lines in files.items():
        for number, line in enumerate(lines, 1):
            for found in (place.search(line), registry.search(line)):
                if found:
                    yield name, number, f"names {found[0]}"


# A word that must not occur, and its replacement.
WORDS = {
    r"\btime-outs?\b": "timeout",
    r"\bfarewells?\b": "FIN or RST",
    r"\bdeaf\b": "not listening",
    r"\bhush(ed|es)?\b": "count only",
    r"\bstirred\b": "has events",
    r"\bbur(y|ies|ied)\b": "reset or close sockets",
    r"\bto be had\b": "available",
    r"\blets? happen\b": "applies",
    r"\bput_off\b": "in_flight",
    r"\bwire_tale\b": "pending_record",
}


def check_words(files):
    """Words with a standard term, and files cut by size instead of meaning.
    COPYING and this file contain such words."""
    words = {re.compile(word, re.IGNORECASE): term
             for word, term in WORDS.items()}
    for name, lines in files.items():
        if re.search(r"-parts\.[ch]$", name):
            yield name, 1, "*-parts file: name a module by its purpose"
        if name in ("COPYING", "harness/lint/tree.py"):
            continue
        for number, line in enumerate(lines, 1):
            for word, term in words.items():
                found = word.search(line)
                if found:
                    yield name, number, f"'{found[0]}': use '{term}'"


CHECKS = {
    "includes": check_includes,
    "header-names": check_header_names,
    "spdx": check_spdx,
    "layout": check_layout,
    "places": check_places,
    "words": check_words,
}


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in CHECKS:
        sys.exit(__doc__)
    check, root, compiler = sys.argv[1], sys.argv[2], sys.argv[3:]
    extra = [compiler] if compiler else []
    findings = list(CHECKS[check](tree(root), *extra))
    for name, number, message in findings:
        print(f"{name}:{number}: {message}")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
