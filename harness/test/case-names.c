/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cases, one a line: "fault NAME" for those in which something breaks. */
#include <stdio.h>

#include "case-table.h"

int main(void)
{
	for (size_t i = 0; i < testcases_n; i++)
		printf("%s %s\n", testcases[i]->no_fault ? "control" : "fault",
		       testcases[i]->name);
	return 0;
}
