/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The properties of a path, by the names of a file's keys and of the action
 * `link`. */
#pragma once

#include <stddef.h>

#include "lab-plan.h"

struct lab_link_property {
	const char *name;
	const char *what; /* its value, for messages: "duration such as 20ms" */
	int (*parse)(const char *text, void *ret); /* -EINVAL */
	size_t offset, size; /* in struct wire_link_settings */
};

const struct lab_link_property *lab_link_properties(size_t *ret_n);

/* Sets the properties of the change; the others stay. */
void lab_link_apply(const struct lab_link_change *change,
		    struct wire_link_settings *settings);

/* "delay 20ms, loss 1%", of those that are not 0. Returns `buffer`. */
const char *lab_link_text(const struct wire_link_settings *settings,
			  char *buffer, size_t size);
