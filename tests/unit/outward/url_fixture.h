/* A medium behind a URL of the lying server, and reads of it. */
#pragma once

#include "lying_server/lying_server.h"
#include "media/outward/remote.h"

#define SIZE (3u << 20)
#define URL_PATIENT_S 60 /* as settings.stall_s: a loaded machine is no server that stalls */

struct url_fixture {
    struct loop *loop;
    struct remote_settings settings;
    struct lying_server *server;
    struct lying_ways ways;

    struct remote *remote;
    bool opened;
    int error;
    char why[512];
    struct remote_info info;
    struct source *source;
    enum remote_link link;
    unsigned links; /* how often it changed */
};

/* Loopback is allowed. */
int url_set_up(void **state);
int url_tear_down(void **state);

void url_serve(struct url_fixture *f, const struct lying_ways *ways, bool tls);
void url_serve_differently(struct url_fixture *f);          /* f->ways, from now on */
int url_open_path(struct url_fixture *f, const char *path); /* 0, or the error; waits */
int url_open(struct url_fixture *f, const struct remote_spec *spec);
void url_close(struct url_fixture *f);

/* Its error, after waiting; a read that ends well is compared with the content. */
int url_read_of(struct url_fixture *f, uint64_t offset, size_t length, unsigned version);
#define url_read(f, offset, length) url_read_of(f, offset, length, 0)
void url_turn(struct url_fixture *f, unsigned times);
