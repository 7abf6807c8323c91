/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtual-time.h"

#include <stdlib.h>
#include <string.h>

static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value && strcmp(value, "1") == 0;
}

bool virtual_time_is_on(void)
{
	return is_set("HALFOPEN_VIRTUAL_TIME");
}

bool virtual_time_work_is_free(void)
{
	return is_set("HALFOPEN_WORK_TAKES_NO_TIME");
}
