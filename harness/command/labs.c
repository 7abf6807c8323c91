/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The labs of a command line: plans of all files, and a case for each. */
#include "labs.h"

#include <errno.h>
#include <string.h>

#include "errors.h"
#include "lab-script.h"
#include "out-folder.h"

void labs_free(struct labs *labs)
{
	for (size_t i = 0; i < labs->n; i++) {
		lab_case_free(labs->cases[i]);
		lab_plan_free(labs->plans[i]);
	}
}

int labs_read(struct labs *labs, const struct lab_options *options)
{
	size_t n = options->n_files ? options->n_files : 1;

	if (n > LABS_MAX)
		return error_refuse(-E2BIG, "more than %d files", LABS_MAX);
	if (n > 1 && (options->interactive || options->shell))
		return error_refuse(-EINVAL,
				    "--interactive and --shell: need a single "
				    "file");
	for (; labs->n < n; labs->n++) {
		const char *file =
			options->n_files ? options->files[labs->n] : NULL;
		int r = lab_options_plan(options, file,
					 &labs->plans[labs->n]);

		if (r < 0)
			return error_trace(r);
		r = lab_case_new(&labs->cases[labs->n], labs->plans[labs->n],
				 lab_script);
		if (r < 0) {
			lab_plan_free(labs->plans[labs->n]);
			return error_trace(r);
		}
	}
	if (options->shell && !lab_plan_host(labs->plans[0], options->shell))
		return error_refuse(-EINVAL, "--shell: unknown host '%s'",
				    options->shell);
	if (options->out && out_folder_check(options->out) < 0)
		return error_refuse(-EINVAL, "--out: %s", error_message());
	return 0;
}

unsigned int labs_repetition(const struct labs *labs, size_t i)
{
	const char *name = lab_case_testcase(labs->cases[i])->name;
	unsigned int repetition = 1;

	while (i--)
		if (strcmp(lab_case_testcase(labs->cases[i])->name, name) == 0)
			repetition++;
	return repetition;
}
