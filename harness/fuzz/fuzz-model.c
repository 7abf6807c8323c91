/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arguments of halfopen predict, one per line, and the predictions for them. */
#include "fuzz.h"
#include "macro.h"
#include "model-settings.h"

enum { WORDS_MAX = 8 };

static void judge(const struct prediction *prediction)
{
	fuzz_must(prediction->elapsed.min >= 0);
	fuzz_must(prediction->elapsed.max >= prediction->elapsed.min);
	fuzz_must(prediction->n_rounds <= PREDICT_ROUNDS_MAX);
}

static void silent(struct prediction *ret, const struct predict_tcp *tcp)
{
	predict_zero_window(ret, tcp, PREDICT_PEER_SILENT);
}

static void answered(struct prediction *ret, const struct predict_tcp *tcp)
{
	predict_zero_window(ret, tcp, PREDICT_PEER_ANSWERS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const predictors[])(struct prediction * ret,
					  const struct predict_tcp *tcp) = {
		predict_give_up, predict_orphan,  predict_keepalive,
		predict_connect, predict_syn_ack, predict_dropped,
		predict_keepalive_activity, silent, answered,
	};
	char *text = fuzz_text(data, size), *words[WORDS_MAX + 1] = { NULL };
	char *save = NULL, *word = strtok_r(text, "\n", &save);
	static struct prediction prediction;
	struct predict_tcp tcp;

	for (size_t i = 0; word && i < WORDS_MAX; i++) {
		words[i] = word;
		word = strtok_r(NULL, "\n", &save);
	}
	if (model_settings_read(&tcp, words))
		for (size_t i = 0; i < ARRAY_SIZE(predictors); i++) {
			predictors[i](&prediction, &tcp);
			judge(&prediction);
		}
	free(text);
	return 0;
}
