/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --set [HOST:]KEY=VALUE: parsed, and tried out before anything starts. */
#pragma once

#include <stddef.h>

#include "testcase.h"

/*
 * Splits "net.ipv4.tcp_retries2=3" or "client:net.ipv4.…=3". The strings point
 * into `text`, which is changed. -EINVAL, with a message that names the part.
 */
int settings_parse(struct setting *ret, char *text);

/*
 * Writes the settings in a throw-away namespace, in a process that ends.
 * -EINVAL and its kin: one of them does not exist, is not per namespace, or
 * does not take its value; the message names it.
 */
int settings_try(const struct setting *settings);
