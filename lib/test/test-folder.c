/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "macro.h"
#include "unit.h"

static char dir[] = "/tmp/halfopen-folder-XXXXXX";

static int remove_entry(const char *path, const struct stat *status MACRO_UNUSED,
			int type MACRO_UNUSED, struct FTW *at MACRO_UNUSED)
{
	return remove(path);
}

/* check runs each test in a process of its own, which removes its folder. */
static void remove_all(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* The current directory is a new folder with the file "secret". */
static void set_up(void)
{
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	atexit(remove_all);
	ck_assert_int_eq(chdir(dir), 0);
	fd = open("secret", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_eq(fd_write_all(fd, "secret", 6), 0);
	fd_close(fd);
	ck_assert_int_eq(mkdir("out", 0777), 0);
}

static void assert_secret(void)
{
	struct stat status;

	ck_assert_int_eq(stat("secret", &status), 0);
	ck_assert_int_eq(status.st_size, 6);
}

static void assert_refused(const char *name, int r)
{
	FILE *file = NULL;

	ck_assert_int_eq(folder_create(&file, "out", name), r);
	ck_assert_ptr_null(file);
	assert_secret();
}

START_TEST(files_and_missing_folders_are_made)
{
	FILE *file;
	struct stat status;

	set_up();
	ck_assert_int_eq(folder_create(&file, "new/a", "b/c/file"), 0);
	fputs("text", file);
	fclose(file);
	ck_assert_int_eq(stat("new/a/b/c/file", &status), 0);
	ck_assert_int_eq(status.st_size, 4);
	/* Truncated. */
	ck_assert_int_eq(folder_create(&file, "new/a/", "b/c/file"), 0);
	fclose(file);
	ck_assert_int_eq(stat("new/a/b/c/file", &status), 0);
	ck_assert_int_eq(status.st_size, 0);
}
END_TEST

START_TEST(symbolic_links_below_the_folder_are_refused)
{
	set_up();
	ck_assert_int_eq(symlink("../secret", "out/file"), 0);
	ck_assert_int_eq(symlink("..", "out/up"), 0);
	assert_refused("file", -ELOOP);
	assert_refused("up/secret", -ELOOP);
	ck_assert_str_eq(error_message(), "up: symbolic link not followed");
}
END_TEST

START_TEST(special_files_and_hard_links_are_refused)
{
	FILE *file;

	set_up();
	ck_assert_int_eq(mkfifo("out/fifo", 0666), 0);
	ck_assert_int_eq(link("secret", "out/link"), 0);
	assert_refused("fifo", -EINVAL);
	assert_refused("link", -EINVAL);
	ck_assert_int_eq(folder_read(&file, "out/fifo"), -EINVAL);
	ck_assert_int_eq(symlink("../secret", "out/file"), 0);
	ck_assert_int_eq(folder_read(&file, "out/file"), -ELOOP);
	ck_assert_int_eq(folder_read(&file, "secret"), 0);
	fclose(file);
}
END_TEST

START_TEST(root_overwrites_no_file_of_another_user)
{
	FILE *file;

	if (geteuid() != 0)
		return;
	set_up();
	ck_assert_int_eq(folder_create(&file, "out", "file"), 0);
	fclose(file);
	ck_assert_int_eq(chown("out/file", 65534, 65534), 0);
	assert_refused("file", -EPERM);
}
END_TEST

/* Those of other users, and as the last component those of root. */
START_TEST(root_follows_only_links_of_root_to_the_folder)
{
	int fd;

	if (geteuid() != 0)
		return;
	set_up();
	ck_assert_int_eq(symlink("out", "link"), 0);
	ck_assert_int_eq(folder_open("link"), -ELOOP);
	fd = folder_open("link/below");
	ck_assert_int_ge(fd, 0);
	fd_close(fd);
	ck_assert_int_eq(access("out/below", F_OK), 0);
	ck_assert_int_eq(lchown("link", 65534, 65534), 0);
	ck_assert_int_eq(folder_open("link/below"), -ELOOP);
	ck_assert_int_eq(symlink("loop", "loop"), 0);
	ck_assert_int_eq(folder_open("loop/below"), -ELOOP);
}
END_TEST

/* A link of root in a directory where another user could rename or link it. */
START_TEST(root_follows_no_link_that_another_user_can_have_placed)
{
	int fd;

	if (geteuid() != 0)
		return;
	set_up();
	ck_assert_int_eq(mkdir("dir", 0755), 0);
	ck_assert_int_eq(symlink("../out", "dir/link"), 0);
	fd = folder_open("dir/link/below");
	ck_assert_int_ge(fd, 0);
	fd_close(fd);
	ck_assert_int_eq(chown("dir", 65534, 65534), 0);
	ck_assert_int_eq(folder_open("dir/link/below"), -ELOOP);
	ck_assert_int_eq(chown("dir", 0, 0), 0);
	ck_assert_int_eq(chmod("dir", 0777), 0);
	ck_assert_int_eq(folder_open("dir/link/below"), -ELOOP);
	ck_assert_int_eq(chmod("dir", 01777), 0);
	fd = folder_open("dir/link/below");
	ck_assert_int_ge(fd, 0);
	fd_close(fd);
	ck_assert_int_eq(link("dir/link", "dir/again"), 0);
	ck_assert_int_eq(folder_open("dir/again/below"), -ELOOP);
}
END_TEST

int main(void)
{
	const TTest *const *const tests[] = {
		&files_and_missing_folders_are_made,
		&symbolic_links_below_the_folder_are_refused,
		&special_files_and_hard_links_are_refused,
		&root_overwrites_no_file_of_another_user,
		&root_follows_only_links_of_root_to_the_folder,
		&root_follows_no_link_that_another_user_can_have_placed,
	};

	return unit_run("folder", tests, ARRAY_SIZE(tests), NULL);
}
