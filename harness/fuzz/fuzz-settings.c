/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --set: a setting that is accepted names a file below /proc/sys/net. */
#include <errno.h>

#include "fuzz.h"
#include "settings.h"
#include "sysctl.h"

static void check(const struct setting *setting)
{
	char path[256];

	fuzz_must(*setting->text);
	fuzz_must(sysctl_path(setting->name, path, sizeof(path)) == 0);
	fuzz_must(strncmp(path, "/proc/sys/net/", 14) == 0);
	fuzz_must(!strstr(path, "/../") && !strchr(setting->name, '/'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct setting setting = { 0 };
	int r = settings_parse(&setting, text);

	if (r < 0)
		fuzz_must(r == -EINVAL && !setting.name && *error_message());
	else
		check(&setting);
	free(text);
	return 0;
}
