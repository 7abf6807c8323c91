/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "draw-world.h"

#include <string.h>

#include "fold.h"
#include "macro.h"
#include "message.h"
#include "world-plan-control.h"

/*
 * One network:
 *
 *	┌──────────┐         ┌───────────┐         ┌──────────┐
 *	│ client   │  cable  │   wire    │  cable  │ server   │
 *	│ 10.0.0.1 ├─────────┤ sees each ├─────────┤ 10.0.0.2 │
 *	│ fd00::1  │         │ frame     │         │ fd00::2  │
 *	└──────────┘         └───────────┘         └──────────┘
 *
 * Hosts are placed left and right in turn, so that client and server face each
 * other; the wire spans all of them. The picture is drawn line by line.
 *
 * Several networks are drawn one below the other, with a router in each of its
 * networks. Of a long chain of routers only the ends are drawn.
 */
enum { BOX = 5, CABLE_LINE = 2, WIRE_WIDTH = 15, CABLE_WIDTH = 7, INSIDE = 18 };

struct pen {
	const char *horizontal, *vertical;
	const char *top_left, *top_right, *bottom_left, *bottom_right;
	const char *plug_left, *plug_right; /* a cable in a left, right edge */
};

static const struct pen lines = { "─", "│", "┌", "┐", "└", "┘", "┤", "├" };
static const struct pen ascii = { "-", "|", "+", "+", "+", "+", "+", "+" };

static const char *const wire_texts[] = {
	[1] = N_("the wire"),
	[2] = N_("records"),
	[3] = N_("every frame"),
};

static void repeat(FILE *out, const char *text, int times)
{
	while (times-- > 0)
		fputs(text, out);
}

static void pad(FILE *out, const char *text, int columns)
{
	fold_pad(out, text, strlen(text), columns);
}

static void edge(FILE *out, const struct pen *pen, bool top, int width)
{
	fputs(top ? pen->top_left : pen->bottom_left, out);
	repeat(out, pen->horizontal, width);
	fputs(top ? pen->top_right : pen->bottom_right, out);
}

/* A host at the end of a cable. */
struct box {
	char name[HOST_NAME + sizeof(" (eth255)")];
	char v4[ADDRESS_TEXT], v6[ADDRESS_TEXT];
};

enum { BOXES_MAX = WORLD_HOSTS + WORLD_ROUTERS };

struct network {
	struct box boxes[BOXES_MAX];
	size_t n;
};

static const char *box_text(const struct box *box, int line)
{
	return line == 1 ? box->name : line == 2 ? box->v4 : box->v6;
}

/* One line of a host's box; the cable enters on the inner side. */
static void draw_host(FILE *out, const struct pen *pen, const struct box *box,
		      int line, bool left)
{
	bool plugged = line == CABLE_LINE;

	if (line == 0 || line == BOX - 1) {
		edge(out, pen, line == 0, INSIDE);
		return;
	}
	fprintf(out, "%s ", plugged && !left ? pen->plug_left : pen->vertical);
	pad(out, box_text(box, line), INSIDE - 1);
	fputs(plugged && left ? pen->plug_right : pen->vertical, out);
}

static void draw_cable(FILE *out, const struct pen *pen, int line, bool there)
{
	if (there && line == CABLE_LINE)
		repeat(out, pen->horizontal, CABLE_WIDTH);
	else
		pad(out, there && line == CABLE_LINE - 1 ? _(" cable") : "",
		    CABLE_WIDTH);
}

/* `line` counts in the whole picture; the text is drawn once, beside the first
 * hosts. */
static void draw_wire(FILE *out, const struct pen *pen, int line, int height,
		      bool left, bool right)
{
	bool plugged = line % BOX == CABLE_LINE;
	const char *text =
		line < (int)ARRAY_SIZE(wire_texts) && wire_texts[line] ?
			_(wire_texts[line]) :
			"";

	if (line == 0 || line == height - 1) {
		edge(out, pen, line == 0, WIRE_WIDTH);
		return;
	}
	fprintf(out, "%s ", plugged && left ? pen->plug_left : pen->vertical);
	pad(out, text, WIRE_WIDTH - 1);
	fputs(plugged && right ? pen->plug_right : pen->vertical, out);
}

