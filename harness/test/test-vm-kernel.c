/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding a kernel and its modules, in folders made for it. */
#include "vm-kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "errors.h"
#include "suite.h"
#include "unit.h"

static const char *const none[] = { NULL };
static char *root;
static struct vm_kernel kernel;

static const char *below(const char *path)
{
	static char text[512];

	snprintf(text, sizeof(text), "%s/%s", root, path);
	return text;
}

static void put(const char *path, const void *bytes, size_t size)
{
	char folder[640];
	FILE *file;

	snprintf(folder, sizeof(folder), "mkdir -p $(dirname '%s')",
		 below(path));
	ck_assert_int_eq(system(folder), 0);
	file = fopen(below(path), "we");
	ck_assert_ptr_nonnull(file);
	fwrite(bytes, 1, size, file);
	fclose(file);
}

static const char magic[4] = { 'H', 'd', 'r', 'S' };

/* Of a bzImage what is looked at. */
static void put_image(const char *path, const char *version)
{
	char image[2048] = "";

	memcpy(image + 0x202, magic, sizeof(magic));
	image[0x20e] = 0x10; /* 0x410, less 0x200 */
	image[0x20f] = 0x02;
	strcpy(image + 0x410, version);
	put(path, image, sizeof(image));
}

static int find(const char *path)
{
	return vm_kernel_find(&kernel, path, NULL, NULL, NULL);
}

static void tear_down(void)
{
	char command[640];

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	ck_assert_int_eq(system(command), 0);
	free(root);
	root = NULL;
}

/* Each test is a process of its own, unless CK_FORK=no. */
static void set_up(void)
{
	if (root)
		tear_down();
	else
		atexit(tear_down);
	root = strdup("/tmp/halfopen-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
}

START_TEST(an_image_says_its_release)
{
	put_image("kernel", "6.1.0-1-cloud-amd64 (somebody) #1 SMP");
	ck_assert_int_eq(find(below("kernel")), 0);
	ck_assert_str_eq(kernel.release, "6.1.0-1-cloud-amd64");
	ck_assert_str_eq(kernel.modules, "");
	ck_assert_str_eq(kernel.unpacked.path, "");
}
END_TEST

START_TEST(what_is_no_image_is_refused)
{
	static const char *const names[] = { "empty", "text", "zeroes" };
	static const char huge[0x300] = "";

	put("empty", "", 0);
	put("text", "not a kernel\n", 13);
	put("zeroes", huge, sizeof(huge));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		ck_assert_int_eq(find(below(names[i])), -EINVAL);
		assert_has(error_message(), "not a kernel image");
		assert_has(error_message(), names[i]);
	}
	ck_assert_int_eq(find(below("missing")), -ENOENT);
	assert_has(error_message(), "No such file");
}
END_TEST

START_TEST(a_version_beyond_the_file_is_refused)
{
	char image[0x300] = "";

	memcpy(image + 0x202, magic, sizeof(magic));
	memset(image + 0x20e, 0xff, 2);
	put("kernel", image, sizeof(image));
	ck_assert_int_eq(find(below("kernel")), -EINVAL);
}
END_TEST

START_TEST(a_root_has_its_newest)
{
	put_image("boot/vmlinuz-6.9.1", "6.9.1 (x)");
	put_image("boot/vmlinuz-6.12.3", "6.12.3 (x)");
	put("lib/modules/6.12.3/modules.builtin", "", 0);
	ck_assert_int_eq(find(root), 0);
	ck_assert_str_eq(kernel.release, "6.12.3");
	assert_has(kernel.modules, "lib/modules/6.12.3");
	/* The image alone finds the same. */
	ck_assert_int_eq(find(below("boot/vmlinuz-6.12.3")), 0);
	assert_has(kernel.modules, "lib/modules/6.12.3");
	ck_assert_int_eq(find(below("boot/vmlinuz-6.9.1")), 0);
	ck_assert_str_eq(kernel.modules, "");
}
END_TEST

