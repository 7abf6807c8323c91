/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Loads what the initramfs has, in the order of the names. What fails is said on
 * the console: a case that cannot do without it says so, too. */
void guest_modules_load(void);
