/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Predictions for timer-simulation.py. Each line of the standard input is the
 * name of a model and KEY=VALUE words as for halfopen predict. The answer is one
 * line of integers (times in ns): earliest and latest end, fewest and most
 * retransmissions, then kind, earliest and latest time of each round.
 */
#include <stdio.h>
#include <string.h>

#include "macro.h"
#include "model-settings.h"

enum { WORDS_MAX = 32 };

static void silent(struct prediction *ret, const struct predict_tcp *tcp)
{
	predict_zero_window(ret, tcp, PREDICT_PEER_SILENT);
}

static void answered(struct prediction *ret, const struct predict_tcp *tcp)
{
	predict_zero_window(ret, tcp, PREDICT_PEER_ANSWERS);
}

static void orphan_silent(struct prediction *ret, const struct predict_tcp *tcp)
{
	predict_zero_window_orphan(ret, tcp, PREDICT_PEER_SILENT);
}

static void orphan_answered(struct prediction *ret,
			    const struct predict_tcp *tcp)
{
	predict_zero_window_orphan(ret, tcp, PREDICT_PEER_ANSWERS);
}

static void reverted(struct prediction *ret, const struct predict_tcp *tcp)
{
	struct range rounds;

	*ret = (struct prediction){ 0 };
	ret->elapsed = predict_reverted(tcp, &rounds);
	ret->retransmissions_min = (unsigned int)rounds.min;
	ret->retransmissions_max = (unsigned int)rounds.max;
}

static const struct {
	const char *name;
	void (*predict)(struct prediction *ret, const struct predict_tcp *tcp);
} models[] = {
	{ "data", predict_give_up },
	{ "orphan", predict_orphan },
	{ "reverted", reverted },
	{ "dropped", predict_dropped },
	{ "connect", predict_connect },
	{ "syn-ack", predict_syn_ack },
	{ "keepalive", predict_keepalive },
	{ "keepalive-activity", predict_keepalive_activity },
	{ "zero-window", silent },
	{ "zero-window-answered", answered },
	{ "zero-window-orphan", orphan_silent },
	{ "zero-window-orphan-answered", orphan_answered },
};

static bool answer(const char *model, char *const *words)
{
	static struct prediction prediction;
	struct predict_tcp tcp;

	if (!model_settings_read(&tcp, words))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		if (strcmp(models[i].name, model) != 0)
			continue;
		models[i].predict(&prediction, &tcp);
		printf("%" PRId64 " %" PRId64 " %u %u", prediction.elapsed.min,
		       prediction.elapsed.max, prediction.retransmissions_min,
		       prediction.retransmissions_max);
		for (size_t n = 0; n < prediction.n_rounds; n++)
			printf(" %u %" PRId64 " %" PRId64,
			       prediction.rounds[n].kind,
			       prediction.rounds[n].at.min,
			       prediction.rounds[n].at.max);
		putchar('\n');
		return true;
	}
	fprintf(stderr, "%s: unknown model\n", model);
	return false;
}

int main(void)
{
	char line[1024];

	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin)) {
		char *words[WORDS_MAX + 1] = { NULL }, *save = NULL;
		const char *model = strtok_r(line, " \n", &save);

		for (size_t i = 0; model && i < WORDS_MAX; i++)
			if (!(words[i] = strtok_r(NULL, " \n", &save)))
				break;
		if (!model || !answer(model, words))
			return 1;
	}
	return 0;
}
