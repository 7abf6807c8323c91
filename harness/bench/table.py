# SPDX-License-Identifier: GPL-2.0-or-later
"""Table of measurements with goals. Each row is printed when it is added, and
all rows are printed as a table at the end."""


class Table:
    def __init__(self):
        self.rows = []

    def part(self, title):
        self.rows.append((title,))
        print(f"{title}:", flush=True)

    def row(self, what, value, at_least=None, at_most=None, reached=None):
        """A goal (at_least, at_most) is compared with the number at the start
        of value. An empty value means that there is no measurement."""
        goal = ""
        if at_least is not None:
            goal = f"{at_least} or more"
        elif at_most is not None:
            goal = f"{at_most} or less"
        if goal and value:
            number = float(value.split()[0])
            reached = number >= at_least if at_most is None else \
                number <= at_most
        result = {None: "", True: "reached", False: "NOT REACHED"}[reached]
        self.rows.append((what, value, goal, result))
        print(f"  {what:<52} {value:>20}  {goal:<12} {result}".rstrip(),
              flush=True)

    def print(self):
        widths = [max(len(row[i]) for row in self.rows if len(row) > i)
                  for i in range(4)]
        widths[0] = max(len(row[0]) for row in self.rows if len(row) > 1)
        print("\n" + f"{'':<{widths[0]}}  {'measured':>{widths[1]}}  "
              f"{'goal':<{widths[2]}}")
        for row in self.rows:
            if len(row) == 1:
                print("\n" + row[0])
                continue
            what, value, goal, result = row
            print(f"{what:<{widths[0]}}  {value:>{widths[1]}}  "
                  f"{goal:<{widths[2]}}  {result}".rstrip())
        missed = [row for row in self.rows if row[-1] == "NOT REACHED"]
        print(f"\n{sum(row[-1] == 'reached' for row in self.rows)} goals "
              f"reached, {len(missed)} not", flush=True)