static void draw_network(FILE *out, const struct pen *pen,
			 const struct network *network)
{
	int height = (int)(network->n + 1) / 2 * BOX;

	for (int line = 0; line < height; line++) {
		size_t left = (size_t)(line / BOX) * 2;
		bool right = left + 1 < network->n;

		fputs("  ", out);
		draw_host(out, pen, &network->boxes[left], line % BOX, true);
		draw_cable(out, pen, line % BOX, true);
		draw_wire(out, pen, line, height, true, right);
		if (right) {
			draw_cable(out, pen, line % BOX, true);
			draw_host(out, pen, &network->boxes[left + 1],
				  line % BOX, false);
		}
		fputc('\n', out);
	}
}

/* --- networks --------------------------------------------------------- */

static void add_box(struct network *network, const struct planned_host *host,
		    size_t cable)
{
	struct box *box = &network->boxes[network->n++];

	if (host->n_cables > 1)
		snprintf(box->name, sizeof(box->name), "%s (eth%u)",
			 host->name, (uint8_t)cable);
	else
		snprintf(box->name, sizeof(box->name), "%s", host->name);
	memcpy(box->v4, host->cables[cable].v4, ADDRESS_TEXT);
	memcpy(box->v6, host->cables[cable].v6, ADDRESS_TEXT);
}

/* The network numbers of the cables of host i. Returns their number. */
static size_t networks_of(const struct world_plan *plan, size_t i,
			  struct planned_host *host,
			  unsigned int ret[HOST_CABLES])
{
	struct host_plan numbered;

	world_plan_host(plan, i, host);
	if (planned_host_plan(host, i, AF_INET, &numbered) < 0)
		return 0;
	for (size_t j = 0; j < host->n_cables; j++)
		ret[j] = numbered.cables[j].network;
	return host->n_cables;
}

/* Adds the routers of a network, or its other hosts. */
static void add_hosts(const struct world_plan *plan, unsigned int number,
		   bool routers, struct network *ret)
{
	for (size_t i = 0; i < world_plan_hosts(plan); i++) {
		unsigned int networks[HOST_CABLES];
		struct planned_host host;
		size_t n = networks_of(plan, i, &host, networks);

		for (size_t j = 0; j < n && routers == (n > 1); j++)
			if (networks[j] == number)
				add_box(ret, &host, j);
	}
}

/* Every network once, in the order of the plan's hosts. Returns their
 * number. */
static size_t list_networks(const struct world_plan *plan,
			    unsigned int ret[BOXES_MAX * HOST_CABLES])
{
	size_t n = 0;

	for (size_t i = 0; i < world_plan_hosts(plan); i++) {
		unsigned int networks[HOST_CABLES];
		struct planned_host host;
		size_t cables = networks_of(plan, i, &host, networks);

		for (size_t j = 0; j < cables; j++) {
			size_t k = 0;

			while (k < n && ret[k] != networks[j])
				k++;
			ret[k] = networks[j];
			n = MAX(n, k + 1);
		}
	}
	return n;
}

/* Describes the routers between the first and the last network of a chain. */
static void print_chain(FILE *out, unsigned int routers)
{
	if (routers == 2)
		fputs(_("\n  router-1 to router-2: connected by the wire\n\n"),
		      out);
	else if (routers > 2)
		fprintf(out,
			_("\n  router-1 to router-%u in a chain, connected by "
			  "the wire\n\n"),
			routers);
	else
		fputc('\n', out);
}

void draw_world(FILE *out, const struct world_plan *plan, bool unicode)
{
	const struct pen *pen = unicode ? &lines : &ascii;
	unsigned int numbers[BOXES_MAX * HOST_CABLES] = { 0 };
	size_t n = list_networks(plan, numbers);

	/* The networks of a chain follow those of the plan. */
	if (plan->routers)
		n -= plan->routers - 1;
	for (size_t i = 0; i < n; i++) {
		struct network network = { .n = 0 };

		/* Segments of the first host go from left to right. */
		add_hosts(plan, numbers[i], i > 0, &network);
		add_hosts(plan, numbers[i], i == 0, &network);
		if (i)
			print_chain(out, plan->routers);
		draw_network(out, pen, &network);
	}
}
