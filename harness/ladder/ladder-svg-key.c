/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines below the drawing. */
#include "ladder-svg-parts.h"

#include <string.h>

#include "macro.h"

enum { KEY_LINE = 19, CONNECTIONS_TOLD = 8 };

const char *svg_state_class(const char *state)
{
	if (strncmp(state, "SYN", 3) == 0)
		return " syn";
	if (strncmp(state, "FIN", 3) == 0 || strcmp(state, "CLOSING") == 0)
		return " fin";
	if (strcmp(state, "CLOSE-WAIT") == 0 || strcmp(state, "LAST-ACK") == 0)
		return " close-wait";
	if (strcmp(state, "TIME-WAIT") == 0)
		return " time-wait";
	return "";
}

static double key_states(const struct drawing *d, double y)
{
	static const struct {
		const char *class, *text;
	} kinds[] = {
		{ "", "ESTAB" },
		{ " syn", "SYN-SENT, SYN-RECV" },
		{ " fin", "FIN-WAIT, CLOSING" },
		{ " close-wait", "CLOSE-WAIT, LAST-ACK" },
		{ " time-wait", "TIME-WAIT" },
	};
	double x = LAYOUT_TIME;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		bool used = false;

		for (size_t j = 0; j < d->ladder->n_spans; j++)
			used |= d->ladder->spans[j].kind == LADDER_STATE &&
				d->ladder->spans[j].text &&
				strcmp(svg_state_class(d->ladder->spans[j].text),
				       kinds[i].class) == 0;
		if (!used)
			continue;
		fprintf(d->out,
			"<rect class=\"bar%s\" x=\"%.1f\" y=\"%.1f\" "
			"width=\"%d\" height=\"13\" rx=\"2\"/>\n",
			kinds[i].class, x, y - 10.5, LAYOUT_BAR);
		svg_text(d, "key", x + 13, y, kinds[i].text);
		x += 13 + 7.0 * (double)strlen(kinds[i].text) + 22;
	}
	return x > LAYOUT_TIME ? y + KEY_LINE : y;
}

static bool has_span(const struct ladder *ladder, enum ladder_span_kind kind)
{
	for (size_t i = 0; i < ladder->n_spans; i++)
		if (ladder->spans[i].kind == kind)
			return true;
	return false;
}

static double key_line(const struct drawing *d, double y, const char *text)
{
	svg_text(d, "key", LAYOUT_TIME, y, text);
	return y + KEY_LINE;
}

static double key_connections(const struct drawing *d, double y)
{
	size_t n = d->ladder->n_connections;
	char text[320];

	for (size_t i = 0; n > 1 && i < n && i < CONNECTIONS_TOLD; i++) {
		fprintf(d->out,
			"<path class=\"c%zu\" stroke-width=\"2\" d=\"M%d "
			"%.1fh22\"/>\n",
			i % SVG_COLOURS, LAYOUT_TIME, y - 4);
		snprintf(text, sizeof(text), "#%zu  %.280s", i + 1,
			 d->ladder->connections[i].text);
		svg_text(d, "key", LAYOUT_TIME + 32, y, text);
		y += KEY_LINE;
	}
	if (n > CONNECTIONS_TOLD) {
		snprintf(text, sizeof(text), "… and %zu more connections",
			 n - CONNECTIONS_TOLD);
		y = key_line(d, y, text);
	}
	return y;
}

double svg_key(const struct drawing *d, double y)
{
	char text[160];

	y = key_states(d, y);
	if (has_span(d->ladder, LADDER_TIMER)) {
		fprintf(d->out,
			"<path class=\"timer\" d=\"M%d %.1fh-5v12h5\"/>\n",
			LAYOUT_TIME + 5, y - 10);
		svg_text(d, "key", LAYOUT_TIME + 13, y,
			    "a timer runs; dashed: beyond the end");
		y += KEY_LINE;
	}
	if (d->layout->too_many)
		y = key_line(d, y, "more sockets at a time than bars are drawn");
	y = key_connections(d, y);
	if (d->ladder->n_ghosts) {
		snprintf(text, sizeof(text),
			 "not drawn: %zu frame%s of a dead host's kernel, "
			 "which no machine would have sent",
			 d->ladder->n_ghosts, &"s"[d->ladder->n_ghosts == 1]);
		y = key_line(d, y, text);
	}
	return y;
}
