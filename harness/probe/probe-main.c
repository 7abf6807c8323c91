/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe-process.h"

int main(void)
{
	return probe_process_main();
}
