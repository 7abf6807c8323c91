/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --set [HOST:]KEY=VALUE: parsed, and tested before any run starts. */
#pragma once

#include "testcase.h"

/*
 * Parses "net.ipv4.tcp_retries2=3" or "client:net.ipv4.tcp_retries2=3". The
 * strings of `ret` point into `text`, which is changed. -EINVAL with a message.
 */
int settings_parse(struct setting *ret, char *text);

/*
 * Writes the settings in a network namespace of their own, in a child process.
 * A negative errno with a message that names the sysctl: it does not exist, is
 * not per network namespace, or does not accept the value. 0 where no namespace
 * can be created: the runs report that.
 */
int settings_try(const struct setting *settings);
