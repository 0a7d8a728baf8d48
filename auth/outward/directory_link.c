#include "auth/outward/directory_link.h"

#include <errno.h>
#include <lber.h>
#include <openldap.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "auth/outward/directory.h"
#include "auth/outward/directory_ber.h"
#include "auth/outward/directory_dial.h"
#include "auth/outward/directory_tls.h"
#include "core/clock.h"

/* Where libldap would connect by itself, did it ever: nothing can listen there. */
#define NOWHERE "ldapi://%2Fdev%2Fnull"
#define EARLY_US 5000                          /* libldap counts in milliseconds */
#define OID_START_TLS "1.3.6.1.4.1.1466.20037" /* RFC 4511 section 4.14 */

struct directory_link {
    int fd; /* not blocking */
    uint64_t deadline_us;
    SSL *ssl; /* NULL: in the clear */
    LDAP *ldap;
    size_t brought;
    bool broken, nonsense;
    int operation;    /* that is waited for */
    uint8_t *message; /* one whole message, of which libldap has read a part */
    size_t size, at, room;
};

/* ---- bytes ---- */

static bool wait_for(struct directory_link *self, short events)
{
    struct pollfd poll_fd = {.fd = self->fd, .events = events};
    for (;;) {
        uint64_t now = clock_now_us();
        if (now >= self->deadline_us) {
            errno = ETIMEDOUT;
            return false;
        }
        int r = poll(&poll_fd, 1, (int)MIN((self->deadline_us - now) / 1000 + 1, 60000));
        if (r > 0)
            return true;
        if (r < 0 && errno != EINTR)
            return false;
    }
}

/* True: try again. */
static bool tls_again(struct directory_link *self, int r)
{
    switch (SSL_get_error(self->ssl, r)) {
    case SSL_ERROR_WANT_READ:
        return wait_for(self, POLLIN);
    case SSL_ERROR_WANT_WRITE:
        return wait_for(self, POLLOUT);
    default:
        errno = ECONNRESET;
        return false;
    }
}

static ssize_t receive(struct directory_link *self, void *room, size_t size)
{
    for (;;) {
        int r = self->ssl ? SSL_read(self->ssl, room, (int)MIN(size, 1 << 20))
                          : (int)recv(self->fd, room, MIN(size, 1 << 20), 0);
        if (r > 0 || (r == 0 && !self->ssl))
            return r;
        bool again = self->ssl ? tls_again(self, r) : errno == EINTR || (errno == EAGAIN && wait_for(self, POLLIN));
        if (!again)
            return -1;
    }
}

static ssize_t transmit(struct directory_link *self, const void *bytes, size_t size)
{
    for (;;) {
        int r = self->ssl ? SSL_write(self->ssl, bytes, (int)MIN(size, 1 << 20))
                          : (int)send(self->fd, bytes, MIN(size, 1 << 20), MSG_NOSIGNAL);
        if (r > 0)
            return r;
        bool again = self->ssl ? tls_again(self, r) : errno == EINTR || (errno == EAGAIN && wait_for(self, POLLOUT));
        if (!again)
            return -1;
    }
}

static int io_setup(Sockbuf_IO_Desc *desc, void *data)
{
    desc->sbiod_pvt = data;
    return 0;
}

static int io_nothing(Sockbuf_IO_Desc *desc)
{
    (void)desc; /* the link closes its socket itself */
    return 0;
}

/* libldap waits for the socket before it reads: what TLS has decrypted already, and what we hold, must count as there.
 */
static int io_control(Sockbuf_IO_Desc *desc, int option, void *argument)
{
    const struct directory_link *self = desc->sbiod_pvt;
    (void)argument;
    return option == LBER_SB_OPT_DATA_READY && (self->at < self->size || (self->ssl && SSL_pending(self->ssl) > 0));
}

/* Until so many bytes of the message are there. */
static bool fill(struct directory_link *self, size_t wanted)
{
    if (wanted > self->room) {
        uint8_t *room = realloc(self->message, wanted);
        if (!room)
            return false;
        self->message = room;
        self->room = wanted;
    }
    while (self->size < wanted) {
        ssize_t n = receive(self, self->message + self->size, wanted - self->size);
        if (n <= 0)
            return false;
        self->size += (size_t)n;
        self->brought += (size_t)n;
    }
    return self->brought <= DIRECTORY_MOST_BYTES;
}

/* The next one, whole and looked through: what makes no sense never reaches libldap. */
static bool next_message(struct directory_link *self)
{
    size_t whole = 2;
    int r = 1;
    self->at = self->size = 0;
    while (r == 1) {
        if (!fill(self, whole))
            return false;
        r = directory_ber_size(self->message, self->size, DIRECTORY_MOST_ANSWER, &whole);
        whole += r == 1; /* its head goes on */
    }
    if (r == 0 && fill(self, whole) && directory_ber_check(self->message, self->size, self->operation))
        return true;
    self->nonsense = r < 0 || self->size == whole;
    return false;
}

