/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a process may have of files and processes. The soft limits are what
 * somebody was content with for programs of an older kind (files above 1023 are
 * none of select()'s); the hard ones are what he is allowed.
 */
#pragma once

/*
 * Raises the soft limits as far as many runs at once may want, and the hard
 * ones allow; nothing is ever lowered. Those who are forked have them too.
 */
void soft_limits_raise(void);

/* Before an exec: as many files as before soft_limits_raise(), in this process
 * or the one that it was forked from. */
void soft_limits_restore_files(void);
