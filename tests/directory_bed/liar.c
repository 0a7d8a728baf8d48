#include "directory_bed/liar.h"

#include <arpa/inet.h>
#include <errno.h>
#include <lber.h>
#include <ldap.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lying_server/lying_tls.h"

#define MOST_CONNECTIONS 256
#define TAG_EXTENDED_OID 0x80u

struct liar {
    enum lies lies;
    bool tls;
    SSL_CTX *context;
    char *authority, url[64];
    int fd;
    pthread_t thread, served[MOST_CONNECTIONS];
    unsigned n_served;
    atomic_uint connections;
    atomic_bool stop, clear;
};

struct talk {
    struct liar *liar;
    int fd;
    SSL *ssl;
    char bound[256]; /* "": nobody */
    unsigned groups;
};

/* ---- bytes ---- */

/* Waits in small steps, so that a liar can be stopped at any time. */
static bool readable(const struct talk *self)
{
    struct pollfd fd = {.fd = self->fd, .events = POLLIN};
    if (self->ssl && SSL_pending(self->ssl))
        return true;
    while (!self->liar->stop)
        if (poll(&fd, 1, 50) > 0)
            return true;
    return false;
}

static int get(struct talk *self, void *room, int size)
{
    if (!readable(self))
        return -1;
    return self->ssl ? SSL_read(self->ssl, room, size) : (int)recv(self->fd, room, (size_t)size, 0);
}

static bool put(struct talk *self, const void *bytes, size_t size)
{
    if (self->liar->stop || size == 0)
        return false;
    return (self->ssl ? SSL_write(self->ssl, bytes, (int)size) : (int)send(self->fd, bytes, size, MSG_NOSIGNAL)) ==
           (int)size;
}

/* One message, as BER has it with a length of any kind. Its size, or 0. */
static size_t get_message(struct talk *self, unsigned char *room, size_t size)
{
    size_t n = 0, whole = 2;
    while (n < whole) {
        if (whole > size || get(self, room + n, 1) != 1)
            return 0;
        n++;
        if (n == 2 && room[1] & 0x80)
            whole = 2 + (room[1] & 0x7f);
        else if (n == 2)
            whole = 2u + room[1];
        if (n > 2 && (room[1] & 0x80) && n == 2u + (room[1] & 0x7f)) {
            size_t length = 0;
            for (size_t i = 2; i < n; i++)
                length = length << 8 | room[i];
            whole = n + length;
        }
    }
    return n;
}

static bool put_ber(struct talk *self, BerElement *ber)
{
    struct berval flat = {0};
    bool good = ber_flatten2(ber, &flat, 0) == 0;
    if (good && self->liar->lies == LIES_CLOSES) {
        put(self, flat.bv_val, flat.bv_len / 2);
        good = false;
    } else if (good && self->liar->lies == LIES_DRIPS) {
        for (size_t i = 0; good && i < flat.bv_len; i++, usleep(100000))
            good = put(self, flat.bv_val + i, 1);
    } else if (good) {
        good = put(self, flat.bv_val, flat.bv_len);
    }
    ber_free(ber, 1);
    return good;
}

/* ---- answers ---- */

static bool result(struct talk *self, int id, ber_tag_t tag, int code)
{
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    if (self->liar->lies == LIES_WRONG_NUMBER)
        id += 1000;
    if (code == LDAP_REFERRAL)
        ber_printf(ber, "{it{esst{s}}}", id, tag, code, "", "", (ber_tag_t)0xa3, "ldap://127.0.0.1:1/");
    else
        ber_printf(ber, "{it{ess}}", id, tag, code, "", "");
    return put_ber(self, ber);
}

static bool entry(struct talk *self, int id, const char *dn, const char *attribute, const char *value)
{
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    if (self->liar->lies == LIES_WRONG_NUMBER)
        id += 1000;
    ber_printf(ber, "{it{s{{s[s]}{s[s]}}}}", id, (ber_tag_t)LDAP_RES_SEARCH_ENTRY, dn, "uid", "ada", attribute, value);
    return put_ber(self, ber);
}

static bool endless_values(struct talk *self)
{
    /* a sequence of the longest length that libldap may believe, then octets */
    static const unsigned char head[] = {0x30, 0x84, 0x00, 0x1f, 0xff, 0x00};
    static const unsigned char value[64] = {0x04, 62};
    bool good = put(self, head, sizeof head);
    while (good)
        good = put(self, value, sizeof value);
    return good;
}

