/* A set of curl transfers on our loop: sockets and timers of the multi interface. One set for each medium, so that no
 * connection is ever shared between two (and between two users' credentials). */
#pragma once

#include <curl/curl.h>

#include "core/loop.h"

struct url_multi;

struct url_multi_owner {
    void (*finished)(void *data, CURL *easy, CURLcode code); /* it is out of the set; may be added again */
    void (*settled)(void *data); /* curl is done for now and may be called; last thing in a callback of the loop's */
};

int url_multi_create(struct loop *loop, const struct url_multi_owner *owner, void *data, struct url_multi **ret);
struct url_multi *url_multi_destroy(
    struct url_multi *self); /* transfers were removed; NULL allowed; not in callbacks */

int url_multi_add(struct url_multi *self, CURL *easy);     /* not in `finished` */
void url_multi_remove(struct url_multi *self, CURL *easy); /* the same */
