/* lightsout audit verify: of the running gateway, of a copy of the keeper's store, or of an export. Works without a
 * gateway when a file is given. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "auth/audit/copy.h"
#include "auth/audit/outside.h"
#include "core/attrs.h"
#include "core/cleanup.h"
#include "gateway/cli/cli.h"

struct verify {
    struct audit_check check;
    struct audit_outside *outside;
    const char *path; /* NULL: the running gateway */
};

/* ---- options ---- */

static bool read_key(const char *hex, uint8_t ret[AUDIT_KEY])
{
    if (strspn(hex, "0123456789abcdefABCDEF") != 2 * AUDIT_KEY ||
        hex[2 * AUDIT_KEY + strspn(hex + 2 * AUDIT_KEY, " \r\n")] != '\0')
        return false;
    for (unsigned i = 0; i < AUDIT_KEY; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        ret[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return true;
}

static bool first_line(const char *path, char *room, size_t size)
{
    _cleanup_fclose_ FILE *file = fopen(path, "r");
    return file && fgets(room, (int)size, file);
}

static bool add_key(struct verify *self, const char *value)
{
    char room[256];
    struct audit_check *check = &self->check;
    if (check->n_keys == AUDIT_CHECK_KEYS ||
        !(read_key(value, check->keys[check->n_keys]) ||
          (first_line(value, room, sizeof room) && read_key(room, check->keys[check->n_keys])))) {
        cli_error("--key wants 64 hexadecimal digits, as 'lightsout audit key' prints them, or a file with them");
        return false;
    }
    check->n_keys++;
    return true;
}

static bool add_mac_key(struct verify *self, const char *path)
{
    char room[256], *colon;
    bool good = first_line(path, room, sizeof room) && (colon = strchr(room, ':')) &&
                read_key(colon + 1, self->check.mac_key) && (self->check.mac_from = strtoull(room, NULL, 10)) > 0;
    if (!good)
        cli_error("--mac-key wants a file with NUMBER:KEY, as 'lightsout audit mac-key' printed it");
    return good;
}

static bool add_outside(struct verify *self, const char *path)
{
    _cleanup_fclose_ FILE *file = fopen(path, "r");
    _cleanup_free_ char *line = NULL;
    size_t room = 0;
    ssize_t size;
    uint64_t lines = 0, heads = 0;
    if (!file || (!self->outside && audit_outside_create(&self->outside) < 0)) {
        cli_error("'%s' cannot be read: %m", path);
        return false;
    }
    while ((size = getline(&line, &room, file)) >= 0)
        if (audit_outside_add(self->outside, line, (size_t)size) < 0)
            return false;
    audit_outside_ready(self->outside, &lines, &heads);
    if (!lines && !heads)
        cli_error("'%s' holds neither lines nor heads of an audit log", path);
    return lines || heads;
}

static bool read_arguments(struct verify *self, int argc, char **argv)
{
    static const struct {
        const char *name;
        bool (*add)(struct verify *self, const char *value);
    } options[] = {{"--key", add_key}, {"--mac-key", add_mac_key}, {"--against", add_outside}};
    for (int i = 0; i < argc; i++) {
        unsigned k = 0;
        while (k < ARRAY_SIZE(options) && strcmp(argv[i], options[k].name) != 0)
            k++;
        if (k < ARRAY_SIZE(options) && i + 1 < argc) {
            if (!options[k].add(self, argv[++i]))
                return false;
        } else if (k == ARRAY_SIZE(options) && (argv[i][0] != '-' || !argv[i][1]) && !self->path) {
            self->path = argv[i];
        } else {
            cli_error("audit verify: '%s' is not understood; see lightsout --help", argv[i]);
            return false;
        }
    }
    return true;
}

/* ---- reading ---- */

static int verify_text(struct verify *self, FILE *file)
{
    _cleanup_free_ char *line = NULL;
    size_t room = 0;
    ssize_t size;
    for (unsigned long n = 1; (size = getline(&line, &room, file)) >= 0; n++) {
        struct audit_object object;
        while (size && (line[size - 1] == '\n' || line[size - 1] == '\r'))
            size--;
        if (!size)
            continue;
        if (!audit_json_read(line, (size_t)size, &object)) {
            audit_check_found(&self->check, self->check.at.number + 1,
                              "line %lu of the file, behind line %llu of the log, is no object of an audit log", n,
                              (unsigned long long)self->check.at.number);
            continue;
        }
        audit_check_object(&self->check, &object);
        if (self->outside)
            audit_outside_compare(self->outside, &self->check, &object);
    }
    if (self->outside)
        audit_outside_end(self->outside, &self->check);
    audit_check_end(&self->check, NULL);
    return ferror(file) ? CLI_REFUSED : CLI_OK;
}

static int verify_online(struct verify *self, struct cli *cli)
{
    _cleanup_fclose_ FILE *file = tmpfile();
    if (!file) {
        cli_error("no temporary file can be made: %m");
        return CLI_REFUSED;
    }
    int r = cli_audit_fetch(cli, file);
    rewind(file);
    return r == CLI_OK ? verify_text(self, file) : r;
}

static int verify_store(struct verify *self)
{
    struct audit_copy copy;
    char why[512] = "";
    int r = audit_copy_open(&copy, self->path, why, sizeof why);
    if (r == 0) {
        r = audit_copy_check(&copy, &self->check, self->outside);
        if (r < 0) { /* pages that SQLite cannot read are a change as well */
            audit_check_found(&self->check, self->check.at.number + 1, "behind line %llu the store cannot be read",
                              (unsigned long long)self->check.at.number);
            r = 0;
        }
        audit_copy_close(&copy);
    } else {
        cli_error("%s", why);
    }
    return r < 0 ? CLI_REFUSED : CLI_OK;
}

static int verify_file(struct verify *self)
{
    char magic[16] = "";
    if (strcmp(self->path, "-") == 0)
        return verify_text(self, stdin);
    _cleanup_fclose_ FILE *file = fopen(self->path, "r");
    if (!file) {
        cli_error("'%s' cannot be read: %m", self->path);
        return CLI_REFUSED;
    }
    if (fread(magic, 1, sizeof magic, file) == sizeof magic && memcmp(magic, "SQLite format 3", sizeof magic) == 0)
        return verify_store(self);
    rewind(file);
    return verify_text(self, file);
}

/* ---- the verdict ---- */

static void print_json(const struct audit_check *c)
{
    json_t *out = json_pack("{s:s, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "verdict",
                            c->verdict == AUDIT_FINE          ? "fine"
                            : c->verdict == AUDIT_UNKNOWN_KEY ? "unknown-key"
                                                              : "changed",
                            "line", (json_int_t)c->line, "why", c->why, "lines", (json_int_t)c->n_lines, "heads",
                            (json_int_t)c->n_heads + (json_int_t)c->n_milestones, "first", (json_int_t)c->first,
                            "newest", (json_int_t)c->newest, "signed", (json_int_t)c->signed_until, "macs",
                            (json_int_t)c->n_macs, "key_given", c->n_keys > 0);
    cli_print_json(out);
    json_decref(out);
}

static void print_words(const struct audit_check *c)
{
    if (c->verdict != AUDIT_FINE) {
        printf("NOT as it was written: %s.\n", c->why);
        return;
    }
    printf("%llu lines, %llu to %llu, are as they were written; %llu signed heads.\n", (unsigned long long)c->n_lines,
           (unsigned long long)c->first, (unsigned long long)c->newest,
           (unsigned long long)c->n_heads + (unsigned long long)c->n_milestones);
    if (c->at.number > c->signed_until)
        printf("Lines %llu to %llu follow, but are not signed yet: the last minute of a running keeper, or of one that "
               "was killed.\n",
               (unsigned long long)c->signed_until + 1, (unsigned long long)c->at.number);
    if (c->n_macs)
        printf("%llu lines have the right MAC.\n", (unsigned long long)c->n_macs);
    if (!c->n_keys) {
        printf(
            "No key was given (--key): this says only that the log agrees with itself and with its own first key,\n");
        for (unsigned i = 0; i < AUDIT_KEY; i++)
            printf("%02x", c->root[i]);
        printf("\n");
    }
}

int cli_audit_verify(struct cli *cli, int argc, char **argv)
{
    struct verify *self = calloc(1, sizeof *self);
    if (!self)
        return CLI_REFUSED;
    int r = CLI_USAGE;
    if (read_arguments(self, argc, argv))
        r = self->path ? verify_file(self) : verify_online(self, cli);
    if (r == CLI_OK) {
        cli->json ? print_json(&self->check) : print_words(&self->check);
        r = self->check.verdict == AUDIT_FINE ? CLI_OK : CLI_CHANGED;
    }
    audit_outside_destroy(self->outside);
    explicit_bzero(self, sizeof *self);
    free(self);
    return r;
}