static bool who(struct talk *self, int id)
{
    enum lies lies = self->liar->lies;
    char identity[300];
    if (lies == LIES_NO_WHO || lies == LIES_ANY_UNTOLD)
        return result(self, id, LDAP_RES_EXTENDED, LDAP_PROTOCOL_ERROR);
    snprintf(identity, sizeof identity, "%s%s", self->bound[0] ? "dn:" : "", self->bound);
    if (lies == LIES_ANOTHER)
        snprintf(identity, sizeof identity, "dn:uid=bob,ou=people,dc=example,dc=org");
    if (lies == LIES_WINDOWS)
        snprintf(identity, sizeof identity, "u:EXAMPLE\\ada");
    if (lies == LIES_ANY_PASSWORD)
        identity[0] = '\0';
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    ber_printf(ber, "{it{essts}}", id, (ber_tag_t)LDAP_RES_EXTENDED, 0, "", "", (ber_tag_t)0x8b, identity);
    return put_ber(self, ber);
}

static bool bind_as(struct talk *self, int id, const char *dn, const char *password)
{
    enum lies lies = self->liar->lies;
    bool right = strcasecmp(dn, LIAR_DN) == 0 && strcmp(password, LIAR_PASSWORD) == 0;
    bool known = !*dn || right || strncmp(dn, "cn=reader", 9) == 0;
    if (!self->ssl && *password)
        self->liar->clear = true;
    if (lies == LIES_WRONG_KIND)
        return result(self, id, LDAP_RES_SEARCH_RESULT, 0);
    if (lies == LIES_BUSY || lies == LIES_REFERRAL)
        return result(self, id, LDAP_RES_BIND, lies == LIES_BUSY ? LDAP_BUSY : LDAP_REFERRAL);
    known |= lies == LIES_ANY_PASSWORD || lies == LIES_ANY_UNTOLD;
    snprintf(self->bound, sizeof self->bound, "%s", known ? dn : "");
    return result(self, id, LDAP_RES_BIND, known ? LDAP_SUCCESS : LDAP_INVALID_CREDENTIALS);
}

static bool search(struct talk *self, int id, const char *base)
{
    enum lies lies = self->liar->lies;
    bool good = true;
    char name[128];
    if (lies == LIES_GROUPS && strncmp(base, "cn=", 3) == 0) {
        for (int i = 0; good && i < 2; i++) {
            snprintf(name, sizeof name, "cn=g%u,ou=groups", self->groups++);
            good = entry(self, id, base, "memberOf", name);
            break; /* a base holds one entry: each group is in a new one */
        }
        return good && result(self, id, LDAP_RES_SEARCH_RESULT, 0);
    }
    if (lies == LIES_ENDLESS_VALUES)
        return endless_values(self);
    if (lies == LIES_REFERENCE) {
        BerElement *ber = ber_alloc_t(LBER_USE_DER);
        ber_printf(ber, "{it{s}}", id, (ber_tag_t)LDAP_RES_SEARCH_REFERENCE, "ldap://127.0.0.1:1/dc=elsewhere");
        good = put_ber(self, ber);
    }
    good = good && entry(self, id, LIAR_DN, lies == LIES_CUT_VALUES ? "memberOf;range=0-1499" : "memberOf", LIAR_GROUP);
    if (lies == LIES_TWO)
        good = good && entry(self, id, "uid=ada,ou=others,dc=example,dc=org", "cn", "x");
    while (good && lies == LIES_ENDLESS)
        good = entry(self, id, LIAR_DN, "cn", "x");
    return good && result(self, id, LDAP_RES_SEARCH_RESULT, 0);
}

/* ---- the conversation ---- */

static bool begin_tls(struct talk *self)
{
    self->ssl = SSL_new(self->liar->context);
    SSL_set_fd(self->ssl, self->fd);
    return readable(self) && SSL_accept(self->ssl) == 1;
}

static bool extended(struct talk *self, int id, const char *oid)
{
    enum lies lies = self->liar->lies;
    if (strcmp(oid, LDAP_EXOP_WHO_AM_I) == 0)
        return who(self, id);
    if (self->ssl || lies == LIES_NO_START)
        return result(self, id, LDAP_RES_EXTENDED, LDAP_PROTOCOL_ERROR);
    bool good = result(self, id, LDAP_RES_EXTENDED, 0);
    if (lies == LIES_INJECTS)
        good = good && result(self, id + 1, LDAP_RES_BIND, 0);
    return good && (lies == LIES_STRIPS || begin_tls(self));
}

static bool serve_one(struct talk *self, unsigned char *bytes, size_t size)
{
    struct berval whole = {.bv_val = (char *)bytes, .bv_len = size};
    BerElement *ber = ber_init(&whole);
    ber_int_t id, version;
    char *text = NULL, *password = NULL;
    bool good = ber && ber_scanf(ber, "{i", &id) != LBER_ERROR;
    ber_len_t length;
    ber_tag_t tag = good ? ber_peek_tag(ber, &length) : LBER_ERROR;
    if (tag == LDAP_REQ_BIND)
        good = ber_scanf(ber, "{iat", &version, &text, &tag) != LBER_ERROR &&
               ber_scanf(ber, "a", &password) != LBER_ERROR && bind_as(self, id, text, password);
    else if (tag == LDAP_REQ_SEARCH)
        good = ber_scanf(ber, "{a", &text) != LBER_ERROR && search(self, id, text);
    else if (tag == LDAP_REQ_EXTENDED)
        good = ber_scanf(ber, "{a", &text) != LBER_ERROR && extended(self, id, text);
    else
        good = false;
    ber_memfree(text);
    ber_memfree(password);
    ber_free(ber, 1);
    return good;
}

