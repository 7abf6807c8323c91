/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A YAML document whose shape is known: maps of named keys, lists, texts. Every
 * refusal has the file, the line, the column, and the key's whole path.
 *
 * A scalar is a text, whatever YAML would make of it: `no`, `80`, `~`.
 */
#pragma once

#include <yaml.h>

#include "lab-parts.h"

struct lab_yaml {
	struct lab_plan *plan;
	const char *name; /* the file's, for messages */
	const char *bytes;
	size_t size;
	yaml_document_t document;
	yaml_node_t *root;
};

/* A node, and the path of keys that leads to it: "hosts.client.run"; "" for the
 * root. */
struct lab_yaml_at {
	struct lab_yaml *yaml;
	yaml_node_t *node;
	const char *path;
};

/* The one document of these bytes; its root is no empty one. -EINVAL for what
 * is no YAML, or is several documents. lab_yaml_deinit() after success only. */
int lab_yaml_init(struct lab_yaml *yaml, struct lab_plan *plan,
		  const char *name, const char *bytes, size_t size);
void lab_yaml_deinit(struct lab_yaml *yaml);
struct lab_yaml_at lab_yaml_root(struct lab_yaml *yaml);

struct lab_place lab_yaml_place(const struct lab_yaml_at *at);

int lab_yaml_refuse(const struct lab_yaml_at *at, const char *format, ...)
	MACRO_PRINTF(2, 3);
/* The same of the last failure; one other than -EINVAL and -E2BIG stays what it
 * is. */
int lab_yaml_trace(const struct lab_yaml_at *at, int r);

/* "expected a map, found a list" */
int lab_yaml_expected(const struct lab_yaml_at *at, const char *what);

bool lab_yaml_is_map(const struct lab_yaml_at *at);
bool lab_yaml_is_list(const struct lab_yaml_at *at);
bool lab_yaml_is_text(const struct lab_yaml_at *at);
/* A key without a value. */
bool lab_yaml_is_nothing(const struct lab_yaml_at *at);

/* Borrowed from the document. `what` is what was expected: "a duration". */
int lab_yaml_text(const struct lab_yaml_at *at, const char *what,
		  const char **ret);

/* --- maps and lists -------------------------------------------------------*/

/* How many, and the ith: of a list its element, of a map its pair. */
size_t lab_yaml_size(const struct lab_yaml_at *at);
struct lab_yaml_at lab_yaml_element(const struct lab_yaml_at *at, size_t i);
struct lab_yaml_at lab_yaml_key(const struct lab_yaml_at *at, size_t i);
/* Its path is the map's, and its key's text. -ENOMEM. */
int lab_yaml_value(const struct lab_yaml_at *at, size_t i,
		   struct lab_yaml_at *ret);

/* It is a map, of texts, none of which comes twice. */
int lab_yaml_check_map(const struct lab_yaml_at *at, const char *what);

/* What can stand in a map, in the order in which it is read. */
struct lab_yaml_field {
	const char *name;
	int (*read)(const struct lab_yaml_at *at, void *data);
};

/* `what`: "a host": for a key that is none. */
int lab_yaml_read_map(const struct lab_yaml_at *at, const char *what,
		      const struct lab_yaml_field *fields, size_t n,
		      void *data);
