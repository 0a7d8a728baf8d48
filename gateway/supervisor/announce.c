#include "gateway/supervisor/announce.h"

#include <qrencode.h>
#include <string.h>

#define ANNOUNCE_URL (CONFIG_NAME_MAX + CONFIG_BASE_MAX + 32)
#define QUIET 2 /* modules around the code; readers want some, terminals have little room */

static void write_url(const struct config *config, unsigned i, char *room, size_t size)
{
    const char *name = config->public_names.list[i];
    unsigned port = config->public_names.ports[i] ? config->public_names.ports[i] : config->listen.list[0].port;
    bool v6 = strchr(name, ':');
    char behind[8] = "";
    if (port != 443)
        snprintf(behind, sizeof behind, ":%u", port);
    snprintf(room, size, "https://%s%s%s%s%s/", v6 ? "[" : "", name, v6 ? "]" : "", behind, config->base_path);
}

void announce_url(const struct config *config, char *room, size_t size)
{
    write_url(config, 0, room, size);
}

void announce_names(FILE *out, const struct config *config)
{
    char url[ANNOUNCE_URL];
    for (unsigned i = 1; i < config->public_names.n; i++) {
        write_url(config, i, url, sizeof url);
        fprintf(out, "  also         %s\n", url);
    }
}

static bool module(const QRcode *code, int x, int y)
{
    return x >= 0 && y >= 0 && x < code->width && y < code->width && (code->data[y * code->width + x] & 1);
}

/* Two rows in a line of half blocks; light on dark is what most terminals are, and readers take both. */
static void draw(FILE *out, const QRcode *code)
{
    static const char *const blocks[] = {"\u2588", "\u2580", "\u2584", " "};
    for (int y = -QUIET; y < code->width + QUIET; y += 2) {
        for (int x = -QUIET; x < code->width + QUIET; x++)
            fputs(blocks[(module(code, x, y) ? 2 : 0) + (module(code, x, y + 1) ? 1 : 0)], out);
        fputc('\n', out);
    }
}

void announce(FILE *out, const struct config *config, const struct announce_marks *marks, const char *secret, bool qr)
{
    char url[ANNOUNCE_URL], text[ANNOUNCE_URL + 150];
    announce_url(config, url, sizeof url);
    fprintf(out, "\n  page         %s\n  fingerprint  %s (SHA-256 of the certificate)\n", url, marks->fingerprint);
    fprintf(out, "  audit key    %s (write it down: it checks the audit log)\n", marks->audit_key);
    if (secret && *secret)
        fprintf(out, "  set-up       %s (one-time secret; the page asks for it once)\n", secret);
    fputc('\n', out);
    if (qr) {
        snprintf(text, sizeof text, "%s#%s", url, marks->fingerprint);
        QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
        if (code)
            draw(out, code);
        QRcode_free(code);
        fputc('\n', out);
    }
    fflush(out);
}
