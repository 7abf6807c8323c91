/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: replay FOLDER: passes each file of the folder to the fuzz target. Prints
 * the names, and the number of files in the last line. */
#include <dirent.h>
#include <stdio.h>

#include "fuzz.h"

enum { INPUT_MAX = 1 << 16 };

static void feed(const char *folder, const char *name)
{
	static uint8_t input[INPUT_MAX];
	char path[1024];
	uint8_t *copy;
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "re");
	fuzz_must(file);
	size = fread(input, 1, sizeof(input), file);
	fclose(file);
	/* After a crash, the last name is that of the input that caused it. */
	printf("%s\n", name);
	fflush(stdout);
	copy = fuzz_copy(input, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

int main(int argc, char **argv)
{
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	struct dirent *entry;
	unsigned int fed = 0;

	if (!dir) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return EXIT_FAILURE;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		feed(argv[1], entry->d_name);
		fed++;
	}
	closedir(dir);
	printf("%u inputs\n", fed);
	return fed ? EXIT_SUCCESS : EXIT_FAILURE;
}
