/* What a directory may send: the first byte chooses a login, a look, or a name; the rest is what the server says, all
 * at once, whatever it is asked. Only an answer that a server with the right password could have given opens anything.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auth/outward/directory.h"
#include "auth/outward/directory_text.h"
#include "auth/outward/directory_url.h"
#include "core/clock.h"
#include "core/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define PATIENCE_US 200000 /* the end of the bytes is there at once */

static void converse(uint16_t type, unsigned way, const uint8_t *bytes, size_t size)
{
    static struct errand_question question;
    static struct errand_entry entry;
    struct errand_directory *d = &question.directory;
    int pair[2];
    question = (struct errand_question){.user = "ada"};
    d->n_urls = 1;
    text_copy(d->base, sizeof d->base, "dc=x");
    text_copy(d->user_filter, sizeof d->user_filter, "(uid=%u)");
    text_copy(d->user_dn, sizeof d->user_dn, way & 1 ? "uid=%u,dc=x" : "");
    text_copy(d->group_base, sizeof d->group_base, way & 2 ? "dc=g" : "");
    text_copy(d->group_filter, sizeof d->group_filter, way & 2 ? "(member=%d)" : "");
    text_copy(d->bind_dn, sizeof d->bind_dn, way & 4 ? "cn=r" : "");
    text_copy(d->bind_password, sizeof d->bind_password, way & 4 ? "r" : "");
    d->groups.n = 1;
    text_copy(d->groups.list[0], sizeof d->groups.list[0], "cn=a,dc=g");
    if (type == ERRAND_DIRECTORY_LOGIN)
        text_copy(question.password, sizeof question.password, "p");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
        return;
    ssize_t sent = send(pair[1], bytes, size, MSG_NOSIGNAL);
    shutdown(pair[1], SHUT_WR);
    if (sent >= 0)
        directory_ask_over(type, &question, pair[0], clock_now_us() + PATIENCE_US, &entry);
    else
        close(pair[0]);
    close(pair[1]);
    if (sent >= 0 && entry.error == 0 && (!entry.dn[0] || entry.groups.n > 1))
        abort();
    if (sent >= 0 && entry.error && (entry.dn[0] || entry.groups.n || !entry.why[0]))
        abort();
}

static void name(const uint8_t *bytes, size_t size)
{
    char text[600], room[2000], again[2000];
    struct directory_url url;
    if (size >= sizeof text || memchr(bytes, 0, size))
        return;
    memcpy(text, bytes, size);
    text[size] = '\0';
    directory_url_parse(text, &url);
    directory_filter(text, "u*", "cn=d", room, sizeof room);
    directory_filter("(x=%u)", text, NULL, room, sizeof room);
    directory_user_dn("uid=%u,dc=x", text, room, sizeof room);
    /* one spelling is its own spelling */
    if (directory_dn_canonical(text, room, sizeof room) && strlen(room) < 512 &&
        (!directory_dn_canonical(room, again, sizeof again) || strcmp(room, again) != 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static bool ready;
    if (!ready)
        signal(SIGPIPE, SIG_IGN);
    ready = true;
    if (size < 1 || size > 65536)
        return 0;
    if (bytes[0] & 0x80)
        name(bytes + 1, size - 1);
    else
        converse(bytes[0] & 0x40 ? ERRAND_DIRECTORY_LOOK : ERRAND_DIRECTORY_LOGIN, bytes[0], bytes + 1, size - 1);
    return 0;
}
