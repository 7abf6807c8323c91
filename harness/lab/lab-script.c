/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab-script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "errors.h"
#include "faults.h"
#include "lab-case.h"
#include "lab-run.h"
#include "lab-words.h"
#include "privilege.h"

enum { PROMPT_WORDS = 1024 };

/* --- moments -------------------------------------------------------------- */

static bool is_said(const char *wanted, const char *text)
{
	return wanted && text && strcmp(wanted, text) == 0;
}

static bool is_event(const struct lab_moment *moment,
		     const struct lab_news *news)
{
	switch (moment->event) {
	case LAB_AFTER_START:
		return news->kind == LAB_NEWS_START;
	case LAB_AFTER_FRAMES:
		return news->kind == (moment->sent ? LAB_NEWS_SENT :
						     LAB_NEWS_RECEIVED) &&
		       is_said(moment->host, news->host) &&
		       (!moment->kinds || moment->kinds & news->kinds);
	case LAB_AFTER_LINE:
		return news->kind == LAB_NEWS_LINE &&
		       is_said(moment->program, news->program) &&
		       strstr(news->text, moment->text);
	case LAB_AFTER_EXIT:
		return news->kind == LAB_NEWS_END &&
		       is_said(moment->program, news->program);
	case LAB_AFTER_STATE:
		return news->kind == LAB_NEWS_STATE &&
		       is_said(moment->host, news->host) &&
		       moment->state == news->state;
	case LAB_AFTER_STEP:
		return news->kind == LAB_NEWS_DONE &&
		       is_said(moment->text, news->text);
	}
	return false;
}

bool lab_wait_sees(struct lab_wait *wait, const struct lab_moment *moment,
		   const struct lab_news *news)
{
	if (wait->happened || !is_event(moment, news))
		return false;
	wait->seen++;
	if (moment->event == LAB_AFTER_FRAMES && wait->seen < moment->count)
		return false;
	wait->happened = news->at;
	return true;
}

void lab_tell(struct lab *lab, const struct lab_news *news)
{
	for (size_t i = 0; i < lab->plan->n_steps; i++)
		lab_wait_sees(&lab->steps[i].wait, &lab->plan->steps[i].when,
			      news);
	lab_judge_news(lab, news);
}

/* --- what has come by ----------------------------------------------------- */

static void tell_frame(struct lab *lab, const struct wire_capture *c,
		       enum lab_news_kind kind)
{
	lab_tell(lab, &(struct lab_news){
			      .kind = kind,
			      .at = kind == LAB_NEWS_SENT ? c->at : c->left,
			      .host = kind == LAB_NEWS_SENT ? c->from : c->to,
			      .kinds = c->kinds });
}

static void put_off(struct lab *lab, size_t capture)
{
	if (lab->n_put_off == lab->put_off_space) {
		size_t space = MAX(lab->put_off_space * 2, (size_t)64);
		size_t *grown = reallocarray(lab->put_off, space,
					     sizeof(*grown));

		if (!grown)
			run_broken(lab->run, error_origin(-ENOMEM, "frames"));
		lab->put_off = grown;
		lab->put_off_space = space;
	}
	lab->put_off[lab->n_put_off++] = capture;
}

/* A frame that left the wire has been received, when it left. */
static void look_at_frame(struct lab *lab, const struct wire_capture *all,
			  size_t i)
{
	const struct wire_capture *c = &all[i];

	if (c->fate == WIRE_GHOST)
		return;
	if (*c->from)
		tell_frame(lab, c, LAB_NEWS_SENT);
	if (c->left)
		tell_frame(lab, c, LAB_NEWS_RECEIVED);
	else if (c->fate == WIRE_HELD || c->fate == WIRE_DELAYED)
		put_off(lab, i);
}

static void look_at_duplicates(struct lab *lab, const struct wire_capture *all)
{
	const struct wire_duplicate *copies;
	size_t n = wire_duplicates(world_wire(lab->run->world), &copies);

	for (; lab->n_duplicates < n; lab->n_duplicates++) {
		const struct wire_duplicate *copy = &copies[lab->n_duplicates];
		const struct wire_capture *c = &all[copy->capture];

		lab_tell(lab, &(struct lab_news){ .kind = LAB_NEWS_RECEIVED,
						  .at = copy->left,
						  .host = c->to,
						  .kinds = c->kinds });
	}
}

