/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The archive that a guest boots into, read as init/initramfs.c reads it. */
#include "newc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suite.h"
#include "unit.h"

enum { MEMBERS = 32, HEADER = 110 };

struct archive {
	struct member {
		char name[256];
		unsigned int inode, mode, uid, gid, links, major, minor;
		size_t size;
		const char *bytes;
	} members[MEMBERS];
	size_t n;
	char *bytes;
	size_t size;
};

static unsigned int number(const char *header, int nth)
{
	char digits[9] = "";
	char *end;
	unsigned long value;

	memcpy(digits, header + 6 + 8 * nth, 8);
	value = strtoul(digits, &end, 16);
	ck_assert_ptr_eq(end, digits + 8);
	return (unsigned int)value;
}

static size_t aligned(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

/* Returns where the next one begins. */
static size_t read_member(const struct archive *archive, size_t at,
			  struct member *ret)
{
	const char *header = archive->bytes + at;
	size_t name_size;

	ck_assert_uint_le(at + HEADER, archive->size);
	ck_assert_mem_eq(header, "070701", 6);
	ret->inode = number(header, 0);
	ret->mode = number(header, 1);
	ret->uid = number(header, 2);
	ret->gid = number(header, 3);
	ret->links = number(header, 4);
	ret->size = number(header, 6);
	ret->major = number(header, 9);
	ret->minor = number(header, 10);
	name_size = number(header, 11);
	ck_assert_uint_eq(strnlen(header + HEADER, name_size), name_size - 1);
	snprintf(ret->name, sizeof(ret->name), "%s", header + HEADER);
	at = aligned(at + HEADER + name_size);
	ret->bytes = archive->bytes + at;
	at = aligned(at + ret->size);
	ck_assert_uint_le(at, archive->size);
	return at;
}

static void read_archive(struct archive *archive, int fd)
{
	size_t at = 0;

	archive->size = (size_t)lseek(fd, 0, SEEK_END);
	archive->bytes = mmap(NULL, archive->size, PROT_READ, MAP_PRIVATE, fd,
			      0);
	ck_assert_ptr_ne(archive->bytes, MAP_FAILED);
	for (archive->n = 0;; archive->n++) {
		ck_assert_uint_lt(archive->n, MEMBERS);
		at = read_member(archive, at, &archive->members[archive->n]);
		if (strcmp(archive->members[archive->n].name, "TRAILER!!!") == 0)
			break;
	}
	ck_assert_uint_eq(at, archive->size);
}

static const struct member *find(const struct archive *archive,
				 const char *name)
{
	const struct member *found = NULL;

	for (size_t i = 0; i < archive->n; i++)
		if (strcmp(archive->members[i].name, name) == 0) {
			ck_assert_msg(!found, "%s is there twice", name);
			found = &archive->members[i];
		}
	ck_assert_msg(found != NULL, "%s is not there", name);
	return found;
}

static struct archive archive;
static struct newc *newc;
static int fd;

static void begin(void)
{
	fd = memfd_create("archive", MFD_CLOEXEC);
	ck_assert_int_eq(newc_new(&newc, fd), 0);
}

static void finish(void)
{
	ck_assert_int_eq(newc_end(newc), 0);
	newc_free(newc);
	read_archive(&archive, fd);
	close(fd);
}

START_TEST(an_archive_of_nothing_has_its_end)
{
	begin();
	finish();
	ck_assert_uint_eq(archive.n, 0);
}
END_TEST

START_TEST(contents_come_back_whatever_their_length)
{
	static const char bytes[] = "\0one\ntwo\xff";
	char name[8];

	begin();
	for (size_t size = 0; size < sizeof(bytes); size++) {
		snprintf(name, sizeof(name), "%.*s", (int)size + 1, "abcdefghij");
		ck_assert_int_eq(
			newc_add_bytes(newc, name, 0640, bytes, size), 0);
		if (size + 2 == sizeof(name))
			break;
	}
	finish();
	for (size_t i = 0; i < archive.n; i++) {
		ck_assert_uint_eq(archive.members[i].size, i);
		ck_assert_uint_eq(archive.members[i].mode, S_IFREG | 0640);
		ck_assert_mem_eq(archive.members[i].bytes, bytes, i);
	}
	ck_assert_uint_eq(archive.n, sizeof(name) - 1);
}
END_TEST

/* do_name() makes no folder that was not named before. */
START_TEST(folders_stand_once_and_before_what_is_in_them)
{
	begin();
	ck_assert_int_eq(newc_add_bytes(newc, "usr/lib/a", 0644, "a", 1), 0);
	ck_assert_int_eq(newc_add_bytes(newc, "usr/lib/b", 0644, "b", 1), 0);
	ck_assert_int_eq(newc_add_folder(newc, "usr/lib"), 0);
	ck_assert_int_eq(newc_add_folder(newc, "usr/share/doc"), 0);
	finish();
	ck_assert_uint_eq(archive.n, 6);
	ck_assert(find(&archive, "usr") < find(&archive, "usr/lib"));
	ck_assert(find(&archive, "usr/lib") < find(&archive, "usr/lib/a"));
	ck_assert_uint_eq(find(&archive, "usr/share")->mode, S_IFDIR | 0755);
}
END_TEST

/* maybe_link() takes two of the same number for one file. */
START_TEST(every_member_has_a_number_of_its_own)
{
	begin();
	newc_add_bytes(newc, "a", 0644, "", 0);
	newc_add_folder(newc, "b");
	newc_add_device(newc, "dev/console", 0600, 5, 1);
	finish();
	for (size_t i = 0; i < archive.n; i++) {
		ck_assert_uint_eq(archive.members[i].links, 1);
		for (size_t j = 0; j < i; j++)
			ck_assert_uint_ne(archive.members[i].inode,
					  archive.members[j].inode);
	}
}
END_TEST

START_TEST(a_device_has_its_numbers)
{
	const struct member *console;

	begin();
	ck_assert_int_eq(newc_add_device(newc, "dev/console", 0600, 5, 1), 0);
	finish();
	console = find(&archive, "dev/console");
	ck_assert_uint_eq(console->mode, S_IFCHR | 0600);
	ck_assert_uint_eq(console->major, 5);
	ck_assert_uint_eq(console->minor, 1);
	ck_assert_uint_eq(console->size, 0);
}
END_TEST

START_TEST(a_file_is_taken_as_it_is)
{
	static char expected[1 << 20];
	FILE *self = fopen("/proc/self/exe", "re");
	size_t size = fread(expected, 1, sizeof(expected), self);

	fclose(self);
	begin();
	ck_assert_int_eq(newc_add_file(newc, "init", 0755, "/proc/self/exe"),
			 0);
	ck_assert_int_eq(newc_add_file(newc, "empty", 0644, "/dev/null"), 0);
	finish();
	ck_assert_uint_ge(find(&archive, "init")->size, size);
	ck_assert_mem_eq(find(&archive, "init")->bytes, expected, size);
	ck_assert_uint_eq(find(&archive, "empty")->size, 0);
}
END_TEST

START_TEST(a_copy_has_path_mode_and_owner_of_its_source)
{
	char folder[] = "/tmp/newc-XXXXXX", path[64], link[64];
	struct stat st;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/inner", folder);
	snprintf(link, sizeof(link), "%s/link", folder);
	ck_assert_int_eq(mkdir(path, 0710), 0);
	ck_assert_int_eq(symlink("inner", link), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	begin();
	ck_assert_int_eq(newc_add_copy(newc, path), 0);
	ck_assert_int_eq(newc_add_copy(newc, link), 0);
	finish();
	rmdir(path);
	unlink(link);
	rmdir(folder);
	ck_assert_uint_eq(find(&archive, path + 1)->mode, st.st_mode);
	ck_assert_uint_eq(find(&archive, path + 1)->uid, st.st_uid);
	ck_assert_uint_eq(find(&archive, path + 1)->gid, st.st_gid);
	ck_assert_uint_eq(find(&archive, link + 1)->mode, S_IFLNK | 0777);
	ck_assert_uint_eq(find(&archive, link + 1)->size, 5);
	ck_assert_mem_eq(find(&archive, link + 1)->bytes, "inner", 5);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_an_error)
{
	begin();
	ck_assert_int_eq(newc_add_file(newc, "a", 0644, "/no/such/file"),
			 -2 /* ENOENT */);
	newc_free(newc);
	close(fd);
}
END_TEST

static const TTest *const *const tests[] = {
	&an_archive_of_nothing_has_its_end,
	&contents_come_back_whatever_their_length,
	&folders_stand_once_and_before_what_is_in_them,
	&every_member_has_a_number_of_its_own,
	&a_device_has_its_numbers,
	&a_file_is_taken_as_it_is,
	&a_copy_has_path_mode_and_owner_of_its_source,
	&a_file_that_is_not_there_is_an_error,
};

int main(void)
{
	return unit_run("newc", tests, ARRAY_SIZE(tests), NULL);
}
