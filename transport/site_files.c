/* The page's files, as they were embedded: gzipped, with their own content security policy. Nothing in them is secret,
 * so they are served before login and before set-up. */
#include <string.h>

#include "transport/request.h"

#define COMMON_HEADERS                                                                                                 \
    "X-Content-Type-Options: nosniff\r\n"                                                                              \
    "Referrer-Policy: no-referrer\r\n"                                                                                 \
    "Cross-Origin-Opener-Policy: same-origin\r\n"                                                                      \
    "Cross-Origin-Resource-Policy: same-origin\r\n"

/* 'wasm-unsafe-eval' lets the page compile its decoder and nothing else. No Strict-Transport-Security: with a generated
 * certificate it would take away the browser's way past its own warning. */
const char site_security_headers[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; "
    "style-src 'self'; img-src 'self' blob: data:; media-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri "
    "'none'; "
    "form-action 'none'; frame-ancestors 'none'\r\n" COMMON_HEADERS;

const char api_security_headers[] =
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n" COMMON_HEADERS;

bool site_serve(struct request *self)
{
    const struct server_config *config = &self->server->config;
    if (self->method != ROUTE_GET)
        return false;
    for (size_t i = 0; i < config->n_site; i++)
        if (!strcmp(config->site[i].path, self->path)) {
            request_reply_file(self, &config->site[i]);
            return true;
        }
    return false;
}
