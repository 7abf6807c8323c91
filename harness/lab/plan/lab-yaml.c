/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab-yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- from bytes to a document ---------------------------------------------*/

/* Where libyaml counts bytes only. */
static void place_of_offset(const struct lab_yaml *yaml, size_t offset,
			    struct lab_place *place)
{
	place->line = place->column = 1;
	for (size_t i = 0; i < offset && i < yaml->size; i++) {
		unsigned char c = (unsigned char)yaml->bytes[i];

		if (c == '\n') {
			place->line++;
			place->column = 1;
		} else if ((c & 0xc0) != 0x80) {
			place->column++;
		}
	}
}

static bool is_tab(const struct lab_yaml *yaml, const yaml_mark_t *mark)
{
	const char *line = yaml->bytes, *end = yaml->bytes + yaml->size;

	for (size_t i = 0; line && i < mark->line; i++) {
		line = memchr(line, '\n', (size_t)(end - line));
		line = line ? line + 1 : NULL;
	}
	return line && mark->column < (size_t)(end - line) &&
	       line[mark->column] == '\t';
}

static int refuse_yaml(const struct lab_yaml *yaml, const yaml_parser_t *parser)
{
	struct lab_place place = { .source = yaml->name };
	char context[128] = "";
	const char *problem = parser->problem ? parser->problem : "";

	if (parser->error == YAML_MEMORY_ERROR)
		return error_origin(-ENOMEM, "%s", yaml->name);
	if (parser->error == YAML_READER_ERROR) {
		place_of_offset(yaml, parser->problem_offset, &place);
		return lab_place_refuse(&place, "no text in UTF-8: %s",
					problem);
	}
	place.line = (unsigned int)parser->problem_mark.line + 1;
	place.column = (unsigned int)parser->problem_mark.column + 1;
	if (is_tab(yaml, &parser->problem_mark))
		return lab_place_refuse(&place, "a tab: YAML is indented by "
						"blanks");
	if (strcmp(problem, "mapping values are not allowed in this "
			    "context") == 0)
		problem = "a second ': ' in what is one text, or a key that "
			  "is not in line with the others";
	if (parser->context)
		snprintf(context, sizeof(context), ", %s in line %zu",
			 parser->context, parser->context_mark.line + 1);
	return lab_place_refuse(&place, "no YAML: %s%s", problem, context);
}

static int check_is_last(struct lab_yaml *yaml, yaml_parser_t *parser)
{
	struct lab_yaml_at at = { .yaml = yaml, .path = "" };
	yaml_document_t next;
	int r = 0;

	if (!yaml_parser_load(parser, &next))
		return refuse_yaml(yaml, parser);
	at.node = yaml_document_get_root_node(&next);
	if (at.node)
		r = lab_yaml_refuse(&at, "a second document begins here; a lab "
					 "is one");
	yaml_document_delete(&next);
	return r < 0 ? error_trace(r) : 0;
}

static int load(struct lab_yaml *yaml, yaml_parser_t *parser)
{
	struct lab_place place = { .source = yaml->name };
	int r = 0;

	yaml_parser_set_input_string(parser, (const unsigned char *)yaml->bytes,
				     yaml->size);
	if (!yaml_parser_load(parser, &yaml->document))
		return refuse_yaml(yaml, parser);
	yaml->root = yaml_document_get_root_node(&yaml->document);
	if (!yaml->root)
		r = lab_place_refuse(&place, "nothing is in it; expected: "
					     "hosts, timeline, expect");
	if (r >= 0)
		r = check_is_last(yaml, parser);
	if (r >= 0)
		return 0;
	yaml_document_delete(&yaml->document);
	return error_trace(r);
}

int lab_yaml_init(struct lab_yaml *yaml, struct lab_plan *plan,
		  const char *name, const char *bytes, size_t size)
{
	yaml_parser_t parser;
	int r;

	*yaml = (struct lab_yaml){ plan, name, bytes, size };
	if (!yaml_parser_initialize(&parser))
		return error_origin(-ENOMEM, "%s", name);
	r = load(yaml, &parser);
	yaml_parser_delete(&parser);
	return r < 0 ? error_trace(r) : 0;
}

void lab_yaml_deinit(struct lab_yaml *yaml)
{
	yaml_document_delete(&yaml->document);
}

struct lab_yaml_at lab_yaml_root(struct lab_yaml *yaml)
{
	return (struct lab_yaml_at){ yaml, yaml->root, "" };
}

/* --- places ---------------------------------------------------------------*/

/* In one line, and no character of it written as something else: then the mark
 * behind it is as far away as the text is long. */
static bool is_verbatim(const yaml_node_t *node, unsigned int quotes)
{
	size_t length = 0;

	if (node->type != YAML_SCALAR_NODE ||
	    node->start_mark.line != node->end_mark.line)
		return false;
	for (size_t i = 0; i < node->data.scalar.length; i++)
		length += (node->data.scalar.value[i] & 0xc0) != 0x80;
	return node->end_mark.column - node->start_mark.column ==
	       length + 2 * quotes;
}

