/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A reader on top of libyaml's document API, which resolves anchors and aliases
 * and keeps where each node begins and ends. What it does not do is done here:
 * duplicate keys, types, tags and further documents are refused, and a place is
 * made for every node, so that an error inside a text can be reported with its
 * own column.
 */
#include "lab-yaml.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

/* --- from bytes to a document ---------------------------------------------*/

/* libyaml reports an offset in bytes, and no line, for an invalid byte. */
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

/* A line of the file, counted from 0, without its end; NULL: there is none. */
static const char *find_line(const struct lab_yaml *yaml, size_t n,
			     size_t *ret_length)
{
	const char *line = yaml->bytes, *end = yaml->bytes + yaml->size;
	const char *newline;

	for (; n && line; n--) {
		line = memchr(line, '\n', (size_t)(end - line));
		line = line ? line + 1 : NULL;
	}
	if (!line)
		return NULL;
	newline = memchr(line, '\n', (size_t)(end - line));
	*ret_length = (size_t)((newline ? newline : end) - line);
	if (*ret_length && line[*ret_length - 1] == '\r')
		--*ret_length;
	return line;
}

/* libyaml reports a tab as "found character that cannot start any token". */
static bool is_tab(const struct lab_yaml *yaml, const yaml_mark_t *mark)
{
	size_t length;
	const char *line = find_line(yaml, mark->line, &length);

	return line && mark->column < length && line[mark->column] == '\t';
}

static int refuse_syntax(const struct lab_yaml *yaml,
			 const yaml_parser_t *parser)
{
	struct lab_place place = { .source = yaml->name };
	const char *problem = parser->problem ? parser->problem : "";
	char context[128] = "";

	if (parser->error == YAML_MEMORY_ERROR)
		return error_origin(-ENOMEM, "%s", yaml->name);
	if (parser->error == YAML_READER_ERROR) {
		place_of_offset(yaml, parser->problem_offset, &place);
		return lab_place_refuse(&place, "invalid UTF-8 text: %s",
					problem);
	}
	place.line = (unsigned int)parser->problem_mark.line + 1;
	place.column = (unsigned int)parser->problem_mark.column + 1;
	if (is_tab(yaml, &parser->problem_mark))
		return lab_place_refuse(&place, "invalid YAML: tab in the "
						"indentation; expected spaces");
	if (strcmp(problem, "mapping values are not allowed in this "
			    "context") == 0)
		problem = "second ': ' in one text, or a key that is not "
			  "aligned with the others";
	if (parser->context)
		snprintf(context, sizeof(context), ", %s in line %zu",
			 parser->context, parser->context_mark.line + 1);
	return lab_place_refuse(&place, "invalid YAML: %s%s", problem, context);
}

/* A second document would be ignored, too. */
static int check_is_last(struct lab_yaml *yaml, yaml_parser_t *parser)
{
	struct lab_yaml_node node = { .yaml = yaml, .path = "" };
	yaml_document_t next;
	int r = 0;

	if (!yaml_parser_load(parser, &next))
		return refuse_syntax(yaml, parser);
	node.raw = yaml_document_get_root_node(&next);
	if (node.raw)
		r = lab_yaml_refuse(&node, "unexpected second document; a lab "
					   "is one document");
	yaml_document_delete(&next);
	return error_trace(r);
}

/*
 * Parses the events of the file and refuses deep nesting. libyaml's scanner
 * takes time in the square of the depth and its loader builds the whole
 * document first, so this is a pass of its own, which ends at the limit. A
 * syntax error is left to load().
 */
