/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files in a folder that another user may have prepared. A name below the folder
 * is never followed through a symbolic link, and only regular files are opened:
 * a FIFO would block the opener, a link or a hard link would have root overwrite
 * a file elsewhere.
 *
 * The path of the folder itself is the user's own word, and its symbolic links
 * are followed, except by root: root follows only links that no other user can
 * have put there (of root, in a directory of root that others cannot write to, or
 * that is sticky), and none as the last component.
 */
#pragma once

#include <stdio.h>

/* Opens the folder, and makes it and its parents if they are missing. Returns a
 * file descriptor, or -ELOOP, -ENOTDIR and so on. */
int folder_open(const char *path);

/*
 * Creates or truncates the file `name`, which may have folders before it; they
 * are made. -ELOOP for a symbolic link, -EINVAL for what is not a regular file,
 * or has more than one hard link, -EPERM for root where another user owns it.
 */
int folder_create(FILE **ret, const char *folder, const char *name);

/* Opens a regular file for reading; its last component is no symbolic link. */
int folder_read(FILE **ret, const char *path);