static unsigned int quotes_of(const yaml_node_t *node)
{
	if (node->type != YAML_SCALAR_NODE)
		return 0;
	return node->data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
	       node->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
}

struct lab_place lab_yaml_place(const struct lab_yaml_at *at)
{
	unsigned int quotes = quotes_of(at->node);
	struct lab_place place = {
		.source = at->yaml->name,
		.line = (unsigned int)at->node->start_mark.line + 1,
		.column = (unsigned int)at->node->start_mark.column + 1,
		.verbatim = is_verbatim(at->node, quotes),
		.key = *at->path ? at->path : NULL,
	};

	if (place.verbatim)
		place.column += quotes;
	return place;
}

int lab_yaml_refuse(const struct lab_yaml_at *at, const char *format, ...)
{
	struct lab_place place = lab_yaml_place(at);
	char message[400];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return lab_place_refuse(&place, "%s", message);
}

int lab_yaml_trace(const struct lab_yaml_at *at, int r)
{
	struct lab_place place = lab_yaml_place(at);

	return r == -EINVAL || r == -E2BIG ? lab_place_trace(&place, r) :
					     error_trace(r);
}

/* --- sorts of nodes -------------------------------------------------------*/

bool lab_yaml_is_map(const struct lab_yaml_at *at)
{
	return at->node->type == YAML_MAPPING_NODE;
}

bool lab_yaml_is_list(const struct lab_yaml_at *at)
{
	return at->node->type == YAML_SEQUENCE_NODE;
}

bool lab_yaml_is_text(const struct lab_yaml_at *at)
{
	return at->node->type == YAML_SCALAR_NODE && !lab_yaml_is_nothing(at);
}