static ber_slen_t io_read(Sockbuf_IO_Desc *desc, void *room, ber_len_t size)
{
    struct directory_link *self = desc->sbiod_pvt;
    if (!self->broken && self->at == self->size)
        self->broken = !next_message(self);
    if (self->broken) {
        errno = ECONNRESET;
        return -1;
    }
    size_t n = MIN(size, self->size - self->at);
    memcpy(room, self->message + self->at, n);
    self->at += n;
    return (ber_slen_t)n;
}

static ber_slen_t io_write(Sockbuf_IO_Desc *desc, void *bytes, ber_len_t size)
{
    struct directory_link *self = desc->sbiod_pvt;
    ssize_t n = self->broken ? -1 : transmit(self, bytes, size);
    if (n <= 0) {
        self->broken = true;
        errno = ECONNRESET;
    }
    return n;
}

static Sockbuf_IO io = {.sbi_setup = io_setup,
                        .sbi_remove = io_nothing,
                        .sbi_ctrl = io_control,
                        .sbi_read = io_read,
                        .sbi_write = io_write,
                        .sbi_close = io_nothing};

/* ---- libldap ---- */

/* ldap.conf and .ldaprc of whoever's this machine is would change what is believed of servers. */
static void read_no_files(void)
{
    LDAPAPIInfo info = {.ldapai_info_version = LDAP_API_INFO_VERSION};
    setenv("LDAPNOINIT", "1", 1);
    if (ldap_get_option(NULL, LDAP_OPT_API_INFO, &info) == LDAP_OPT_SUCCESS) {
        ldap_memfree(info.ldapai_vendor_name);
        ber_memvfree((void **)info.ldapai_extensions);
    }
}

void directory_prepare(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, read_no_files);
}

static int make_ldap(struct directory_link *self)
{
    const int version = LDAP_VERSION3, never = LDAP_DEREF_NEVER;
    ber_len_t most = DIRECTORY_MOST_ANSWER;
    Sockbuf *socket = NULL;
    directory_prepare();
    if (ldap_init_fd(self->fd, LDAP_PROTO_EXT, NOWHERE, &self->ldap) != LDAP_SUCCESS)
        return -ENOMEM;
    if (ldap_set_option(self->ldap, LDAP_OPT_PROTOCOL_VERSION, &version) != LDAP_OPT_SUCCESS ||
        ldap_set_option(self->ldap, LDAP_OPT_DEREF, &never) != LDAP_OPT_SUCCESS ||
        ldap_set_option(self->ldap, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) != LDAP_OPT_SUCCESS ||
        ldap_set_option(self->ldap, LDAP_OPT_RESTART, LDAP_OPT_ON) != LDAP_OPT_SUCCESS ||
        ldap_get_option(self->ldap, LDAP_OPT_SOCKBUF, &socket) != LDAP_OPT_SUCCESS || !socket ||
        ber_sockbuf_add_io(socket, &io, LBER_SBIOD_LEVEL_PROVIDER, self) != 0 ||
        ber_sockbuf_ctrl(socket, LBER_SB_OPT_SET_MAX_INCOMING, &most) != 1)
        return -ENOMEM;
    return 0;
}

LDAP *directory_link_ldap(struct directory_link *self)
{
    return self->broken ? NULL : self->ldap;
}

int directory_link_refused(struct directory_note *note, int code, const char *what)
{
    return directory_fail(note, -EHOSTUNREACH, "The directory could not be asked %s: %s.", what, ldap_err2string(code));
}

static int lost(struct directory_link *self, struct directory_note *note)
{
    bool late = clock_now_us() + EARLY_US >= self->deadline_us;
    self->broken = true;
    if (self->brought > DIRECTORY_MOST_BYTES)
        return directory_fail(note, -EPROTO, "The directory sent more than anybody asked for.");
    if (self->nonsense)
        return directory_fail(note, -EPROTO, "The directory's answer makes no sense.");
    return directory_fail(note, -EHOSTUNREACH, "%s",
                          late ? "The directory did not answer in time." : "The directory broke the connection off.");
}

int directory_link_next(struct directory_link *self, int operation, struct directory_note *note, LDAPMessage **ret)
{
    uint64_t now = clock_now_us();
    uint64_t left = now < self->deadline_us ? self->deadline_us - now : 0;
    struct timeval patience = {.tv_sec = (time_t)(left / 1000000), .tv_usec = (suseconds_t)(left % 1000000)};
    LDAPMessage *message = NULL;
    self->operation = operation;
    int type = self->broken || !left ? -1 : ldap_result(self->ldap, operation, LDAP_MSG_ONE, &patience, &message);
    if (type <= 0 || !message) {
        ldap_msgfree(message);
        return lost(self, note);
    }
    *ret = message;
    return 0;
}

