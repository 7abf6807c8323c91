#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes a header that makes every call of the vocabulary record its line.

usage: locations.py OUTPUT HEADER...

Each function that a HEADER declares gets a macro of the same name, which calls
run_here(__FILE__, __LINE__) first. Expectations and the reasons of BROKEN runs
thus have the line of the script, and a function is added to the vocabulary by
its declaration alone.
"""
import re
import sys


def functions(text):
    """The names of the functions that the text of a header declares."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)  # comments
    text = re.sub(r"^#(?:.*\\\n)*.*$", "", text, flags=re.M)  # directives
    while re.search(r"\{[^{}]*\}", text):  # bodies of structs and enums
        text = re.sub(r"\{[^{}]*\}", "", text)
    for statement in text.split(";"):
        found = re.search(r"(\w+)\s*\(", statement)
        if found:
            yield found.group(1)


def main():
    output, headers = sys.argv[1], sys.argv[2:]
    lines = ["/* Made by locations.py from the headers of the vocabulary. */",
             "#pragma once"]
    for header in headers:
        with open(header, encoding="utf-8") as file:
            lines += [f"#define {name}(...) "
                      f"(run_here(__FILE__, __LINE__), {name}(__VA_ARGS__))"
                      for name in functions(file.read())
                      if name != "run_here"]
    with open(output, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
