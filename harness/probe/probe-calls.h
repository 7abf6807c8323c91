/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls that may block. */
#pragma once

#include "probe-slot.h"

/* The request becomes the slot's call in this direction. */
void probe_call_post(struct probe_call *call,
		     const struct probe_request *request);

/* The slot is readable or writable, or a call was posted: continues with the
 * call of that direction. Sends the reply when the call returns. */
void probe_call_try_in(struct probe_slot *slot);
void probe_call_try_out(struct probe_slot *slot);
