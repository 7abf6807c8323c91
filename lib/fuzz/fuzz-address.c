/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of an address: what is accepted is printed and parsed again. */
#include <errno.h>

#include "address.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), written[ADDRESS_TEXT];
	struct address address = { .family = 77 }, again;
	int r = address_parse(&address, text);

	if (r < 0) {
		fuzz_must(r == -EINVAL && address.family == 77);
	} else {
		address_text(&address, written);
		fuzz_must(address_parse(&again, written) == 0);
		fuzz_must(address_equal(&address, &again));
	}
	free(text);
	return 0;
}
