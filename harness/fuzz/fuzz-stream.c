/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stream from a guest, in two pieces, printed in every format. */
#include <errno.h>
#include <stdio.h>

#include "case-table.h"
#include "fake.h"
#include "fuzz.h"
#include "selection.h"
#include "stream.h"

static void read_stream(const char *bytes, size_t size, const char *format)
{
	struct run_job job = { testcases[FAKE_DATA],
			       testcases[FAKE_DATA]->variants, 1, 1 };
	const struct selection selection = { .jobs = &job, .n = 1 };
	struct report_tally tally = { 0 };
	struct stream *stream;
	char *text = NULL;
	size_t text_size, half = size / 2;
	struct report report = { .reporter = reporter_find(format),
				 .out = open_memstream(&text, &text_size),
				 .columns = 80 };
	int r;

	report.info.version = report.info.kernel = "?";
	fuzz_must(report.out);
	fuzz_must(stream_new(&stream, &report, selection.jobs, selection.n, 0,
			     NULL) == 0);
	r = stream_take(stream, bytes, half);
	if (r >= 0)
		r = stream_take(stream, bytes + half, size - half);
	fuzz_must(r == 0 || r == -EBADMSG);
	stream_finish(stream, "the guest ended", &tally);
	fuzz_must(stream_result(stream, &job));
	fclose(report.out);
	free(text);
	report_deinit(&report);
	stream_free(stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const formats[] = { "human", "ktap", "junit",
					       "jsonl" };

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		read_stream((const char *)data, size, formats[i]);
	return 0;
}
