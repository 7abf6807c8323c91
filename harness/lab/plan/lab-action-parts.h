/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands behind the verbs, for the table of lab-action.c. */
#pragma once

#include "lab-phrases.h"

int lab_host_read(struct lab_lex *lex, struct lab_action *action);

/* Each pair reads what follows the verb, and says it, with a blank before. */
#define LAB_PHRASE(name_)                                                      \
	int lab_##name_##_read(struct lab_lex *lex,                            \
			       struct lab_action *action);                     \
	void lab_##name_##_say(FILE *out, const struct lab_action *action)

LAB_PHRASE(kill);
LAB_PHRASE(run);
LAB_PHRASE(set);
LAB_PHRASE(note);
LAB_PHRASE(inject);
LAB_PHRASE(listen);
LAB_PHRASE(connect);
LAB_PHRASE(send);
LAB_PHRASE(user_timeout);
