/* Macros of a target as REST sees them: kept, run and stopped by the gateway. Net thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct auth_session;
struct target;

/* Steps of the pointer that are done once: what they pressed is released at the end. */
struct api_gesture {
    json_t *steps; /* borrowed */
    struct auth_session *session;
    bool force; /* past who holds the seat */
    /* Once, after 0, and not before that was returned. why: a sentence. -EPERM: the session may not type any more;
     * -ENODEV: it was stopped, because the target goes or nobody waits; others as the port gave them. */
    void (*done)(void *data, int error, const char *why);
    void *data;
};

struct api_macros_ops {
    /* {"macros":[...],"running":...,"last":...} as docs/api.md says; a new reference, NULL: no memory. */
    json_t *(*list)(struct target *target);
    json_t *(*running)(struct target *target); /* what runs, or null */
    /* One of them, as it was put, with its name. NULL: there is none of that name (or no memory). */
    json_t *(*get)(struct target *target, const char *name);
    /* Borrows macro. 1: it is new; 0: it takes the place of the former one. -EINVAL with a sentence in why; -E2BIG: too
     * many or too large all together; -EEXIST: only_new and it is there; other errors: it could not be written down. */
    int (*put)(struct target *target, const char *name, json_t *macro, bool only_new, char *why, size_t why_size);
    int (*remove)(struct target *target, const char *name); /* -ENOENT; one that runs is stopped */
    /* times -1: as the macro says; 0: until it is stopped. -ENOENT; -EBUSY: one runs already; -ENODEV: no keyboard;
     * -EINVAL, -ENOMEM with why. Whether the session may type is the caller's to look at; the run looks again at every
     * step. */
    int (*run)(struct target *target, const char *name, struct auth_session *session, long times, char *why,
               size_t why_size);
    /* 0; -EBUSY: one is under way; -ENODEV: no pointer; -EINVAL, -ENOMEM; with a sentence in why. */
    int (*point)(struct target *target, const struct api_gesture *gesture, char *why, size_t why_size);
    void (*point_stop)(struct target *target); /* the one that is under way; done comes at once */
    bool (*stop)(struct target *target);       /* at once, with all it pressed; false: none runs */
};
