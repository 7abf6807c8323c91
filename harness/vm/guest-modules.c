/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-modules.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <libkmod.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "initramfs.h"
#include "macro.h"

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* As include/linux/module_signature.h has it: the signature, this, the text. */
struct signature {
	uint8_t about[8];
	uint32_t length; /* of the signature, big-endian */
};

static const char signature_text[] = "~Module signature appended~\n";

/* How much of it is the module. */
static size_t unsigned_size(const char *bytes, size_t size)
{
	const size_t text = sizeof(signature_text) - 1;
	const size_t tail = text + sizeof(struct signature);
	struct signature signature;

	if (size < tail ||
	    memcmp(bytes + size - text, signature_text, text) != 0)
		return size;
	memcpy(&signature, bytes + size - tail, sizeof(signature));
	if (be32toh(signature.length) > size - tail)
		return size;
	return size - tail - be32toh(signature.length);
}

static int insert(const void *bytes, size_t size)
{
	return syscall(SYS_init_module, bytes, size, "") < 0 ? -errno : 0;
}

/*
 * Checking a signature is 60 million emulated instructions for each module, 2.5 s
 * of a boot in all, and nobody but us has put the module here. A kernel that
 * wants signatures gets them: module_sig_check().
 */
static int insert_unsigned(const char *path)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *bytes;
	size_t size;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	size = (size_t)st.st_size;
	bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	r = insert(bytes, unsigned_size(bytes, size));
	if (r == -EKEYREJECTED || r == -EPERM)
		r = insert(bytes, size);
	munmap(bytes, size);
	return r;
}

/* One that is still packed. */
static int insert_packed(struct kmod_ctx *kmod, const char *path)
{
	struct kmod_module *module;
	int r = kmod_module_new_from_path(kmod, path, &module);

	return r < 0 ? r : kmod_module_insert_module(module, 0, NULL);
}

static void load(struct kmod_ctx *kmod, const char *name)
{
	size_t length = strlen(name);
	char path[512];
	int r;

	snprintf(path, sizeof(path), "/" INITRAMFS_MODULES "/%s", name);
	if (length > 3 && strcmp(name + length - 3, ".ko") == 0)
		r = insert_unsigned(path);
	else
		r = insert_packed(kmod, path);
	if (r < 0 && r != -EEXIST)
		fprintf(stderr, "halfopen: module %s: %s\n", name,
			strerror(-r));
}

void guest_modules_load(void)
{
	const char *no_config = NULL;
	struct kmod_ctx *kmod = kmod_new("/", &no_config);
	struct dirent **entries;
	int n = scandir("/" INITRAMFS_MODULES, &entries, is_visible, by_name);

	for (int i = 0; i < n; i++)
		load(kmod, entries[i]->d_name);
}
