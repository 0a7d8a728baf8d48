/* Compiler attributes and checked arithmetic that every folder uses. */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define attr_cleanup(f) __attribute__((cleanup(f)))
#define attr_printf(fmt, args) __attribute__((format(printf, fmt, args)))
#define attr_nonnull __attribute__((nonnull))
#define attr_must_check __attribute__((warn_unused_result))
#define attr_unused __attribute__((unused))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* The object of which *ptr is the named member. */
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* Takes the value out of a pointer variable and leaves NULL there: `return take(x);` moves ownership. */
#define take(ptr)                                                                                                      \
    ({                                                                                                                 \
        __typeof__(ptr) taken_ = (ptr);                                                                                \
        (ptr) = NULL;                                                                                                  \
        taken_;                                                                                                        \
    })

/* True on overflow; *ret is then undefined. */
#define add_overflows(a, b, ret) __builtin_add_overflow(a, b, ret)
#define mul_overflows(a, b, ret) __builtin_mul_overflow(a, b, ret)
