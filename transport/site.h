/* The page's files, made into C arrays at build time (html5-client/embed). */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct site_file {
    const char *path; /* "/", "/console.js" */
    const char *content_type;
    const char *etag;    /* quoted */
    const uint8_t *gzip; /* gzipped bytes */
    size_t gzip_size;
};
