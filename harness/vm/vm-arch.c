/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtio serial port carries the results: QEMU writes them to the host's file
 * while the guest's CPU executes the instruction that notifies the device, hence a
 * guest in virtual time does not wait for it. (On PCI it does so only without
 * ioeventfd; otherwise its main loop writes them later.) A kernel for x86-64 may
 * lack virtio; there the second serial port carries them, which has no need for a
 * module, but takes an emulated instruction for each byte: half of the time of a
 * lab with 16000 frames. Each of the two devices has the same file, and the guest
 * opens one of them (guest.c).
 *
 * On x86-64 isa-debug-exit ends the machine. The others power off by PSCI (arm64),
 * SBI (riscv64) or by stopping the CPU (s390x), for which QEMU has no exit status
 * but 0: the guest's last line (GUEST_END) is the evidence that it has finished.
 *
 * With a fixed icount shift the guest's clock counts instructions and skips idle
 * time; shift=auto follows the speed of the machine, so that runs differ.
 */
#include "vm-arch.h"

#include <elf.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "macro.h"

/* 2026-01-01: TCP's initial sequence numbers depend on the time. */
#define VIRTUAL_CLOCK                                                          \
	"-accel", "tcg", "-icount", "shift=1,sleep=off", "-seed", "1", "-rtc", \
		"base=2026-01-01T00:00:00,clock=vm"

/*
 * The emulated x86 CPU has no cmpxchg16b: QEMU 7.2 corrupts EFLAGS when it is
 * interrupted just after that instruction, which the kernel's allocator uses
 * often; 6.12 died of a double fault in kmalloc() in two boots of three.
 * Kernels test for the instruction and work without it.
 */
#define X86_CPU "qemu64,-cx16"

static const char *const x86_common[] = {
	"-device", "isa-debug-exit,iobase=0xf4,iosize=0x04",
	"-device", "virtio-serial-pci,ioeventfd=off",
	"-device", "virtserialport,chardev=result",
	NULL
};
static const char *const x86_virtual[] = { "-machine", "pc,hpet=off", "-cpu",
					   X86_CPU, VIRTUAL_CLOCK, NULL };
static const char *const x86_emulated[] = { "-machine", "pc", "-cpu", X86_CPU,
					    "-accel", "tcg", NULL };
static const char *const x86_kvm[] = { "-machine", "pc",   "-accel", "kvm",
				       "-cpu",	   "host", "-smp",   "2",
				       NULL };

static const char *const virt_common[] = {
	"-machine", "virt", "-device", "virtio-serial-device",
	"-device", "virtserialport,chardev=result", NULL
};
/*
 * Without the vector facility: QEMU 7.2's VECTOR CHECKSUM adds 1, 2, 3 and 4 to 26.
 * csum_partial() of newer kernels uses the instruction, and TCP drops the RSTs and
 * ACKs of ip_send_unicast_reply() for their checksums (TcpInCsumErrors).
 */
static const char *const s390x_common[] = {
	"-machine", "s390-ccw-virtio", "-cpu", "qemu,vx=off",
	"-device", "virtio-serial-ccw",
	"-device", "virtserialport,chardev=result", NULL
};

/* Armv8.0: the pointer authentication of newer CPUs is slow to emulate. */
static const char *const arm64_virtual[] = { "-cpu", "cortex-a57",
					     VIRTUAL_CLOCK, NULL };
static const char *const arm64_emulated[] = { "-cpu", "cortex-a57", "-accel",
					      "tcg", NULL };
static const char *const default_virtual[] = { VIRTUAL_CLOCK, NULL };
static const char *const default_emulated[] = { "-accel", "tcg", NULL };

static const char *const no_modules[] = { NULL };
static const char *const mmio_modules[] = { "virtio_mmio", "virtio_console",
					    NULL };
static const char *const ccw_modules[] = { "virtio_console", NULL };

static const struct vm_arch archs[] = {
	{
		.name = "amd64",
		.machine = "x86_64",
		.elf = EM_X86_64,
		.qemu = "qemu-system-x86_64",
		.package = "qemu-system-x86",
		.common = x86_common,
		.virtual_clock = x86_virtual,
		.emulated = x86_emulated,
		.kvm = x86_kvm,
		.result_on_serial = true,
		.append = "console=ttyS0 tsc=reliable no_timer_check",
		.modules = no_modules,
		.odd_exit = true,
	},
	{
		.name = "arm64",
		.machine = "aarch64",
		.elf = EM_AARCH64,
		.qemu = "qemu-system-aarch64",
		.package = "qemu-system-arm",
		.common = virt_common,
		.virtual_clock = arm64_virtual,
		.emulated = arm64_emulated,
		.append = "console=ttyAMA0",
		.modules = mmio_modules,
	},
	{
		.name = "riscv64",
		.machine = "riscv64",
		.elf = EM_RISCV,
		.qemu = "qemu-system-riscv64",
		.package = "qemu-system-misc",
		.common = virt_common,
		.virtual_clock = default_virtual,
		.emulated = default_emulated,
		.append = "console=ttyS0",
		.modules = mmio_modules,
	},
	{
		.name = "s390x",
		.machine = "s390x",
		.elf = EM_S390,
		.big_endian = true,
		.qemu = "qemu-system-s390x",
		/* qemu-system-s390x since Debian 13 */
		.package = "qemu-system-misc",
		.common = s390x_common,
		.virtual_clock = default_virtual,
		.emulated = default_emulated,
		.append = "console=ttysclp0",
		.modules = ccw_modules,
	},
};

