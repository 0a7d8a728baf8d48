/* What stands in a request's headers, checked: pure readers that a fuzzer drives. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/keeper_account.h"

/* A Content-Length of digits alone. -1: not a number (signs, lists, nothing); -2: above limit. */
int64_t request_content_length(const char *text, int64_t limit);

/* The value of the named cookie out of a Cookie header, whole, into room; false when absent, given twice, or too long.
 * Only hex digits are taken: that is all we ever set. */
bool request_cookie(const char *header, const char *name, char *room, size_t size);

/* "Bearer TOKEN" of an Authorization header, where the token is one of our API tokens; else false and "". */
bool request_bearer(const char *header, char room[AUTH_API_TOKEN_MAX]);

/* A User-Agent as it may be kept and shown: printable characters alone, cut at a whole one. */
void request_agent(const char *header, char *room, size_t size);

/* libwebsockets hands out paths and queries already percent-decoded, route_match and route_query decode again. Writes
 * the text so that this second decoding gives it back unchanged. False when it does not fit. */
bool request_reencode(const char *text, size_t length, bool query, char *room, size_t size);

/* "application/json", with or without parameters. */
bool request_is_json(const char *content_type);

/* True when a comma-separated list (If-None-Match, Sec-WebSocket-Protocol) holds the item, or is "*" with star. */
bool request_list_has(const char *list, const char *item, bool star);

/* The answer to a request that came without TLS: a redirect to the same path over https when Host is ours, else 400.
 * Writes at most size bytes, returns how many. 0: the request's head is not complete yet. */
struct authority;
size_t request_redirect(const struct authority *authority, const char *bytes, size_t n, char *room, size_t size);