int directory_link_result(struct directory_link *self, LDAPMessage *message, struct directory_note *note, int *ret_code,
                          char *text, size_t text_size)
{
    char *matched = NULL, *said = NULL, **referrals = NULL;
    int code = LDAP_OTHER;
    int r = ldap_parse_result(self->ldap, message, &code, &matched, &said, &referrals, NULL, 1);
    bool referred = code == LDAP_REFERRAL || (referrals && referrals[0]);
    if (text)
        snprintf(text, text_size, "%s", said ? said : "");
    ldap_memfree(matched);
    ldap_memfree(said);
    ldap_memvfree((void **)referrals);
    if (r != LDAP_SUCCESS)
        return directory_fail(note, -EPROTO, "The directory's answer makes no sense.");
    if (referred)
        return directory_fail(note, -EPROTO,
                              "The directory refers to another server, which is never asked: name that one by "
                              "directory-url.");
    *ret_code = code;
    return 0;
}

/* ---- opening ---- */

static int hands_shaken(struct directory_link *self, const struct directory_url *url, const char *authorities,
                        struct directory_note *note)
{
    char why[sizeof note->why];
    if (directory_tls_create(self->fd, url->host, authorities, &self->ssl, why, sizeof why) < 0)
        return directory_fail(note, -EPROTO, "%s", why);
    int r;
    do
        r = SSL_do_handshake(self->ssl);
    while (r != 1 && tls_again(self, r));
    if (r == 1) {
        directory_step(note, "%s with the name %s", SSL_get_version(self->ssl), url->host);
        return 0;
    }
    self->broken = true;
    if (clock_now_us() >= self->deadline_us)
        return directory_fail(note, -EHOSTUNREACH, "The directory did not answer in time.");
    directory_tls_why(self->ssl, url->host, why, sizeof why);
    return directory_fail(note, -EPROTO, "%s", why);
}

/* RFC 4511 section 4.14: nothing else is under way, and what came in the clear behind the answer is no TLS. */
static int start_tls(struct directory_link *self, struct directory_note *note)
{
    int operation = -1, code = LDAP_OTHER;
    LDAPMessage *message = NULL;
    int r = ldap_extended_operation(self->ldap, OID_START_TLS, NULL, NULL, NULL, &operation);
    if (r != LDAP_SUCCESS)
        return directory_link_refused(note, r, "for TLS");
    r = directory_link_next(self, operation, note, &message);
    if (r < 0)
        return r;
    if (ldap_msgtype(message) != LDAP_RES_EXTENDED) {
        ldap_msgfree(message);
        return directory_fail(note, -EPROTO, "The directory's answer to StartTLS makes no sense.");
    }
    r = directory_link_result(self, message, note, &code, NULL, 0);
    if (r < 0)
        return r;
    if (code != LDAP_SUCCESS)
        return directory_fail(note, -EPROTO, "The directory offers no StartTLS (%s), and nothing is told in the clear.",
                              ldap_err2string(code));
    return 0;
}

static int open_link(struct directory_link *self, const struct directory_url *url, const char *authorities,
                     struct directory_note *note)
{
    self->fd = directory_dial(url, self->deadline_us, note);
    if (self->fd < 0)
        return self->fd;
    if (make_ldap(self) < 0)
        return directory_fail(note, -EHOSTUNREACH, "There is no memory for a connection.");
    int r = url->tls ? 0 : start_tls(self, note);
    return r ? r : hands_shaken(self, url, authorities, note);
}

int directory_link_open(const struct directory_url *url, const char *authorities, uint64_t deadline_us,
                        struct directory_note *note, struct directory_link **ret)
{
    struct directory_link *self = calloc(1, sizeof *self);
    if (!self)
        return directory_fail(note, -EHOSTUNREACH, "There is no memory for a connection.");
    self->fd = -1;
    self->deadline_us = deadline_us;
    int r = open_link(self, url, authorities, note);
    if (r < 0)
        directory_link_close(self);
    else
        *ret = self;
    return r;
}

int directory_link_adopt(int fd, uint64_t deadline_us, struct directory_link **ret)
{
    struct directory_link *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->fd = fd;
    self->deadline_us = deadline_us;
    int r = make_ldap(self);
    if (r < 0) {
        self->fd = -1;
        directory_link_close(self);
        return r;
    }
    *ret = self;
    return 0;
}

struct directory_link *directory_link_close(struct directory_link *self)
{
    if (!self)
        return NULL;
    self->deadline_us = 0; /* a farewell is sent if it fits, never waited for */
    if (self->ldap)
        ldap_unbind_ext(self->ldap, NULL, NULL);
    SSL_free(self->ssl);
    if (self->fd >= 0)
        close(self->fd);
    free(self->message);
    free(self);
    return NULL;
}
