# SPDX-License-Identifier: GPL-2.0-or-later
"""What was measured: a row as it comes, and all rows at the end. The goal
stands beside, and whether it was reached."""


class Table:
    def __init__(self):
        self.rows = []

    def part(self, title):
        self.rows.append((title,))
        print(f"{title}:", flush=True)

    def say(self, what, value, at_least=None, at_most=None, reached=None):
        """The value begins with the number that a goal is compared with; an
        empty one was not to be had."""
        goal = ""
        if at_least is not None:
            goal = f"{at_least} or more"
        elif at_most is not None:
            goal = f"{at_most} or less"
        if goal and value:
            number = float(value.split()[0])
            reached = number >= at_least if at_most is None else \
                number <= at_most
        said = {None: "", True: "reached", False: "NOT REACHED"}[reached]
        self.rows.append((what, value, goal, said))
        print(f"  {what:<52} {value:>20}  {goal:<12} {said}".rstrip(),
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
            what, value, goal, said = row
            print(f"{what:<{widths[0]}}  {value:>{widths[1]}}  "
                  f"{goal:<{widths[2]}}  {said}".rstrip())
        missed = [row for row in self.rows if row[-1] == "NOT REACHED"]
        print(f"\n{sum(row[-1] == 'reached' for row in self.rows)} goals "
              f"reached, {len(missed)} not", flush=True)
