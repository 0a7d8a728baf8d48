/* Scope cleanup for what the C library hands out (STYLE rule 12). Our own types have their own *_destroyp. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/attrs.h"

static inline void cleanup_free(void *p)
{
    free(*(void **)p);
}

static inline void cleanup_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void cleanup_fclose(FILE **f)
{
    if (*f)
        fclose(*f);
}

#define _cleanup_free_ attr_cleanup(cleanup_free)
#define _cleanup_close_ attr_cleanup(cleanup_close)
#define _cleanup_fclose_ attr_cleanup(cleanup_fclose)

/* Takes a descriptor out of its variable and leaves -1 there. */
static inline int take_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

/* Defines NAME_destroyp for attr_cleanup from a `type *NAME_destroy(type *)`. */
/* NOLINTBEGIN(bugprone-macro-parentheses): a type cannot stand in parentheses here */
#define DEFINE_CLEANUP(type, destroy)                                                                                  \
    static inline void destroy##p(type **p)                                                                            \
    {                                                                                                                  \
        if (*p)                                                                                                        \
            destroy(*p);                                                                                               \
    }
/* NOLINTEND(bugprone-macro-parentheses) */
