/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The compiler's extensions that the tree uses, each under one name. */
#pragma once

#define MACRO_PRINTF(format_, first_)                                          \
	__attribute__((__format__(__printf__, format_, first_)))
#define MACRO_NORETURN __attribute__((__noreturn__))
#define MACRO_UNUSED __attribute__((__unused__))

/* What the compiler cannot see and may rely on. */
#define MACRO_ASSUME(truth_)                                                   \
	do {                                                                   \
		if (!(truth_))                                                 \
			__builtin_unreachable();                               \
	} while (0)

/* The function gets a pointer to the variable when it goes out of scope. */
#define CLEANUP(fn_) __attribute__((__cleanup__(fn_)))

#define ARRAY_SIZE(array_) (sizeof(array_) / sizeof((array_)[0]))

#define MIN(a_, b_) ((a_) < (b_) ? (a_) : (b_))
#define MAX(a_, b_) ((a_) > (b_) ? (a_) : (b_))

/* Hand over a pointer: the variable is NULL afterwards. */
#define TAKE(pointer_)                                                         \
	__extension__({                                                        \
		__typeof__(pointer_) take_ = (pointer_);                       \
		(pointer_) = NULL;                                             \
		take_;                                                         \
	})
