/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "draw-world.h"

#include <string.h>

#include "fold.h"
#include "macro.h"

/*
 *	┌──────────┐         ┌───────────┐         ┌──────────┐
 *	│ client   │  cable  │   wire    │  cable  │ server   │
 *	│ 10.0.0.1 ├─────────┤ sees each ├─────────┤ 10.0.0.2 │
 *	│ fd00::1  │         │ frame     │         │ fd00::2  │
 *	└──────────┘         └───────────┘         └──────────┘
 *
 * Hosts go left and right in turn, so that client and server face each other.
 * The wire stands along all of them. Drawn line by line.
 */
enum { BOX = 5, CABLE_LINE = 2, WIRE_WIDTH = 15, CABLE_WIDTH = 7, INSIDE = 18 };

struct pen {
	const char *horizontal, *vertical;
	const char *top_left, *top_right, *bottom_left, *bottom_right;
	const char *plug_left, *plug_right; /* in a left, in a right edge */
};

static const struct pen lines = { "─", "│", "┌", "┐", "└", "┘", "┤", "├" };
static const struct pen ascii = { "-", "|", "+", "+", "+", "+", "+", "+" };

static const char *const wire_texts[] = {
	[1] = "the wire",
	[2] = "sees, records",
	[3] = "every frame",
};

static void repeat(FILE *out, const char *text, int times)
{
	while (times-- > 0)
		fputs(text, out);
}

static void edge(FILE *out, const struct pen *pen, bool top, int width)
{
	fputs(top ? pen->top_left : pen->bottom_left, out);
	repeat(out, pen->horizontal, width);
	fputs(top ? pen->top_right : pen->bottom_right, out);
}

static const char *host_text(const struct world_plan *plan, size_t host,
			     int line)
{
	const char *text = line == 1 ? plan->hosts[host].name :
			   line == 2 ? plan->hosts[host].v4 :
				       plan->hosts[host].v6;

	return text ? text : "";
}

/* The line of a host's box. On its inner side the cable is plugged in. */
static void draw_host(FILE *out, const struct pen *pen,
		      const struct world_plan *plan, size_t host, int line,
		      bool left)
{
	bool plugged = line == CABLE_LINE;

	if (line == 0 || line == BOX - 1) {
		edge(out, pen, line == 0, INSIDE);
		return;
	}
	fprintf(out, "%s ", plugged && !left ? pen->plug_left : pen->vertical);
	fold_pad(out, host_text(plan, host, line),
		 strlen(host_text(plan, host, line)), INSIDE - 1);
	fputs(plugged && left ? pen->plug_right : pen->vertical, out);
}

static void draw_cable(FILE *out, const struct pen *pen, int line, bool there)
{
	if (there && line == CABLE_LINE)
		repeat(out, pen->horizontal, CABLE_WIDTH);
	else
		fprintf(out, "%-*s", CABLE_WIDTH,
			there && line == CABLE_LINE - 1 ? " cable" : "");
}

/* `line` of the whole picture; the text is told once, beside the first hosts.*/
static void draw_wire(FILE *out, const struct pen *pen, int line, int height,
		      bool left, bool right)
{
	bool plugged = line % BOX == CABLE_LINE;
	const char *text =
		line < (int)ARRAY_SIZE(wire_texts) ? wire_texts[line] : "";

	if (line == 0 || line == height - 1) {
		edge(out, pen, line == 0, WIRE_WIDTH);
		return;
	}
	fprintf(out, "%s %-*s%s",
		plugged && left ? pen->plug_left : pen->vertical,
		WIRE_WIDTH - 1, text,
		plugged && right ? pen->plug_right : pen->vertical);
}

static size_t count_hosts(const struct world_plan *plan)
{
	size_t n = 0;

	while (n < WORLD_HOSTS && plan->hosts[n].name)
		n++;
	return n;
}

void draw_world(FILE *out, const struct world_plan *plan, bool unicode)
{
	const struct pen *pen = unicode ? &lines : &ascii;
	size_t n = count_hosts(plan);
	int height = (int)(n + 1) / 2 * BOX;

	for (int line = 0; line < height; line++) {
		size_t left = (size_t)(line / BOX) * 2;
		bool right = left + 1 < n;

		fputs("  ", out);
		draw_host(out, pen, plan, left, line % BOX, true);
		draw_cable(out, pen, line % BOX, true);
		draw_wire(out, pen, line, height, true, right);
		if (right) {
			draw_cable(out, pen, line % BOX, true);
			draw_host(out, pen, plan, left + 1, line % BOX, false);
		}
		fputc('\n', out);
	}
}