START_TEST(an_image_among_its_modules)
{
	put_image("usr/lib/modules/7.2.1/vmlinuz", "7.2.1 (x)");
	ck_assert_int_eq(find(root), 0);
	ck_assert_str_eq(kernel.release, "7.2.1");
	assert_has(kernel.modules, "usr/lib/modules/7.2.1");
}
END_TEST

START_TEST(a_folder_without_a_kernel)
{
	ck_assert_int_eq(find(root), -ENOENT);
	assert_has(error_message(), "no kernel image (boot");
	put("lib/modules/6.1.0/modules.builtin", "", 0);
	ck_assert_int_eq(find(root), -ENOENT);
}
END_TEST

START_TEST(a_package_that_is_none_leaves_nothing)
{
	put("linux.deb", "no archive\n", 11);
	setenv("TMPDIR", root, 1);
	ck_assert_int_eq(find(below("linux.deb")), -EINVAL);
	assert_has(error_message(), "dpkg-deb failed");
	ck_assert_int_eq(rmdir(root), -1); /* linux.deb */
	ck_assert_int_eq(unlink(below("linux.deb")), 0);
	ck_assert_int_eq(rmdir(root), 0);
	ck_assert_int_eq(mkdir(root, 0700), 0);
}
END_TEST

START_TEST(modules_may_be_named)
{
	put_image("kernel", "6.1.0 (x)");
	put("m/modules.builtin", "", 0);
	ck_assert_int_eq(vm_kernel_find(&kernel, below("kernel"), "/no/such",
					NULL, NULL),
			 -ENOENT);
	assert_has(error_message(), "/no/such");
}
END_TEST

static int find_modules(const char *required, size_t *ret_n)
{
	const char *names[] = { required, NULL };
	struct vm_module *modules = NULL;
	int r = vm_modules_find(&kernel, names, none, &modules, ret_n);

	if (r >= 0)
		vm_modules_free(modules, *ret_n);
	return r;
}

START_TEST(a_module_is_there_or_built_in_or_missing)
{
	static const char builtin[] = "kernel/drivers/net/veth.ko\n"
				      "kernel/net/packet/af_packet.ko\n";
	size_t n = 0;

	put_image("boot/vmlinuz-6.1.0", "6.1.0 (x)");
	put("lib/modules/6.1.0/modules.builtin", builtin, strlen(builtin));
	ck_assert_int_eq(find(root), 0);
	ck_assert_int_eq(find_modules("veth", &n), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(find_modules("af-packet", &n), 0);
	ck_assert_int_eq(find_modules("vet", &n), -ENOENT);
	assert_has(error_message(), "required module 'vet'");
	assert_has(error_message(), "6.1.0");
}
END_TEST

START_TEST(a_module_that_is_none_is_an_error)
{
	size_t n;

	put_image("boot/vmlinuz-6.1.0", "6.1.0 (x)");
	put("lib/modules/6.1.0/kernel/veth.ko", "garbage", 7);
	put("lib/modules/6.1.0/kernel/tcp_diag.ko.xz", "garbage", 7);
	put("lib/modules/6.1.0/kernel/inet_diag.ko", "", 0);
	ck_assert_int_eq(find(root), 0);
	ck_assert_int_lt(find_modules("veth", &n), 0);
	ck_assert_int_lt(find_modules("tcp_diag", &n), 0);
	ck_assert_int_lt(find_modules("inet_diag", &n), 0);
}
END_TEST

/* Of a module what is looked at: modpost writes strings that end with NUL. */
static void put_module(const char *path, const char *depends)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "ELF%clicense=GPL%cdepends=%s%c",
			 0, 0, depends, 0);

	put(path, text, (size_t)n);
}