static void look_at_frames(struct lab *lab)
{
	const struct wire_capture *all;
	size_t n = wire_captures(world_wire(lab->run->world), &all), kept = 0;

	for (size_t i = 0; i < lab->n_put_off; i++) {
		if (all[lab->put_off[i]].left)
			tell_frame(lab, &all[lab->put_off[i]],
				   LAB_NEWS_RECEIVED);
		else
			lab->put_off[kept++] = lab->put_off[i];
	}
	lab->n_put_off = kept;
	while (lab->n_captures < n)
		look_at_frame(lab, all, lab->n_captures++);
	look_at_duplicates(lab, all);
}

static bool has_news(void *data)
{
	const struct lab *lab = data;
	const struct wire_capture *all;

	return lab->stirred || lab->over ||
	       wire_captures(world_wire(lab->run->world), &all) !=
		       lab->n_captures ||
	       lab_probes_stirred(lab);
}

/* Often while something happens, and seldom while hours pass. */
static void look(struct lab *lab)
{
	nsec_t now = nsec_now();
	bool frames = has_news(lab);

	lab->stirred = false;
	look_at_frames(lab);
	lab_probes_look(lab);
	if (frames)
		lab->next_look = MIN(lab->next_look,
				     MAX(now + MSEC(2), lab->no_look_before));
	if (now < lab->next_look)
		return;
	lab_sockets_look(lab);
	lab_judge_sockets(lab);
	/* Thousands of sockets take long: never more than a tenth of all. */
	lab->no_look_before = nsec_now() + 9 * (nsec_now() - now);
	lab->next_look = MAX(now + MAX((now - lab->start) / 50, MSEC(50)),
			     lab->no_look_before);
}

/* --- steps ---------------------------------------------------------------- */

static nsec_t due(const struct lab *lab, size_t i)
{
	const struct lab_step *step = &lab->plan->steps[i];

	if (lab->steps[i].done || !lab->steps[i].wait.happened)
		return NSEC_NEVER;
	return nsec_add(lab->steps[i].wait.happened, step->when.after);
}

/* The next one; of those of the same moment the first. */
static nsec_t next_step(const struct lab *lab, size_t *ret)
{
	nsec_t earliest = NSEC_NEVER;

	for (size_t i = 0; i < lab->plan->n_steps; i++) {
		if (due(lab, i) >= earliest)
			continue;
		earliest = due(lab, i);
		*ret = i;
	}
	return earliest;
}

/* What it leads to may come before it returns: its moment is taken, and told of,
 * before. */
static void act(struct lab *lab, const struct lab_action *action)
{
	lab_tell(lab, &(struct lab_news){ .kind = LAB_NEWS_DONE,
					  .at = nsec_now(),
					  .text = action->text });
	lab_act(lab, action);
}

static void do_step(struct lab *lab, size_t i)
{
	const struct lab_step *step = &lab->plan->steps[i];

	run_here(step->place.source ? step->place.source : "lab",
		 (int)step->place.line);
	lab->steps[i].done = true;
	act(lab, &step->action);
}

static void do_steps(struct lab *lab)
{
	size_t i = 0;

	while (!lab->over && next_step(lab, &i) <= nsec_now()) {
		do_step(lab, i);
		look_at_frames(lab);
		lab_probes_look(lab);
	}
}

/* --- the prompt ----------------------------------------------------------- */

static void obey(struct lab *lab, const char *words)
{
	struct lab_action action;

	if (strcmp(words, LAB_PROMPT_END) == 0) {
		lab->over = true;
		return;
	}
	if (strcmp(words, LAB_PROMPT_STATES) == 0) {
		lab_sockets_tell(lab);
		return;
	}
	/* Who sent it has checked it; what it says may be impossible now. */
	if (lab_action_parse(lab->plan, words, &action) < 0 ||
	    lab_plan_add_command(lab->plan, &action, NULL) < 0) {
		run_note(lab->run, "%s", error_message());
		return;
	}
	act(lab, &action);
}

