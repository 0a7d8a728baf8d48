/* What the files that read a configuration share. */
#pragma once

#include "core/attrs.h"
#include "gateway/config/config_keys.h"

/* target: "" for what is the gateway's. */
void config_mistake(struct config_mistakes *self, int line, const char *target, const char *key, const char *format,
                    ...) attr_printf(5, 6);

/* Adds what was written of a key to what stands there already. False: no memory. */
bool config_said_add(struct config_said *self, enum config_origin origin, const char *text);
bool config_target_said(const struct config_target *self, const char *key);

bool config_target_name_valid(const char *name);
struct config_target *config_target_new(const char *name, int line); /* NULL: no memory */
struct config_target *config_find_target(const struct config *self, const char *name);

/* config_check.c: what no single line shows. page_trusted: dongles that the page made are allowed. */
void config_check(struct config *self, bool trusted, bool page_trusted, struct config_mistakes *mistakes);

/* config_merge.c: what the page has set, below the file. */
struct config_text {
    const char *bytes;
    size_t size;
    bool trusted;
};
struct config_page;

/* Sets what the file leaves open. left_out: by the page's entries in their order. 0 or -ENOMEM. */
int config_merge(struct config *self, const struct config_page *page, const bool *left_out,
                 struct config_mistakes *ignored);

typedef int config_read_fn(const struct config_text *file, const struct config_page *page, const bool *left_out,
                           struct config_mistakes *mistakes, struct config_mistakes *ignored,
                           struct config_mistakes *together, struct config **ret);
/* Both together, without what of the page's makes a mistake of it. The file alone has none. */
int config_settle(const struct config_text *file, const struct config_page *page, config_read_fn *read,
                  struct config_mistakes *ignored, struct config **ret);