const struct vm_arch *vm_arch_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++)
		if (strcmp(archs[i].name, name) == 0 ||
		    strcmp(archs[i].machine, name) == 0)
			return &archs[i];
	return NULL;
}

const struct vm_arch *vm_arch_own(void)
{
#if defined(__x86_64__)
	return vm_arch_find("amd64");
#elif defined(__aarch64__)
	return vm_arch_find("arm64");
#elif defined(__riscv) && __riscv_xlen == 64
	return vm_arch_find("riscv64");
#elif defined(__s390x__)
	return vm_arch_find("s390x");
#else
	return NULL;
#endif
}

/* --- kernel images --------------------------------------------------------*/

static bool has_bytes(int fd, off_t at, const void *bytes, size_t size)
{
	char found[16];

	return pread(fd, found, size, at) == (ssize_t)size &&
	       memcmp(found, bytes, size) == 0;
}

/* "6.12.115+deb12-cloud-amd64 (debian-kernel@…) #1 SMP …" */
static bool read_release(int fd, off_t at, char ret[VM_ARCH_RELEASE])
{
	char text[VM_ARCH_RELEASE] = "";

	if (pread(fd, text, sizeof(text) - 1, at) <= 0)
		return false;
	text[strcspn(text, " \n")] = '\0';
	memcpy(ret, text, sizeof(text));
	return *ret;
}

/* Documentation/arch/x86/boot.rst: kernel_version is the offset of the release,
 * less 0x200. */
static bool is_x86_image(int fd, char ret[VM_ARCH_RELEASE])
{
	uint16_t at = 0;

	return has_bytes(fd, 0x202, "HdrS", 4) &&
	       pread(fd, &at, sizeof(at), 0x20e) == sizeof(at) && at &&
	       read_release(fd, le16toh(at) + 0x200, ret);
}

/* struct parmarea in arch/s390/include/asm/setup.h: the image is loaded at
 * address 0, so the address of the release is its offset. */
static bool is_s390_image(int fd, char ret[VM_ARCH_RELEASE])
{
	uint64_t at = 0;

	return has_bytes(fd, 0x10008, "S390EP", 6) &&
	       pread(fd, &at, sizeof(at), 0x10428) == sizeof(at) && at &&
	       be64toh(at) < INT32_MAX &&
	       read_release(fd, (off_t)be64toh(at), ret);
}

/* linux_banner in init/version.c: an image that is not compressed contains it. */
static bool find_banner(int fd, char ret[VM_ARCH_RELEASE])
{
	static const char banner[] = "Linux version ";
	const char *image, *found;
	struct stat st;
	bool ok;

	if (fstat(fd, &st) < 0 || st.st_size <= 0)
		return false;
	image = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (image == MAP_FAILED)
		return false;
	found = memmem(image, (size_t)st.st_size, banner, sizeof(banner) - 1);
	ok = found && read_release(fd, found - image + (off_t)sizeof(banner) - 1,
				   ret);
	munmap((void *)(uintptr_t)image, (size_t)st.st_size);
	return ok;
}

const struct vm_arch *vm_arch_of_image(int fd, char ret[VM_ARCH_RELEASE])
{
	if (is_x86_image(fd, ret))
		return vm_arch_find("amd64");
	if (is_s390_image(fd, ret))
		return vm_arch_find("s390x");
	/* Documentation/arch/arm64/booting.rst,
	 * Documentation/arch/riscv/boot-image-header.rst */
	if (has_bytes(fd, 0x38, "ARM\x64", 4) && find_banner(fd, ret))
		return vm_arch_find("arm64");
	if (has_bytes(fd, 0x38, "RSC\x05", 4) && find_banner(fd, ret))
		return vm_arch_find("riscv64");
	return NULL;
}

/* --- programs -------------------------------------------------------------*/

static uint16_t swap16(uint16_t value, bool big)
{
	return big ? be16toh(value) : le16toh(value);
}

static const struct vm_arch *arch_of(const Elf64_Ehdr *header, bool big)
{
	uint16_t elf = swap16(header->e_machine, big);

	for (size_t i = 0; i < ARRAY_SIZE(archs); i++)
		if (archs[i].elf == elf && archs[i].big_endian == big)
			return &archs[i];
	return NULL;
}

/* A dynamically linked program names its loader. */
static bool has_loader(int fd, const Elf64_Ehdr *header, bool big)
{
	uint64_t at = big ? be64toh(header->e_phoff) : le64toh(header->e_phoff);
	unsigned int n = swap16(header->e_phnum, big);

	for (unsigned int i = 0; i < n; i++) {
		Elf64_Phdr part;

		if (pread(fd, &part, sizeof(part),
			  (off_t)(at + i * sizeof(part))) != sizeof(part))
			return true;
		if ((big ? be32toh(part.p_type) : le32toh(part.p_type)) ==
		    PT_INTERP)
			return true;
	}
	return false;
}

const struct vm_arch *vm_arch_of_program(int fd, bool *ret_static)
{
	const struct vm_arch *arch;
	Elf64_Ehdr header;
	bool big;

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64)
		return NULL;
	big = header.e_ident[EI_DATA] == ELFDATA2MSB;
	arch = arch_of(&header, big);
	if (arch)
		*ret_static = !has_loader(fd, &header, big);
	return arch;
}
