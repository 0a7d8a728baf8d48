/* The gateway's messages about the certificate and its key, as an attacker in its place may send them: nothing is
 * signed but digests and blocks of RSA-PSS, no answer is larger than a message, and what is shown is always a
 * certificate. In a folder of its own, because a good certificate would be kept. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/keeper/tls_desk.h"
#include "auth/keeper_tls_wire.h"
#include "core/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tls_identities identities;

static char folder[] = "/tmp/lightsout-fuzz-XXXXXX";
static int here = -1, there = -1; /* the fuzzer's folder, and the keeper's */

static void end(void)
{
    static const char *const files[] = {IDENTITY_KEY_FILE, IDENTITY_CERTIFICATE_FILE, TLS_SET_FILE, TLS_TRIAL_FILE};
    tls_identities_finish(&identities);
    if (fchdir(there) < 0)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        unlink(files[i]);
    rmdir(folder);
}

static void begin(void)
{
    static const char *const names[] = {"kvm.example"};
    char why[KEEPER_MAX_REASON];
    if (identities.n_names)
        return;
    log_set_level(LOG_ERROR);
    here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!mkdtemp(folder) || (there = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 || fchdir(there) < 0 ||
        tls_identities_open(&identities, names, 1, -1, -1, why, sizeof why) < 0)
        abort();
    atexit(end);
    if (fchdir(here) < 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t types[] = {KEEPER_SIGN, KEEPER_CERTIFICATE, KEEPER_CERTIFICATE_TRY, KEEPER_CERTIFICATE_END,
                                     KEEPER_CERTIFICATE_REQUEST};
    uint8_t answer[IPC_MAX_BODY];
    size_t n = 0;
    bool changed;
    begin();
    if (size < 1 || size > IPC_MAX_BODY)
        return 0;
    struct ipc_message message = {.type = types[data[0] % 5], .serial = 1, .body = data + 1, .body_size = size - 1};
    /* a message that names the key in use reaches the signature */
    uint8_t named[IPC_MAX_BODY];
    if (message.type == KEEPER_SIGN && message.body_size > 1 + KEEPER_KEY_ID && (data[0] & 0x80)) {
        memcpy(named, message.body, message.body_size);
        memcpy(named + 1, tls_identities_used(&identities)->fingerprint, KEEPER_KEY_ID);
        message.body = named;
    }
    if (fchdir(there) < 0)
        abort();
    int r = tls_desk_answer(&identities, &message, answer, &n, &changed);
    if (fchdir(here) < 0)
        abort();
    if (r == 0 && (n < 10 || n > sizeof answer))
        abort();
    if (!tls_identities_used(&identities)->pem_size)
        abort();
    return 0;
}
