/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recognising kernel images and programs of other architectures. */
#include "vm-arch.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "suite.h"
#include "unit.h"
#include "vm-program.h"

static unsigned char bytes[0x11000];

static void put(size_t at, const void *from, size_t size)
{
	memcpy(bytes + at, from, size);
}

static int file_of(size_t size)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
	memset(bytes, 0, sizeof(bytes));
	return fd;
}

static void assert_image(const char *arch, const char *release)
{
	char found[VM_ARCH_RELEASE] = "";
	CLEANUP_FD int fd = file_of(sizeof(bytes));
	const struct vm_arch *of = vm_arch_of_image(fd, found);

	ck_assert_ptr_nonnull(of);
	ck_assert_str_eq(of->name, arch);
	ck_assert_str_eq(found, release);
}

START_TEST(an_image_has_an_architecture_and_a_release)
{
	static const char banner[] = "Linux version 7.2.13-arm64 (x) #1 SMP";
	const uint64_t s390_release = htobe64(0x10800);
	const uint16_t x86_release = htole16(0x210);

	put(0x202, "HdrS", 4);
	put(0x20e, &x86_release, sizeof(x86_release));
	put(0x410, "6.1.0-amd64 (x)", 15);
	assert_image("amd64", "6.1.0-amd64");

	put(0x10008, "S390EP", 6);
	put(0x10428, &s390_release, sizeof(s390_release));
	put(0x10800, "6.1.0-s390x (x)", 15);
	assert_image("s390x", "6.1.0-s390x");

	put(0x38, "ARM\x64", 4);
	put(0x5000, banner, sizeof(banner));
	assert_image("arm64", "7.2.13-arm64");

	put(0x38, "RSC\x05", 4);
	put(0x5000, banner, sizeof(banner));
	assert_image("riscv64", "7.2.13-arm64");
}
END_TEST

START_TEST(an_image_without_a_release_is_none)
{
	static const struct {
		size_t at;
		const char *magic;
	} images[] = { { 0x202, "HdrS" }, { 0x10008, "S390EP" },
		       { 0x38, "ARM\x64" }, { 0x38, "RSC\x05" } };

	for (size_t i = 0; i < ARRAY_SIZE(images); i++) {
		char release[VM_ARCH_RELEASE];
		CLEANUP_FD int fd = -1;

		put(images[i].at, images[i].magic, strlen(images[i].magic));
		fd = file_of(sizeof(bytes));
		ck_assert_ptr_null(vm_arch_of_image(fd, release));
	}
}
END_TEST

/* A program with one segment; `loader`: PT_INTERP. */
static int program(uint16_t machine, bool big, bool loader)
{
	const uint32_t type = loader ? PT_INTERP : PT_LOAD;
	Elf64_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			     big ? ELFDATA2MSB : ELFDATA2LSB },
		.e_machine = big ? htobe16(machine) : htole16(machine),
		.e_phoff = big ? htobe64(sizeof(header)) :
				 htole64(sizeof(header)),
		.e_phnum = big ? htobe16(1) : htole16(1),
	};
	Elf64_Phdr part = { .p_type = big ? htobe32(type) : htole32(type) };

	put(0, &header, sizeof(header));
	put(sizeof(header), &part, sizeof(part));
	return file_of(sizeof(header) + sizeof(part));
}

START_TEST(a_program_has_an_architecture_and_may_be_static)
{
	static const struct {
		const char *name;
		uint16_t machine;
		bool big;
	} archs[] = { { "amd64", EM_X86_64, false },
		      { "arm64", EM_AARCH64, false },
		      { "riscv64", EM_RISCV, false },
		      { "s390x", EM_S390, true } };

	for (size_t i = 0; i < 2 * ARRAY_SIZE(archs); i++) {
		bool loader = i % 2, is_static;
		CLEANUP_FD int fd = program(archs[i / 2].machine,
					    archs[i / 2].big, loader);
		const struct vm_arch *arch = vm_arch_of_program(fd, &is_static);

		ck_assert_ptr_nonnull(arch);
		ck_assert_str_eq(arch->name, archs[i / 2].name);
		ck_assert_int_eq(is_static, !loader);
	}
}
END_TEST

START_TEST(a_program_of_no_guest_is_none)
{
	CLEANUP_FD int empty = file_of(0);
	CLEANUP_FD int power = program(EM_PPC64, true, false);
	CLEANUP_FD int little = program(EM_S390, false, false);
	bool is_static;

	ck_assert_ptr_null(vm_arch_of_program(empty, &is_static));
	ck_assert_ptr_null(vm_arch_of_program(power, &is_static));
	ck_assert_ptr_null(vm_arch_of_program(little, &is_static));
}
END_TEST

START_TEST(each_name_of_an_architecture_is_found)
{
	ck_assert_ptr_nonnull(vm_arch_find("arm64"));
	ck_assert_ptr_eq(vm_arch_find("arm64"), vm_arch_find("aarch64"));
	ck_assert_ptr_eq(vm_arch_find("amd64"), vm_arch_find("x86_64"));
	ck_assert_ptr_null(vm_arch_find("arm"));
	ck_assert_ptr_null(vm_arch_find(""));
}
END_TEST

static int find(const char *arch, int first, int second,
		char ret[static PATH_MAX])
{
	char paths[2][64];
	const char *const programs[] = { paths[0], paths[1] };

	snprintf(paths[0], sizeof(paths[0]), "/proc/self/fd/%d", first);
	snprintf(paths[1], sizeof(paths[1]), "/proc/self/fd/%d", second);
	return vm_program_find(vm_arch_find(arch), programs, 2, ret);
}

START_TEST(the_program_of_the_architecture_is_found)
{
	CLEANUP_FD int s390x = program(EM_S390, true, false);
	CLEANUP_FD int arm64 = program(EM_AARCH64, false, false);
	/* A guest of the own architecture needs none. */
	const char *other = vm_arch_own() == vm_arch_find("riscv64") ?
				    "amd64" : "riscv64";
	char path[PATH_MAX], expected[64];

	snprintf(expected, sizeof(expected), "/proc/self/fd/%d", arm64);
	ck_assert_int_eq(find("arm64", s390x, arm64, path), 0);
	ck_assert_str_eq(path, expected);
	ck_assert_int_eq(find(other, s390x, arm64, path), -ENOENT);
	assert_has(error_message(), "harness/cross/build");
}
END_TEST

START_TEST(a_dynamic_program_is_refused)
{
	CLEANUP_FD int arm64 = program(EM_AARCH64, false, true);
	CLEANUP_FD int text = file_of(10);
	char path[PATH_MAX];

	ck_assert_int_eq(find("arm64", arm64, arm64, path), -EINVAL);
	assert_has(error_message(), "dynamically linked");
	ck_assert_int_eq(find("arm64", text, arm64, path), -EINVAL);
	assert_has(error_message(), "not a program for a guest");
}
END_TEST

static const TTest *const *const tests[] = {
	&an_image_has_an_architecture_and_a_release,
	&an_image_without_a_release_is_none,
	&a_program_has_an_architecture_and_may_be_static,
	&a_program_of_no_guest_is_none,
	&each_name_of_an_architecture_is_found,
	&the_program_of_the_architecture_is_found,
	&a_dynamic_program_is_refused,
};

int main(void)
{
	return unit_run("vm-arch", tests, ARRAY_SIZE(tests), NULL);
}
