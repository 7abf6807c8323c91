/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A YAML document of a known shape: maps with known keys, lists, texts. Errors
 * have the file, line, column and the path of keys: "x.yaml:3:5:
 * hosts.client.run: ...".
 *
 * A scalar is a text, whatever type YAML would give it: `no`, `80`, `~`. The
 * `what` of a reader names what was expected, for messages.
 */
#pragma once

#include <yaml.h>

#include "lab-plan.h"

struct lab_yaml {
	struct lab_plan *plan; /* keeps the paths of keys */
	const char *name; /* of the file */
	const char *bytes;
	size_t size;
	yaml_document_t document;
};

/* A node and the keys that lead to it: "hosts.client.run"; "" for the root. */
struct lab_yaml_node {
	struct lab_yaml *yaml;
	yaml_node_t *raw; /* NULL: no node */
	const char *path;
};

/* The one document of these bytes, and its root. -EINVAL: no YAML, an empty
 * document, or several. lab_yaml_deinit() after success only. */
int lab_yaml_init(struct lab_yaml *yaml, struct lab_plan *plan,
		  const char *name, const char *bytes, size_t size,
		  struct lab_yaml_node *ret);
void lab_yaml_deinit(struct lab_yaml *yaml);

struct lab_place lab_yaml_place(const struct lab_yaml_node *node);
/* Of the first character of a text that may have several lines. */
struct lab_place lab_yaml_lines_place(const struct lab_yaml_node *node);

int lab_yaml_refuse(const struct lab_yaml_node *node, const char *format, ...)
	MACRO_PRINTF(2, 3);
/* Puts the place before the message if `r` is -EINVAL or -E2BIG; other results
 * pass through. */
int lab_yaml_trace(const struct lab_yaml_node *node, int r);
/* "unexpected list; expected map of hosts" */
int lab_yaml_expected(const struct lab_yaml_node *node, const char *what);

bool lab_yaml_is_map(const struct lab_yaml_node *node);
bool lab_yaml_is_list(const struct lab_yaml_node *node);
/* A key without a value. */
bool lab_yaml_is_empty(const struct lab_yaml_node *node);

/* Borrowed from the document. */
int lab_yaml_text(const struct lab_yaml_node *node, const char *what,
		  const char **ret);
/* The text of a key that lab_yaml_check_map() has accepted. */
const char *lab_yaml_key_text(const struct lab_yaml_node *key);

/* Elements of a list, or pairs of a map. */
size_t lab_yaml_size(const struct lab_yaml_node *node);
struct lab_yaml_node lab_yaml_key(const struct lab_yaml_node *map, size_t i);

/* A map whose keys are texts, none of them twice. */
int lab_yaml_check_map(const struct lab_yaml_node *node, const char *what);

/* Calls the function for each element of a list, or for the node itself if it
 * is no list. */
typedef int lab_yaml_fn(const struct lab_yaml_node *node, void *data);
int lab_yaml_each(const struct lab_yaml_node *node, lab_yaml_fn *fn,
		  void *data);

/* Calls the function for each pair of a map, which it checks. */
typedef int lab_yaml_pair_fn(const struct lab_yaml_node *key,
			     const struct lab_yaml_node *value, void *data);
int lab_yaml_each_pair(const struct lab_yaml_node *map, const char *what,
		       lab_yaml_pair_fn *fn, void *data);

/* A key of a map and the reader of its value, which gets the address `offset`
 * bytes into the structure that the map is read into. */
struct lab_yaml_field {
	const char *name;
	lab_yaml_fn *read;
	size_t offset;
};

/* Reads a map, in the order of the fields. `what`: "host", for unknown keys. */
int lab_yaml_read_map(const struct lab_yaml_node *map, const char *what,
		      const struct lab_yaml_field *fields, size_t n,
		      void *data);
