/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The labs that vm and matrix run in guests. */
#pragma once

#include "labs.h"
#include "vm.h"

enum { VM_LAB_FEATURES = 16 };

struct vm_lab {
	struct lab_options options;
	struct labs labs;
	struct run_job jobs[LABS_MAX];
	char *paths[LABS_MAX + 1]; /* of the labs' files; ends with NULL */
	char *texts[2]; /* of their commands and files; ends with NULL */
	struct initramfs_files files; /* these */
	char users[VM_LAB_FEATURES][300];
	struct vm_feature features[VM_LAB_FEATURES + 1];
};

/*
 * Parses the words after "--", "lab" first, reads the labs, and sets what `plan`
 * has to say about them; it keeps pointers to `lab`. Returns -1, or an exit status
 * after a message.
 */
int vm_lab_parse(struct vm_lab *lab, const char *command, struct vm_plan *plan);
void vm_lab_deinit(struct vm_lab *lab);

/* For people, or the reporter of --format. */
const struct reporter *vm_lab_reporter(const struct vm_lab *lab);
