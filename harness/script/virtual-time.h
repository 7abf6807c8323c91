/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Properties of the clock that `halfopen vm --virtual-time` gives a guest. It
 * sets them in the environment of the guest's init. */
#pragma once

#include <stdbool.h>

/* HALFOPEN_VIRTUAL_TIME=1: the clock skips idle time. */
bool virtual_time_is_on(void);

/* HALFOPEN_WORK_TAKES_NO_TIME=1: the clock stands still while the processor
 * works, so that there is no scheduling delay. */
bool virtual_time_work_is_free(void);