static void keep_order(struct lab *lab, const char *words)
{
	if (lab->n_orders == lab->orders_space) {
		size_t space = MAX(lab->orders_space * 2, (size_t)16);
		const char **grown =
			reallocarray(lab->orders, space, sizeof(*grown));

		if (!grown)
			run_broken(lab->run, error_origin(-ENOMEM, "orders"));
		lab->orders = grown;
		lab->orders_space = space;
	}
	lab->orders[lab->n_orders++] = lab_plan_keep(lab->plan, words);
}

/* Nobody is there any more who would see what goes on. */
static int on_prompt(void *data, uint32_t events MACRO_UNUSED)
{
	struct lab *lab = data;
	char words[PROMPT_WORDS + 1];
	ssize_t n = recv(lab->run->options->prompt, words, PROMPT_WORDS,
			 MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	lab->stirred = true;
	if (n <= 0) {
		lab->prompt = loop_remove(lab->prompt);
		lab->over = true;
		return 0;
	}
	words[n] = '\0';
	keep_order(lab, words);
	return 0;
}

/* Not from within the loop: an act may have to wait for its answer. */
static void obey_all(struct lab *lab)
{
	for (size_t i = 0; i < lab->n_orders && !lab->over; i++)
		if (lab->orders[i])
			obey(lab, lab->orders[i]);
	lab->n_orders = 0;
}

/* --- the whole ------------------------------------------------------------ */

/* Hosts by their names, in /etc/hosts. */
static void name_hosts(struct lab *lab)
{
	char *lines = NULL;
	size_t size;
	FILE *out = open_memstream(&lines, &size);

	if (!out)
		run_broken(lab->run, error_origin(-ENOMEM, "names"));
	for (size_t i = 0; i < lab->plan->n_hosts; i++) {
		const char *name = lab->plan->hosts[i].name;
		struct address address = run_address(lab->run, name);
		char text[ADDRESS_TEXT];

		fprintf(out, "%s %s\n", address_text(&address, text), name);
	}
	fclose(out);
	if (!privilege_own_names(lines))
		run_note(lab->run, "this machine refuses an /etc/hosts of the "
				   "lab's own: hosts are known by $NAME only");
	free(lines);
}

static void set_paths(struct lab *lab)
{
	for (size_t i = 0; i < lab->plan->n_hosts; i++) {
		const struct lab_host *host = &lab->plan->hosts[i];

		if (host->delay)
			path_delay(lab->run, host->name, host->delay);
		if (host->loss > 0)
			lab_lose(lab, host);
	}
}

static json_t *hosts_in_order(const struct lab *lab)
{
	json_t *hosts = json_array();

	for (size_t i = 0; i < lab->plan->n_hosts; i++)
		json_array_append_new(hosts,
				      json_string(lab->plan->hosts[i].name));
	return hosts;
}

static void begin(struct lab *lab, struct run *run)
{
	int r = 0;

	lab->run = run;
	lab->plan = lab_case_plan(run->job->testcase);
	lab->chance = UINT64_C(0x9e3779b97f4a7c15);
	if (run->options->prompt)
		r = loop_add_fd(run->loop, &lab->prompt, run->options->prompt,
				EPOLLIN, on_prompt, lab);
	if (r < 0)
		run_broken(run, r);
	name_hosts(lab);
	set_paths(lab);
	lab_programs_start_servers(lab);
	lab->start = nsec_now();
	lab->end = nsec_add(lab->start, lab->plan->duration);
	run_journal(run, lab->start, "timeline", "{s:o}", "hosts",
		    hosts_in_order(lab));
	lab_tell(lab, &(struct lab_news){ .kind = LAB_NEWS_START,
					  .at = lab->start });
	lab_programs_start_clients(lab);
}

void lab_script(struct run *run)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	if (!lab)
		run_broken(run, error_origin(-ENOMEM, "lab"));
	begin(lab, run);
	while (!lab->over && nsec_now() < lab->end) {
		size_t next;

		do_steps(lab);
		obey_all(lab);
		look(lab);
		run_wait(run, has_news, lab,
			 MIN(MIN(next_step(lab, &next), lab->end),
			     lab->next_look));
	}
	run_note(run, "the timeline ends");
	look(lab);
	lab_sockets_tell(lab);
	lab_judge(lab);
	lab_meaning(lab);
}
