/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Only this program can find out which shared libraries it needs, because it has
 * loaded them. So any other one must be linked statically (-Dstatic=true).
 */
#include "vm-program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "program-find.h"

static int read_arch(const char *path, const struct vm_arch **ret)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is_static = false;

	if (fd < 0)
		return error_refuse(-errno, "%s: %s", path, strerror(errno));
	*ret = vm_arch_of_program(fd, &is_static);
	if (!*ret)
		return error_refuse(-EINVAL, "%s: not a program for a guest of "
				    "amd64, arm64, riscv64 or s390x", path);
	if (!is_static)
		return error_refuse(-EINVAL, "%s: dynamically linked; a guest "
				    "needs a program built with -Dstatic=true",
				    path);
	return 0;
}

/* build/harness/halfopen: build-arm64/harness/halfopen beside build/ */
static int find_built(const struct vm_arch *arch, char ret[static PATH_MAX])
{
	char build[PATH_MAX - 64];
	const struct vm_arch *found;
	bool built;

	/* Beside a program at another place, the folder could be of anybody. */
	built = program_own_folder("/harness/halfopen", 3, build, sizeof(build));
	if (built)
		snprintf(ret, PATH_MAX, "%s/build-%s/harness/halfopen", build,
			 arch->name);
	if (!built || access(ret, R_OK) < 0)
		return error_refuse(-ENOENT, "a guest of %s needs a halfopen "
				    "program of that architecture; "
				    "harness/cross/build builds one, --program "
				    "names one", arch->name);
	return error_trace(read_arch(ret, &found));
}

int vm_program_find(const struct vm_arch *arch, const char *const *programs,
		    size_t n, char ret[static PATH_MAX])
{
	for (size_t i = 0; i < n; i++) {
		const struct vm_arch *found;
		int r = read_arch(programs[i], &found);

		if (r < 0)
			return error_trace(r);
		if (found != arch)
			continue;
		snprintf(ret, PATH_MAX, "%s", programs[i]);
		return 0;
	}
	if (arch != vm_arch_own())
		return error_trace(find_built(arch, ret));
	*ret = '\0';
	return 0;
}
