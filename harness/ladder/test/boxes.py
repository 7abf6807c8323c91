#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The drawing is XML; labels overlap neither each other nor marks nor arrows.

usage: boxes.py DRAW-LADDERS

Widths are those of the widest face that the style names: DejaVu Sans Mono
advances 0.602 of its size, DejaVu Sans Bold 0.75 at the most for the letters of
a name.
"""
import os
import re
import shlex
import subprocess
import sys
import unicodedata
import unittest
import xml.etree.ElementTree as tree

# In a cross build, Meson names the emulator.
DRAW = [*shlex.split(os.environ.get("MESON_EXE_WRAPPER", "")), sys.argv[1]]
NAMES = ["mixed5", "mixed50", "mixed500", "delayed", "chain1", "chain4",
         "chain6", "chain64", "words", "connections", "gateway",
         "delayed-gateway"]
SVG = "{http://www.w3.org/2000/svg}"
SIZES = {"name": 15, "address": 11, "time": 10.5}
CHARACTER, BOLD = 0.602, 0.72


def width(text, face):
    columns = sum(0 if unicodedata.combining(c) else
                  2 if unicodedata.east_asian_width(c) in "WF" else 1
                  for c in text)
    return columns * face


class Box:
    def __init__(self, left, top, right, bottom, what):
        self.left, self.top, self.right, self.bottom = left, top, right, bottom
        self.what = what

    def is_crossed_by(self, x1, y1, x2, y2):
        """By a line between two points (Liang and Barsky)."""
        first, last = 0.0, 1.0
        for d, low, high in ((x2 - x1, self.left - x1, self.right - x1),
                             (y2 - y1, self.top - y1, self.bottom - y1)):
            if d == 0:
                if low > 0 or high < 0:
                    return False
                continue
            ends = sorted((low / d, high / d))
            first, last = max(first, ends[0]), min(last, ends[1])
        return first < last

    def touches(self, other):
        return (self.left < other.right and other.left < self.right and
                self.top < other.bottom and other.top < self.bottom)

    def __repr__(self):
        return (f"{self.what!r} ({self.left:.0f},{self.top:.0f} .. "
                f"{self.right:.0f},{self.bottom:.0f})")


def text_of(element):
    """The visible text: without the title."""
    text = element.text or ""
    for child in element:
        if child.tag != SVG + "title":
            text += child.text or ""
        text += child.tail or ""
    return text


def label_box(element):
    classes = element.get("class").split()
    size = SIZES.get(classes[0], 11.5)
    face = BOLD if classes[0] == "name" else CHARACTER
    text = text_of(element)
    x, y = float(element.get("x")), float(element.get("y"))
    wide = width(text, face) * size
    if "middle" in classes or classes[0] in ("name", "address"):
        left = x - wide / 2
    elif "end" in classes or classes[0] == "time":
        left = x - wide
    else:
        left = x
    # From the ascender to the descender.
    return Box(left, y - 0.76 * size, left + wide, y + 0.22 * size, text)


def cross_box(element):
    x, y, size = map(float, re.match(
        r"M([-\d.]+) ([-\d.]+)l([-\d.]+)", element.get("d")).groups())
    return Box(x + 1, y + 1, x + size - 1, y + size - 1, "a cross")


def marks(root):
    for element in root.iter():
        classes = (element.get("class") or "").split()
        if element.tag == SVG + "path" and classes[:1] == ["lost"]:
            yield cross_box(element)
        elif element.tag == SVG + "path" and classes[:1] == ["mark"]:
            yield cross_box(element)
        elif element.tag == SVG + "circle" and \
                ("held" in classes or "mark" in classes):
            x, y = float(element.get("cx")), float(element.get("cy"))
            yield Box(x - 3, y - 3, x + 3, y + 3, "a circle")


def arrows(root):
    """Lists of points."""
    for path in root.iter(SVG + "path"):
        if path.get("class").split()[0] in ("segment", "repeated"):
            yield [(float(x), float(y)) for x, y in
                   re.findall(r"[ML]([-\d.]+) ([-\d.]+)", path.get("d"))]


def drawings():
    for name in NAMES:
        for how in "folded", "whole":
            done = subprocess.run([*DRAW, name, how], check=True,
                                  capture_output=True)
            yield name + ", " + how, tree.fromstring(done.stdout)


class Boxes(unittest.TestCase):
    def test_labels_overlap_nothing(self):
        for name, root in drawings():
            labels = [label_box(e) for e in root.iter(SVG + "text")
                      if text_of(e).strip()]
            self.assertGreater(len(labels), 3, name)
            boxes = sorted(labels + list(marks(root)), key=lambda b: b.top)
            for i, box in enumerate(boxes):
                for other in boxes[i + 1:]:
                    if other.top > box.bottom:
                        break
                    if box.what.startswith("a c") and \
                            other.what.startswith("a c"):
                        continue
                    self.assertFalse(box.touches(other),
                                     (name, box, other))

    def test_labels_are_inside(self):
        for name, root in drawings():
            _, _, right, bottom = map(float, root.get("viewBox").split())
            for element in root.iter(SVG + "text"):
                box = label_box(element)
                self.assertGreaterEqual(box.left, 0, (name, box))
                self.assertLessEqual(box.right, right, (name, box))
                self.assertLessEqual(box.bottom, bottom, (name, box))

    def test_arrows_go_down(self):
        for name, root in drawings():
            for points in arrows(root):
                ys = [y for x, y in points]
                self.assertEqual(ys, sorted(ys), name)

    def test_arrows_cross_no_label(self):
        for name, root in drawings():
            labels = [label_box(e) for e in root.iter(SVG + "text")
                      if text_of(e).strip()]
            for points in arrows(root):
                for a, b in zip(points, points[1:]):
                    for label in labels:
                        self.assertFalse(label.is_crossed_by(*a, *b),
                                         (name, label, a, b))

    def test_a_cut_label_has_its_whole_text_as_title(self):
        root = tree.fromstring(subprocess.run(
            [*DRAW, "words"], check=True, capture_output=True).stdout)
        clipped = [e for e in root.iter(SVG + "text")
                   if text_of(e).endswith("…") and
                   e.get("class").split()[0] != "quiet"]
        self.assertTrue(clipped)
        for element in clipped:
            title = element.find(SVG + "title")
            self.assertIsNotNone(title, text_of(element))
            self.assertIn(text_of(element).rstrip(" …"), title.text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
