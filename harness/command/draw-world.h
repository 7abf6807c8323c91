/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A world as a picture: hosts on both sides, a cable each, the wire between. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "testcase.h"

/* At most 80 columns wide. Without `unicode`, of ASCII alone. */
void draw_world(FILE *out, const struct world_plan *plan, bool unicode);