/* What is said without having been asked: false: and nothing more. */
static bool greet(struct talk *self)
{
    static const unsigned char huge[] = {0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0x02, 0x01, 0x01};
    static const unsigned char deep[] = {0x30, 0x0c, 0x02, 0x01, 0x01, 0x61, 0x40,
                                         0x0a, 0x01, 0x00, 0x04, 0x7f, 0x04, 0x7f};
    unsigned char garbage[4096];
    BerElement *ber;
    switch (self->liar->lies) {
    case LIES_SILENT_LATER:
        while (!self->liar->stop)
            usleep(20000);
        return false;
    case LIES_HUGE:
        return put(self, huge, sizeof huge);
    case LIES_DEEP:
        return put(self, deep, sizeof deep);
    case LIES_GARBAGE:
        for (size_t i = 0; i < sizeof garbage; i++)
            garbage[i] = (unsigned char)(i * 2654435761u >> 11);
        return put(self, garbage, sizeof garbage);
    case LIES_EARLY:
        for (int id = 1; id < 8; id++)
            if (!result(self, id, LDAP_RES_BIND, 0) || !entry(self, id, LIAR_DN, "cn", "x") ||
                !result(self, id, LDAP_RES_SEARCH_RESULT, 0))
                return false;
        return true;
    case LIES_NOTICE:
        ber = ber_alloc_t(LBER_USE_DER);
        ber_printf(ber, "{it{essts}}", 0, (ber_tag_t)LDAP_RES_EXTENDED, LDAP_UNAVAILABLE, "", "", (ber_tag_t)0x8a,
                   LDAP_NOTICE_OF_DISCONNECTION);
        put_ber(self, ber);
        return false;
    default:
        return true;
    }
}

static void *talk_main(void *data)
{
    struct talk *self = data;
    unsigned char room[8192];
    struct liar *liar = self->liar;
    if (liar->lies == LIES_SILENT)
        while (!liar->stop)
            usleep(20000);
    bool good = !liar->stop && (!liar->tls || begin_tls(self)) && greet(self);
    while (good) {
        size_t n = get_message(self, room, sizeof room);
        good = n && serve_one(self, room, n);
    }
    SSL_free(self->ssl);
    close(self->fd);
    free(self);
    return NULL;
}

static void *listen_main(void *data)
{
    struct liar *self = data;
    struct pollfd fd = {.fd = self->fd, .events = POLLIN};
    while (!self->stop) {
        if (poll(&fd, 1, 50) <= 0)
            continue;
        int one = accept4(self->fd, NULL, NULL, SOCK_CLOEXEC);
        struct talk *talk = one >= 0 && self->n_served < MOST_CONNECTIONS ? calloc(1, sizeof *talk) : NULL;
        if (!talk) {
            close(one);
            continue;
        }
        const struct timeval patience = {.tv_sec = 1};
        const int yes = 1;
        setsockopt(one, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        setsockopt(one, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        setsockopt(one, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        *talk = (struct talk){.liar = self, .fd = one};
        self->connections++;
        pthread_create(&self->served[self->n_served++], NULL, talk_main, talk);
    }
    return NULL;
}

struct liar *liar_start(enum lies lies, bool tls)
{
    struct liar *self = calloc(1, sizeof *self);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    self->lies = lies;
    self->tls = tls;
    self->context = lying_tls_create(&self->authority);
    if (lies == LIES_OLD_TLS) {
        SSL_CTX_set_security_level(self->context, 0);
        SSL_CTX_set_max_proto_version(self->context, TLS1_1_VERSION);
    }
    self->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bind(self->fd, (struct sockaddr *)&address, size);
    listen(self->fd, 64);
    getsockname(self->fd, (struct sockaddr *)&address, &size);
    snprintf(self->url, sizeof self->url, "%s://127.0.0.1:%u", tls ? "ldaps" : "ldap", ntohs(address.sin_port));
    pthread_create(&self->thread, NULL, listen_main, self);
    return self;
}

void liar_stop(struct liar *self)
{
    if (!self)
        return;
    self->stop = true;
    pthread_join(self->thread, NULL);
    for (unsigned i = 0; i < self->n_served; i++)
        pthread_join(self->served[i], NULL);
    close(self->fd);
    SSL_CTX_free(self->context);
    free(self->authority);
    free(self);
}

const char *liar_url(const struct liar *self)
{
    return self->url;
}

const char *liar_authority(const struct liar *self)
{
    return self->authority;
}

unsigned liar_connections(struct liar *self)
{
    return self->connections;
}

bool liar_heard_in_the_clear(struct liar *self)
{
    return self->clear;
}