static int check_depth(const struct lab_yaml *yaml)
{
	struct lab_place place = { .source = yaml->name };
	yaml_parser_t parser;
	bool end = false;
	int depth = 0, r = 0;

	if (!yaml_parser_initialize(&parser))
		return error_origin(-ENOMEM, "%s", yaml->name);
	yaml_parser_set_input_string(
		&parser, (const unsigned char *)yaml->bytes, yaml->size);
	while (!end && r >= 0) {
		yaml_event_t event;

		if (!yaml_parser_parse(&parser, &event))
			break;
		depth += event.type == YAML_SEQUENCE_START_EVENT ||
			 event.type == YAML_MAPPING_START_EVENT;
		depth -= event.type == YAML_SEQUENCE_END_EVENT ||
			 event.type == YAML_MAPPING_END_EVENT;
		place.line = (unsigned int)event.start_mark.line + 1;
		place.column = (unsigned int)event.start_mark.column + 1;
		if (depth > LAB_DEPTH)
			r = lab_place_refuse(&place,
					     "nested deeper than %d levels",
					     LAB_DEPTH);
		end = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return error_trace(r);
}

static int load(struct lab_yaml *yaml, yaml_parser_t *parser,
		struct lab_yaml_node *ret)
{
	struct lab_place place = { .source = yaml->name };
	int r = 0;

	yaml_parser_set_input_string(parser, (const unsigned char *)yaml->bytes,
				     yaml->size);
	if (!yaml_parser_load(parser, &yaml->document))
		return refuse_syntax(yaml, parser);
	*ret = (struct lab_yaml_node){
		yaml, yaml_document_get_root_node(&yaml->document), ""
	};
	if (!ret->raw)
		r = lab_place_refuse(&place, "empty file; expected keys such "
					     "as hosts, timeline, expect");
	if (r >= 0)
		r = check_is_last(yaml, parser);
	if (r < 0)
		yaml_document_delete(&yaml->document);
	return error_trace(r);
}

int lab_yaml_init(struct lab_yaml *yaml, struct lab_plan *plan,
		  const char *name, const char *bytes, size_t size,
		  struct lab_yaml_node *ret)
{
	yaml_parser_t parser;
	int r;

	*yaml = (struct lab_yaml){ plan, name, bytes, size };
	r = check_depth(yaml);
	if (r < 0)
		return error_trace(r);
	if (!yaml_parser_initialize(&parser))
		return error_origin(-ENOMEM, "%s", name);
	r = load(yaml, &parser, ret);
	yaml_parser_delete(&parser);
	return error_trace(r);
}

void lab_yaml_deinit(struct lab_yaml *yaml)
{
	yaml_document_delete(&yaml->document);
}

/* --- places and messages --------------------------------------------------*/

static bool is_scalar(const struct lab_yaml_node *node)
{
	return node->raw->type == YAML_SCALAR_NODE;
}

/* The place of a text is that of its first character, behind the quote. It is
 * verbatim if the text stands on one line and no character of it is written as
 * an escape: then its end mark is as far away as the text is long. */
struct lab_place lab_yaml_place(const struct lab_yaml_node *node)
{
	const yaml_mark_t *start = &node->raw->start_mark;
	const yaml_mark_t *end = &node->raw->end_mark;
	struct lab_place place = {
		.source = node->yaml->name,
		.line = (unsigned int)start->line + 1,
		.column = (unsigned int)start->column + 1,
		.key = *node->path ? node->path : NULL,
	};
	unsigned int quotes = 0;
	size_t length = 0;

	if (!is_scalar(node) || start->line != end->line)
		return place;
	quotes = node->raw->data.scalar.style ==
			 YAML_SINGLE_QUOTED_SCALAR_STYLE ||
		 node->raw->data.scalar.style ==
			 YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	for (size_t i = 0; i < node->raw->data.scalar.length; i++)
		length += (node->raw->data.scalar.value[i] & 0xc0) != 0x80;
	place.verbatim = end->column - start->column == length + 2 * quotes;
	if (place.verbatim)
		place.column += quotes;
	return place;
}

/*
 * The lines of a literal block ("|") follow the line of its indicator. Each has
 * the same indentation, which is no part of the text: what the first line that
 * is not empty has in the file and not in the text.
 */
struct lab_place lab_yaml_lines_place(const struct lab_yaml_node *node)
{
	struct lab_place place = lab_yaml_place(node);
	size_t line = node->raw->start_mark.line + 1, size, found;
	const char *text, *raw;

	if (!is_scalar(node) ||
	    node->raw->data.scalar.style != YAML_LITERAL_SCALAR_STYLE)
		return place;
	place.line = (unsigned int)line + 1;
	text = (const char *)node->raw->data.scalar.value;
	for (; *text == '\n'; text++)
		line++;
	size = strcspn(text, "\n");
	raw = find_line(node->yaml, line, &found);
	if (!raw || found < size || memcmp(raw + found - size, text, size) != 0)
		return lab_yaml_place(node);
	place.column = (unsigned int)(found - size) + 1;
	place.verbatim = true;
	return place;
}

int lab_yaml_refuse(const struct lab_yaml_node *node, const char *format, ...)
{
	struct lab_place place = lab_yaml_place(node);
	char message[400];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return lab_place_refuse(&place, "%s", message);
}

int lab_yaml_trace(const struct lab_yaml_node *node, int r)
{
	struct lab_place place = lab_yaml_place(node);

	return r == -EINVAL || r == -E2BIG ? lab_place_trace(&place, r) :
					     error_trace(r);
}

int lab_yaml_expected(const struct lab_yaml_node *node, const char *what)
{
	const char *found = lab_yaml_is_map(node)   ? R_("map") :
			    lab_yaml_is_list(node)  ? R_("list") :
			    lab_yaml_is_empty(node) ? R_("empty value") :
						      R_("text");

	return lab_yaml_refuse(node, "unexpected %s; expected %s", found, what);
}

/* --- types ----------------------------------------------------------------*/

bool lab_yaml_is_map(const struct lab_yaml_node *node)
{
	return node->raw->type == YAML_MAPPING_NODE;
}

bool lab_yaml_is_list(const struct lab_yaml_node *node)
{
	return node->raw->type == YAML_SEQUENCE_NODE;
}

bool lab_yaml_is_empty(const struct lab_yaml_node *node)
{
	return is_scalar(node) && node->raw->data.scalar.length == 0 &&
	       node->raw->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* A tag such as !!int would change the meaning of a text. */
static int check_tag(const struct lab_yaml_node *node)
{
	const char *tag = (const char *)node->raw->tag;

	if (!tag || strcmp(tag, YAML_DEFAULT_SCALAR_TAG) == 0 ||
	    strcmp(tag, YAML_DEFAULT_SEQUENCE_TAG) == 0 ||
	    strcmp(tag, YAML_DEFAULT_MAPPING_TAG) == 0)
		return 0;
	return lab_yaml_refuse(node, "tag '%s' not allowed", tag);
}

int lab_yaml_text(const struct lab_yaml_node *node, const char *what,
		  const char **ret)
{
	int r = check_tag(node);

	if (r < 0)
		return error_trace(r);
	if (!is_scalar(node) || lab_yaml_is_empty(node))
		return lab_yaml_expected(node, what);
	if (memchr(node->raw->data.scalar.value, '\0',
		   node->raw->data.scalar.length))
		return lab_yaml_refuse(node, "NUL byte in string");
	*ret = (const char *)node->raw->data.scalar.value;
	return 0;
}

/* --- maps and lists -------------------------------------------------------*/

static struct lab_yaml_node child(const struct lab_yaml_node *node, int index)
{
	return (struct lab_yaml_node){
		.yaml = node->yaml,
		.raw = yaml_document_get_node(&node->yaml->document, index),
		.path = node->path,
	};
}

size_t lab_yaml_size(const struct lab_yaml_node *node)
{
	if (lab_yaml_is_map(node))
		return (size_t)(node->raw->data.mapping.pairs.top -
				node->raw->data.mapping.pairs.start);
	if (lab_yaml_is_list(node))
		return (size_t)(node->raw->data.sequence.items.top -
				node->raw->data.sequence.items.start);
	return 0;
}

struct lab_yaml_node lab_yaml_key(const struct lab_yaml_node *map, size_t i)
{
	return child(map, map->raw->data.mapping.pairs.start[i].key);
}

const char *lab_yaml_key_text(const struct lab_yaml_node *key)
{
	return (const char *)key->raw->data.scalar.value;
}

/* Its path is the map's and the key. */
static int value_of(const struct lab_yaml_node *map, size_t i,
		    struct lab_yaml_node *ret)
{
	struct lab_yaml_node key = lab_yaml_key(map, i);
	struct lab_yaml_node value =
		child(map, map->raw->data.mapping.pairs.start[i].value);
	char *path = NULL;

	if (asprintf(&path, "%s%s%s", map->path, *map->path ? "." : "",
		     lab_yaml_key_text(&key)) < 0)
		return error_origin(-ENOMEM, "path of a key");
	value.path = lab_plan_keep(map->yaml->plan, path);
	free(path);
	if (!value.path)
		return error_origin(-ENOMEM, "path of a key");
	*ret = value;
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	const struct lab_yaml_node *x = a, *y = b;
	size_t i = x->raw->start_mark.index, j = y->raw->start_mark.index;
	int order = strcmp(lab_yaml_key_text(x), lab_yaml_key_text(y));

	return order ? order : (i > j) - (i < j);
}

/* Sorted, because a file of 1 MiB has room for 100000 keys. */
static int check_duplicates(const struct lab_yaml_node *map)
{
	size_t n = lab_yaml_size(map);
	struct lab_yaml_node *keys = calloc(n + 1, sizeof(*keys));
	int r = 0;

	if (!keys)
		return error_origin(-ENOMEM, "keys");
	for (size_t i = 0; i < n; i++)
		keys[i] = lab_yaml_key(map, i);
	qsort(keys, n, sizeof(*keys), compare_keys);
	for (size_t i = 1; r >= 0 && i < n; i++)
		if (strcmp(lab_yaml_key_text(&keys[i - 1]),
			   lab_yaml_key_text(&keys[i])) == 0)
			r = lab_yaml_refuse(
				&keys[i],
				"duplicate key '%s'; first in line %zu",
				lab_yaml_key_text(&keys[i]),
				keys[i - 1].raw->start_mark.line + 1);
	free(keys);
	return error_trace(r);
}

int lab_yaml_check_map(const struct lab_yaml_node *node, const char *what)
{
	int r = check_tag(node);

	if (r < 0)
		return error_trace(r);
	if (!lab_yaml_is_map(node))
		return lab_yaml_expected(node, what);
	for (size_t i = 0; i < lab_yaml_size(node); i++) {
		struct lab_yaml_node key = lab_yaml_key(node, i);
		const char *text;

		r = lab_yaml_text(&key, "key", &text);
		if (r < 0)
			return error_trace(r);
	}
	return check_duplicates(node);
}

int lab_yaml_each(const struct lab_yaml_node *node, lab_yaml_fn *fn, void *data)
{
	int r = 0;

	if (!lab_yaml_is_list(node))
		return fn(node, data);
	if (!lab_yaml_size(node))
		return lab_yaml_refuse(node, "empty list");
	for (size_t i = 0; r >= 0 && i < lab_yaml_size(node); i++) {
		struct lab_yaml_node element =
			child(node, node->raw->data.sequence.items.start[i]);

		r = fn(&element, data);
	}
	return error_trace(r);
}

int lab_yaml_each_pair(const struct lab_yaml_node *map, const char *what,
		       lab_yaml_pair_fn *fn, void *data)
{
	int r = lab_yaml_check_map(map, what);

	if (r >= 0 && !lab_yaml_size(map))
		return lab_yaml_refuse(map, "empty map; expected %s", what);
	for (size_t i = 0; r >= 0 && i < lab_yaml_size(map); i++) {
		struct lab_yaml_node key = lab_yaml_key(map, i), value;

		r = value_of(map, i, &value);
		if (r >= 0)
			r = fn(&key, &value, data);
	}
	return error_trace(r);
}

/* --- maps with known keys -------------------------------------------------*/

/* Every key is known: a misspelt key would otherwise be ignored. */
static int check_fields(const struct lab_yaml_node *map, const char *what,
			const struct lab_yaml_field *fields, size_t n)
{
	enum { MOST = 32 };
	const char *names[MOST];
	char near[256];

	assert(n <= MOST);
	for (size_t i = 0; i < n; i++)
		names[i] = fields[i].name;
	for (size_t i = 0; i < lab_yaml_size(map); i++) {
		struct lab_yaml_node key = lab_yaml_key(map, i);
		const char *text = lab_yaml_key_text(&key);
		size_t j = 0;

		while (j < n && strcmp(names[j], text) != 0)
			j++;
		if (j == n)
			return lab_yaml_refuse(&key, "unknown %s key '%s'%s",
					       what, text,
					       lab_suggest(text, names, n, near,
							   sizeof(near)));
	}
	return 0;
}

int lab_yaml_read_map(const struct lab_yaml_node *map, const char *what,
		      const struct lab_yaml_field *fields, size_t n, void *data)
{
	char expected[64];
	int r;

	snprintf(expected, sizeof(expected), R_("map of %s keys"), what);
	r = lab_yaml_check_map(map, expected);
	if (r >= 0)
		r = check_fields(map, what, fields, n);
	for (size_t i = 0; r >= 0 && i < n; i++)
		for (size_t j = 0; r >= 0 && j < lab_yaml_size(map); j++) {
			struct lab_yaml_node key = lab_yaml_key(map, j), value;

			if (strcmp(lab_yaml_key_text(&key), fields[i].name) !=
			    0)
				continue;
			r = value_of(map, j, &value);
			if (r >= 0)
				r = fields[i].read(&value,
						   (char *)data +
							   fields[i].offset);
		}
	return error_trace(r);
}