START_TEST(dependencies_come_first_and_once)
{
	static const char *const names[] = { "nft_ct", "nft_masq", NULL };
	static const char *const order[] = { "nf_tables.ko", "nf-conntrack.ko",
					     "nft_ct.ko", "nft_masq.ko" };
	struct vm_module *modules;
	char command[640];
	size_t n;

	put_image("boot/vmlinuz-6.1.0", "6.1.0 (x)");
	put_module("lib/modules/6.1.0/kernel/nf_tables.ko", "");
	put_module("lib/modules/6.1.0/kernel/nf-conntrack.ko", "nf_tables");
	put_module("lib/modules/6.1.0/kernel/nft_ct.ko",
		   "nf_tables,nf_conntrack");
	put_module("lib/modules/6.1.0/kernel/nft_masq.ko",
		   "nf_conntrack,nf_tables");
	snprintf(command, sizeof(command), "gzip %s",
		 below("lib/modules/6.1.0/kernel/nft_*.ko"));
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(find(root), 0);
	ck_assert_int_eq(vm_modules_find(&kernel, names, none, &modules, &n), 0);
	ck_assert_uint_eq(n, ARRAY_SIZE(order));
	for (size_t i = 0; i < n; i++) {
		char *depends;

		ck_assert_str_eq(modules[i].name, order[i]);
		ck_assert_int_eq(vm_module_depends(&modules[i], &depends), 0);
		free(depends);
	}
	vm_modules_free(modules, n);
}
END_TEST

START_TEST(modules_that_depend_on_each_other_are_refused)
{
	size_t n;

	put_image("boot/vmlinuz-6.1.0", "6.1.0 (x)");
	put_module("lib/modules/6.1.0/kernel/veth.ko", "peer");
	put_module("lib/modules/6.1.0/kernel/peer.ko", "veth");
	ck_assert_int_eq(find(root), 0);
	ck_assert_int_eq(find_modules("veth", &n), -ELOOP);
	assert_has(error_message(), "dependencies of modules");
}
END_TEST

START_TEST(a_missing_decompressor_is_named)
{
	char path[256];
	size_t n;

	snprintf(path, sizeof(path), "%s", getenv("PATH"));
	put_image("boot/vmlinuz-6.1.0", "6.1.0 (x)");
	put_module("lib/modules/6.1.0/kernel/veth.ko.xz", "");
	ck_assert_int_eq(find(root), 0);
	setenv("PATH", root, 1);
	ck_assert_int_eq(find_modules("veth", &n), -ENOENT);
	setenv("PATH", path, 1);
	assert_has(error_message(), "veth.ko.xz: cannot decompress: program "
				    "'xz' not found");
}
END_TEST

START_TEST(a_periodic_tick_is_configured)
{
	static const char periodic[] = "CONFIG_HZ_PERIODIC=y\n";
	static const char idle[] = "# CONFIG_HZ_PERIODIC is not set\n"
				   "CONFIG_NO_HZ_IDLE=y\n";

	put_image("boot/vmlinuz-6.1.0", "6.1.0 (x)");
	put_image("usr/lib/modules/7.2.1/vmlinuz", "7.2.1 (x)");
	ck_assert_int_eq(find(below("boot/vmlinuz-6.1.0")), 0);
	ck_assert(!vm_kernel_is_periodic(&kernel));
	put("boot/config-6.1.0", idle, strlen(idle));
	ck_assert(!vm_kernel_is_periodic(&kernel));
	put("boot/config-6.1.0", periodic, strlen(periodic));
	ck_assert(vm_kernel_is_periodic(&kernel));
	ck_assert_int_eq(find(below("usr/lib/modules/7.2.1/vmlinuz")), 0);
	ck_assert(!vm_kernel_is_periodic(&kernel));
	put("usr/lib/modules/7.2.1/config", periodic, strlen(periodic));
	ck_assert(vm_kernel_is_periodic(&kernel));
}
END_TEST

static const TTest *const *const tests[] = {
	&an_image_says_its_release,
	&what_is_no_image_is_refused,
	&a_version_beyond_the_file_is_refused,
	&a_root_has_its_newest,
	&an_image_among_its_modules,
	&a_folder_without_a_kernel,
	&a_package_that_is_none_leaves_nothing,
	&modules_may_be_named,
	&a_module_is_there_or_built_in_or_missing,
	&a_module_that_is_none_is_an_error,
	&dependencies_come_first_and_once,
	&modules_that_depend_on_each_other_are_refused,
	&a_missing_decompressor_is_named,
	&a_periodic_tick_is_configured,
};

int main(void)
{
	return unit_run("vm-kernel", tests, ARRAY_SIZE(tests), set_up);
}
