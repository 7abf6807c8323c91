/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Style and script are files in web/, which the build turns into arrays of
 * bytes; the palette and the rules for the ladder's classes come from the ladder
 * room. The palette is first: page.css replaces some of its values for print.
 */
#include "html.h"

#include <stdint.h>
#include <time.h>

#include "ladder.h"
#include "markup.h"
#include "message.h"
#include "report.h"

static const uint8_t style[] = {
#include "page-css.h"
};

static const uint8_t script[] = {
#include "page-js.h"
};

void html_begin(FILE *out, const char *language, const char *title)
{
	fprintf(out,
	      "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n"
	      "<meta charset=\"utf-8\"/>\n"
	      "<meta name=\"viewport\" content=\"width=device-width, "
	      "initial-scale=1\"/>\n"
	      "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>",
	      language);
	markup_text(out, title);
	fprintf(out, "</title>\n<style>\n%s", ladder_svg_palette());
	fwrite(style, 1, sizeof(style), out);
	fprintf(out, "%s</style>\n</head>\n", ladder_svg_style());
}

void html_end(FILE *out)
{
	fputs("</body>\n</html>\n", out);
}

/* CDATA: the script has '<' and '&', and the page is well-formed XML too. */
void html_script(FILE *out)
{
	fputs("<script>\n//<![CDATA[\n", out);
	fwrite(script, 1, sizeof(script), out);
	fputs("//]]>\n</script>\n", out);
}

void html_verdict(FILE *out, const struct result *result)
{
	fprintf(out, "<span class=\"badge %s\">%s</span>",
		verdict_text(result->verdict), report_verdict(result->verdict));
}

void html_cell(FILE *out, const char *class_name, const char *text)
{
	if (*class_name)
		fprintf(out, "<td class=\"%s\">", class_name);
	else
		fputs("<td>", out);
	markup_text(out, text);
	fputs("</td>", out);
}

void html_value(FILE *out, const json_t *value)
{
	double number = json_number_value(value);
	char buffer[128];

	if (json_is_string(value))
		markup_text(out, report_value(json_string_value(value), buffer,
					      sizeof(buffer)));
	else if (!json_is_number(value))
		fputs("–", out);
	else if (number > -1e15 && number < 1e15 &&
		 number == (double)(long long)number)
		fprintf(out, "%.0f", number);
	else
		fprintf(out, "%.7g", number);
}

static void put_range(FILE *out, const json_t *values, const char *name)
{
	const json_t *max = result_maximum(values, name);

	fputs("<td class=\"n\">", out);
	html_value(out, json_object_get(values, name));
	if (max) {
		fputs(" .. ", out);
		html_value(out, max);
	}
	fputs("</td>", out);
}

static void put_value_row(FILE *out, const struct result *result,
			  const char *name)
{
	char buffer[128];

	if (result_is_maximum(result->predicted, name) ||
	    result_is_maximum(result->measured, name))
		return;
	fputs("<tr>", out);
	html_cell(out, "name", message_value(name, buffer, sizeof(buffer)));
	put_range(out, result->predicted, name);
	put_range(out, result->measured, name);
	fputs("</tr>\n", out);
}

void html_values(FILE *out, const struct result *result)
{
	const char *name;
	json_t *value;

	fprintf(out,
		"<table><thead><tr><th></th><th class=\"n\">%s</th>"
		"<th class=\"n\">%s</th></tr></thead><tbody>\n",
		_("predicted"), _("measured"));
	json_object_foreach (result->predicted, name, value) {
		put_value_row(out, result, name);
	}
	json_object_foreach (result->measured, name, value)
		if (!json_object_get(result->predicted, name))
			put_value_row(out, result, name);
	fputs("</tbody></table>\n", out);
}

void html_date(FILE *out, double epoch)
{
	struct tm tm;
	char text[64];
	time_t seconds;

	if (!(epoch > 0 && epoch <= 4e9))
		return;
	seconds = (time_t)epoch;
	if (!gmtime_r(&seconds, &tm))
		return;
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm);
	fputs(text, out);
}
