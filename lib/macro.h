/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compiler extensions that the tree uses, each under one name. */
#pragma once

#define MACRO_PRINTF(format_, first_)                                          \
	__attribute__((__format__(__printf__, format_, first_)))
#define MACRO_NORETURN __attribute__((__noreturn__))
#define MACRO_UNUSED __attribute__((__unused__))

/* A condition on which the compiler may rely. */
#define MACRO_ASSUME(truth_)                                                   \
	do {                                                                   \
		if (!(truth_))                                                 \
			__builtin_unreachable();                               \
	} while (0)

/* Calls the function with a pointer to the variable when it leaves its
 * scope. */
#define CLEANUP(fn_) __attribute__((__cleanup__(fn_)))

#define ARRAY_SIZE(array_) (sizeof(array_) / sizeof((array_)[0]))

#define MIN(a_, b_) ((a_) < (b_) ? (a_) : (b_))
#define MAX(a_, b_) ((a_) > (b_) ? (a_) : (b_))

/* Transfers ownership: returns the pointer and sets the variable to NULL. */
#define TAKE(pointer_)                                                         \
	__extension__({                                                        \
		__typeof__(pointer_) take_ = (pointer_);                       \
		(pointer_) = NULL;                                             \
		take_;                                                         \
	})
