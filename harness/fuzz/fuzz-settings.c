/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --set: what it names lies below /proc/sys/net, whatever it is. */
#include <errno.h>

#include "fuzz.h"
#include "settings.h"
#include "sysctl.h"

static void look(const struct setting *setting)
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
		look(&setting);
	free(text);
	return 0;
}
