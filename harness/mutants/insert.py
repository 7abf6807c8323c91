# SPDX-License-Identifier: GPL-2.0-or-later
"""Inserts all mutants into one kernel source.

An expression E with the replacement R becomes

    (halfopen_mutant == NUMBER ? (R) : (E))

and statements become an if statement. The variable is set by mut=NUMBER on the
kernel's command line; 0 is the unchanged kernel. A mutant's expression may
contain those of others, and several mutants may replace the same one.
"""
import re

from mutant import Wrong

DECLARATION = "extern int halfopen_mutant;\n"
# Where the variable is defined: a file that every kernel is built from.
HOME = "init/main.c"
DEFINITION = """
int halfopen_mutant;

static int __init set_halfopen_mutant(char *number)
{
	return kstrtoint(number, 0, &halfopen_mutant) == 0;
}
__setup("mut=", set_halfopen_mutant);
"""


def only(text, part, begin, end, what):
    """The position of `part`, which occurs once between `begin` and `end`."""
    n = text.count(part, begin, end)
    if n != 1:
        raise Wrong(f"{what} found {n} times instead of once: {part!r}")
    return text.index(part, begin, end)


def function_range(text, name, who):
    """Of the function's definition. The kernel's style has its name in a line
    that is not indented, and its last brace at the start of a line."""
    heads = re.compile(rf"^(?![\s#*/])[^\n;]*\b{re.escape(name)} ?\([^;{{}}]*\)"
                       r"[^;{}()]*\{", re.MULTILINE)
    found = list(heads.finditer(text))
    if len(found) != 1:
        raise Wrong(f"{who}: function {name} found {len(found)} times instead "
                    "of once")
    return found[0].start(), text.index("\n}\n", found[0].end()) + 3


def span(text, mutant):
    who = str(mutant)
    begin, end = function_range(text, mutant.function, who)
    if mutant.within:
        begin = only(text, mutant.within, begin, end, f"{who}: within")
        end = begin + len(mutant.within)
    at = only(text, mutant.expression, begin, end, f"{who}: expression")
    return at, at + len(mutant.expression)


def selection(original, mutants):
    """C text that executes the replacement of the selected mutant."""
    if mutants[0].is_statement():
        branches = "".join(
            f"if (halfopen_mutant == {mutant.number}) {{ "
            f"{mutant.replacement} }} else " for mutant in mutants)
        return f"{{ {branches}{{ {original} }} }}"
    choices = "".join(f"halfopen_mutant == {mutant.number} ? "
                      f"({mutant.replacement}) : " for mutant in mutants)
    return f"({choices}({original}))"


def with_mutants(text, placed):
    """Replaces spans, the outer ones first. `placed`: {(begin, end): mutants}"""
    def replaced(begin, end, spans):
        """The text of a range in which `spans`, sorted, are replaced."""
        out, at = [], begin
        while spans:
            first, *rest = spans
            inner = [other for other in rest if other[0] < first[1]]
            spans = rest[len(inner):]
            wrong = [other for other in inner if other[1] > first[1]]
            if wrong:
                raise Wrong(f"{placed[wrong[0]][0]} and {placed[first][0]} "
                            "overlap")
            out += [text[at:first[0]],
                    selection(replaced(*first, inner), placed[first])]
            at = first[1]
        return "".join(out) + text[at:end]

    return replaced(0, len(text),
                    sorted(placed, key=lambda span: (span[0], -span[1])))


def insert_into(text, mutants):
    placed = {}
    for mutant in mutants:
        placed.setdefault(span(text, mutant), []).append(mutant)
    return DECLARATION + with_mutants(text, placed)


def changed_files(source, mutants):
    """{file: text} of the files that differ from the source."""
    files = {}
    for mutant in mutants:
        files.setdefault(mutant.file, []).append(mutant)
    texts = {HOME: (source / HOME).read_text(encoding="utf-8") + DEFINITION}
    for file, inside in files.items():
        path = source / file
        if not path.exists():
            raise Wrong(f"{inside[0]}: {file}: not in this source")
        texts[file] = insert_into(path.read_text(encoding="utf-8"), inside)
    return texts