bool lab_yaml_is_nothing(const struct lab_yaml_at *at)
{
	return at->node->type == YAML_SCALAR_NODE &&
	       at->node->data.scalar.length == 0 &&
	       at->node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

int lab_yaml_expected(const struct lab_yaml_at *at, const char *what)
{
	const char *found = lab_yaml_is_map(at)	 ? "a map" :
			    lab_yaml_is_list(at) ? "a list" :
			    lab_yaml_is_text(at) ? "a text" :
						   "nothing";

	return lab_yaml_refuse(at, "expected %s, found %s", what, found);
}

/* "!!int 5" means something to YAML that nobody asked for. */
static int check_tag(const struct lab_yaml_at *at)
{
	const char *tag = (const char *)at->node->tag;

	if (!tag || strcmp(tag, YAML_DEFAULT_SCALAR_TAG) == 0 ||
	    strcmp(tag, YAML_DEFAULT_SEQUENCE_TAG) == 0 ||
	    strcmp(tag, YAML_DEFAULT_MAPPING_TAG) == 0)
		return 0;
	return lab_yaml_refuse(at, "the tag '%s' means nothing in a lab", tag);
}

int lab_yaml_text(const struct lab_yaml_at *at, const char *what,
		  const char **ret)
{
	int r = check_tag(at);

	if (r < 0)
		return error_trace(r);
	if (at->node->type != YAML_SCALAR_NODE || lab_yaml_is_nothing(at))
		return lab_yaml_expected(at, what);
	if (memchr(at->node->data.scalar.value, '\0',
		   at->node->data.scalar.length))
		return lab_yaml_refuse(at, "a byte of zero is of no text");
	*ret = (const char *)at->node->data.scalar.value;
	return 0;
}

/* --- maps and lists -------------------------------------------------------*/

static struct lab_yaml_at node_at(const struct lab_yaml_at *at, int index)
{
	return (struct lab_yaml_at){
		.yaml = at->yaml,
		.node = yaml_document_get_node(&at->yaml->document, index),
		.path = at->path,
	};
}

size_t lab_yaml_size(const struct lab_yaml_at *at)
{
	if (lab_yaml_is_map(at))
		return (size_t)(at->node->data.mapping.pairs.top -
				at->node->data.mapping.pairs.start);
	if (lab_yaml_is_list(at))
		return (size_t)(at->node->data.sequence.items.top -
				at->node->data.sequence.items.start);
	return 0;
}

struct lab_yaml_at lab_yaml_element(const struct lab_yaml_at *at, size_t i)
{
	return node_at(at, at->node->data.sequence.items.start[i]);
}

struct lab_yaml_at lab_yaml_key(const struct lab_yaml_at *at, size_t i)
{
	return node_at(at, at->node->data.mapping.pairs.start[i].key);
}

int lab_yaml_value(const struct lab_yaml_at *at, size_t i,
		   struct lab_yaml_at *ret)
{
	struct lab_yaml_at key = lab_yaml_key(at, i);
	struct lab_yaml_at value =
		node_at(at, at->node->data.mapping.pairs.start[i].value);
	char *path = NULL;

	if (asprintf(&path, "%s%s%s", at->path, *at->path ? "." : "",
		     (const char *)key.node->data.scalar.value) < 0)
		return error_origin(-ENOMEM, "a key's path");
	value.path = lab_plan_keep(at->yaml->plan, path);
	free(path);
	if (!value.path)
		return error_origin(-ENOMEM, "a key's path");
	*ret = value;
	return 0;
}

static const char *key_text(const struct lab_yaml_at *at, size_t i)
{
	struct lab_yaml_at key = lab_yaml_key(at, i);

	return (const char *)key.node->data.scalar.value;
}

static int compare(const void *a, const void *b)
{
	const struct lab_yaml_at *const *x = a, *const *y = b;
	size_t i = (*x)->node->start_mark.index;
	size_t j = (*y)->node->start_mark.index;
	int order = strcmp((const char *)(*x)->node->data.scalar.value,
			   (const char *)(*y)->node->data.scalar.value);

	return order ? order : (i > j) - (i < j);
}

/* A hundred thousand keys fit in a file: sorted, twins are neighbours. */
static int check_twins(const struct lab_yaml_at *at)
{
	size_t n = lab_yaml_size(at);
	struct lab_yaml_at *keys = calloc(n + 1, sizeof(*keys));
	const struct lab_yaml_at **sorted = calloc(n + 1, sizeof(*sorted));
	int r = 0;

	if (!keys || !sorted)
		r = error_origin(-ENOMEM, "keys");
	for (size_t i = 0; r >= 0 && i < n; i++) {
		keys[i] = lab_yaml_key(at, i);
		sorted[i] = &keys[i];
	}
	if (r >= 0)
		qsort(sorted, n, sizeof(const struct lab_yaml_at *), compare);
	for (size_t i = 1; r >= 0 && i < n; i++) {
		const char *text =
			(const char *)sorted[i]->node->data.scalar.value;

		if (strcmp((const char *)sorted[i - 1]->node->data.scalar.value,
			   text) == 0)
			r = lab_yaml_refuse(
				sorted[i],
				"'%s' comes twice; first in line %zu", text,
				sorted[i - 1]->node->start_mark.line + 1);
	}
	free(keys);
	free(sorted);
	return r < 0 ? error_trace(r) : 0;
}

int lab_yaml_check_map(const struct lab_yaml_at *at, const char *what)
{
	int r = check_tag(at);

	if (r < 0)
		return error_trace(r);
	if (!lab_yaml_is_map(at))
		return lab_yaml_expected(at, what);
	for (size_t i = 0; i < lab_yaml_size(at); i++) {
		struct lab_yaml_at key = lab_yaml_key(at, i);
		const char *text;

		r = lab_yaml_text(&key, "a key", &text);
		if (r < 0)
			return error_trace(r);
	}
	return check_twins(at);
}

static int refuse_key(const struct lab_yaml_at *at, size_t i, const char *what,
		      const struct lab_yaml_field *fields, size_t n)
{
	struct lab_yaml_at key = lab_yaml_key(at, i);
	const char *names[16];
	char near[256];

	for (size_t j = 0; j < MIN(n, ARRAY_SIZE(names)); j++)
		names[j] = fields[j].name;
	return lab_yaml_refuse(
		&key, "'%s' is no key of %s%s", key_text(at, i), what,
		lab_suggest(key_text(at, i), names, MIN(n, ARRAY_SIZE(names)),
			    near, sizeof(near)));
}

static bool is_field(const char *key, const struct lab_yaml_field *fields,
		     size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(fields[i].name, key) == 0)
			return true;
	return false;
}

static int read_field(const struct lab_yaml_at *at,
		      const struct lab_yaml_field *field, void *data)
{
	for (size_t i = 0; i < lab_yaml_size(at); i++) {
		struct lab_yaml_at value;
		int r;

		if (strcmp(key_text(at, i), field->name) != 0)
			continue;
		r = lab_yaml_value(at, i, &value);
		if (r >= 0)
			r = field->read(&value, data);
		return r < 0 ? error_trace(r) : 0;
	}
	return 0;
}

int lab_yaml_read_map(const struct lab_yaml_at *at, const char *what,
		      const struct lab_yaml_field *fields, size_t n, void *data)
{
	char expected[64];
	int r;

	snprintf(expected, sizeof(expected), "the map of %s", what);
	r = lab_yaml_check_map(at, expected);
	for (size_t i = 0; r >= 0 && i < lab_yaml_size(at); i++)
		if (!is_field(key_text(at, i), fields, n))
			r = refuse_key(at, i, what, fields, n);
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = read_field(at, &fields[i], data);
	return r < 0 ? error_trace(r) : 0;
}
