#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks of dependencies: usage: rooms.py CHECK SOURCE_ROOT BUILD_ROOT

rooms: an include of a higher room's header does not compile. For each pair of a
room and a room that it must not see, this check compiles a file that includes a
header of the second, with the compiler options of the first, which it reads from
compile_commands.json. The compiler must report that the header does not exist.
An allowed include must compile, so that wrong options do not pass the check.

cycles: no module includes itself through other modules.

Prints each finding on a line. Exit status: 0 no finding, 1 findings.
"""
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

# The rooms that each room may include, without those that they include in turn.
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
    """{room: (working folder, compile command of one of its files)}"""
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
    """Compiles a file that includes the header, with the options of the room.
    Returns whether this succeeded, and the output of the compiler."""
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
        success, printed = compiles(folder, entry, own[0])
        if not success:
            yield f"{room}: an include of {own[0]} does not compile: {printed}"
        for other in set(BELOW) - visible(room):
            for header in headers(root, other)[:1]:
                success, printed = compiles(folder, entry, header)
                if success:
                    yield f"{room}: an include of {other}/{header} compiles"
                elif f"{header}" not in printed:
                    yield f"{room}: {other}/{header}: {printed}"
    for room in BELOW:
        if room not in commands(root, build):
            yield f"{room}: no compile command for a file of this room"


# --- cycles --------------------------------------------------------------------

def module_of(root, path):
    """The module of a file: NAME.c, NAME.h and NAME-control.h are one module. A
    -control header has the functions that cases must not call."""
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
