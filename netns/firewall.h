/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a gateway or firewall is: rules, in the language of nft(8), and the
 * state that its kernel keeps of every connection that went by.
 */
#pragma once

#include <stdbool.h>

/* Built with libnftables. */
bool firewall_possible(void);

/*
 * Adds the rules to those of the namespace `fd`. -EOPNOTSUPP where this program
 * or this kernel cannot have them; -EINVAL, with what libnftables says, for
 * rules that are none.
 */
int firewall_load(int fd, const char *rules);

/*
 * The kernel of the namespace `fd` forgets every connection. What comes next of
 * one is looked at as if nothing had been there: a translated address is not
 * translated back any more.
 */
int firewall_forget(int fd);
