#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The order of the rooms: usage: rooms.py CHECK SOURCE_ROOT BUILD_ROOT

rooms: each room is compiled with its own include path, taken from the build's
compile_commands.json. For each room and each room that it must not see, this
compiles one file that includes a header of that room; the compiler must report
that the header does not exist. It also compiles an include that is allowed, so
that a broken command cannot pass.

cycles: no module (NAME.c with NAME.h) includes, over any number of others,
itself.

Prints each finding on a line. Exit status: 0 none, 1 some.
"""
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

# What each room may include, directly: rooms that these include follow.
BELOW = {
    "lib": [],
    "netns": ["lib"],
    "harness/probe": ["lib"],
    "harness/ladder": ["netns"],
    "harness/script": ["harness/ladder", "harness/probe"],
    "harness/report": ["harness/script"],
    "harness/supervise": ["harness/report"],
    "harness/compare": ["harness/report"],
    "harness/lab/plan": ["harness/script"],
    "harness/lab": ["harness/supervise", "harness/lab/plan"],
    "harness/vm": ["harness/supervise"],
    "harness/command": ["harness/compare", "harness/lab", "harness/vm"],
    "cases": ["harness/script"],
}


def visible(room):
    """The room itself and every room below it."""
    rooms = {room}
    for below in BELOW[room]:
        rooms |= visible(below)
    return rooms


def headers(root, room):
    return sorted(path.name for path in pathlib.Path(root, room).glob("*.h"))


def commands(root, build):
    """{room: (folder, words of the command that compiles a file of it)}"""
    found = {}
    entries = json.loads(
        pathlib.Path(build, "compile_commands.json").read_text("utf-8"))
    for entry in entries:
        source = os.path.normpath(
            os.path.join(entry["directory"], entry["file"]))
        room = os.path.dirname(os.path.relpath(source, root))
        if room in BELOW:
            found.setdefault(room, (entry["directory"], entry))
    return found


def compiles(folder, entry, header):
    """Whether a file of the room that includes the header compiles, and what
    the compiler printed."""
    words, kept, skip = shlex.split(entry["command"]), [], False
    for word in words:
        if skip or word in ("-c", entry["file"], "-MD", "-MQ", "-MF", "-o"):
            skip = word in ("-MQ", "-MF", "-o")
            continue
        kept.append(word)
    done = subprocess.run([*kept, "-fsyntax-only", "-x", "c", "-"],
                          cwd=folder, input=f'#include "{header}"\n',
                          capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stderr


def check_rooms(root, build):
    for room, (folder, entry) in commands(root, build).items():
        own = headers(root, room) or headers(root, BELOW[room][0])
        fine, printed = compiles(folder, entry, own[0])
        if not fine:
            yield f"{room}: an include of {own[0]} does not compile: {printed}"
        for other in set(BELOW) - visible(room):
            for header in headers(root, other)[:1]:
                fine, printed = compiles(folder, entry, header)
                if fine:
                    yield f"{room}: an include of {other}/{header} compiles"
                elif f"{header}" not in printed:
                    yield f"{room}: {other}/{header}: {printed}"
    for room in BELOW:
        if room not in commands(root, build):
            yield f"{room}: no file of it is compiled"


# --- cycles --------------------------------------------------------------------

def module_of(root, path):
    """NAME.c, NAME.h and NAME-control.h, which the vocabulary of cases does not
    include, are one module."""
    name = str(path.relative_to(root).with_suffix(""))
    return name.removesuffix("-control")


def modules(root):
    """{module: modules that it includes}"""
    homes, found = {}, {}
    paths = [path for room in BELOW
             for path in pathlib.Path(root, room).glob("*.[ch]")]
    for path in paths:
        if path.suffix == ".h":
            homes[path.name] = module_of(root, path)
    for path in paths:
        own = module_of(root, path)
        names = re.findall(r'^\s*#\s*include\s+"([^"]+)"',
                           path.read_text("utf-8"), re.M)
        found.setdefault(own, set()).update(
            homes[name] for name in names
            if name in homes and homes[name] != own)
    return found


def check_cycles(root, _build):
    found = modules(root)
    done, path = set(), []

    def visit(module):
        if module in path:
            yield "cycle: " + " -> ".join(path[path.index(module):] + [module])
        elif module not in done:
            path.append(module)
            for other in sorted(found.get(module, ())):
                yield from visit(other)
            path.pop()
            done.add(module)

    for module in sorted(found):
        yield from visit(module)


CHECKS = {"rooms": check_rooms, "cycles": check_cycles}


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in CHECKS:
        sys.exit(__doc__)
    root, build = (os.path.realpath(word) for word in sys.argv[2:])
    findings = list(CHECKS[sys.argv[1]](root, build))
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
