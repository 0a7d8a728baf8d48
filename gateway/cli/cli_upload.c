/* A file on its way into the library, by tus 1.0 (https://tus.io/protocols/resumable-upload): it goes on after a broken
 * connection and a restarted gateway, and where an earlier call was cut, if the file is still the same. */
#include <curl/curl.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/attrs.h"
#include "core/text.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/cli_file.h"
#include "gateway/cli/cli_note.h"

#define STALL_S 60L /* without a byte */
#define TRIES 30    /* connections in a row that bring nothing: the gateway may restart */
#define HASH_PIECE 65536
#define NOT_NOW (-1)

struct upload {
    struct cli *cli;
    const char *path, *name, *folder; /* folder: NULL */
    bool keep_packed, replace;
    struct cli_file file;
    struct cli_note note;
    char id[64];
    uint64_t offset; /* what the gateway has */
    uint64_t at;     /* read up to here, by the transfer that runs */
    bool unreadable, lost;
    char location[512], told_offset[32];
    char refusal[4096];
    size_t refusal_size;
    EVP_MD_CTX *hash;
    uint64_t hashed;
    struct cli_progress progress;
};

/* "name: value\r\n" into room when it is that header. */
static void copy_header(const char *bytes, size_t n, const char *name, char *room, size_t size)
{
    size_t length = strlen(name);
    if (n <= length || strncasecmp(bytes, name, length) != 0)
        return;
    n -= length;
    bytes += length;
    while (n && (bytes[n - 1] == '\r' || bytes[n - 1] == '\n'))
        n--;
    snprintf(room, size, "%.*s", (int)n, bytes);
}

static size_t on_header(char *bytes, size_t one, size_t n, void *data)
{
    struct upload *self = data;
    (void)one;
    copy_header(bytes, n, "location: ", self->location, sizeof self->location);
    copy_header(bytes, n, "upload-offset: ", self->told_offset, sizeof self->told_offset);
    return n;
}

static size_t on_answer(char *bytes, size_t one, size_t n, void *data)
{
    struct upload *self = data;
    size_t taken = MIN(n, sizeof self->refusal - 1 - self->refusal_size);
    (void)one;
    memcpy(self->refusal + self->refusal_size, bytes, taken);
    self->refusal_size += taken;
    return n;
}

static void hash(struct upload *self, const void *bytes, size_t size)
{
    EVP_DigestUpdate(self->hash, bytes, size);
    self->hashed += size;
}

static size_t on_read(char *room, size_t one, size_t n, void *data)
{
    struct upload *self = data;
    size_t size = (size_t)MIN((uint64_t)(one * n), self->file.size - self->at);
    if (!cli_file_same(&self->file) || !cli_file_read(&self->file, room, size, self->at)) {
        self->unreadable = true;
        return CURL_READFUNC_ABORT;
    }
    if (self->at <= self->hashed && self->at + size > self->hashed) /* some may be sent a second time */
        hash(self, room + (self->hashed - self->at), (size_t)(self->at + size - self->hashed));
    self->at += size;
    cli_progress_show(&self->progress, "uploaded", self->at, self->file.size);
    return size;
}

static struct curl_slist *add(struct curl_slist *headers, const char *name, const char *value)
{
    char line[3000];
    snprintf(line, sizeof line, "%s: %s", name, value);
    return curl_slist_append(headers, line);
}

/* One request of tus. Its status, or 0 with *ret_code; *ret_r: what stopped it before it was sent. `body`: from offset
 * to the end of the file. Takes headers. */
static long request(struct upload *self, const char *method, const char *path, bool body, struct curl_slist *headers,
                    CURLcode *ret_code, int *ret_r)
{
    long status = 0;
    CURL *curl = curl_easy_init();
    *ret_r = curl ? cli_curl_prepare(self->cli, curl, path) : CLI_REFUSED;
    *ret_code = CURLE_FAILED_INIT;
    self->refusal_size = 0;
    self->told_offset[0] = 0;
    if (*ret_r == CLI_OK) {
        headers = add(headers, "Tus-Resumable", "1.0.0");
        if (self->cli->url)
            headers = add(headers, "Origin", cli_origin(self->cli));
        headers = add(headers, "Content-Type", body ? "application/offset+octet-stream" : "");
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, self);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_answer);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, self);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_S);
        curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
        if (body) {
            self->at = self->offset;
            curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
            curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
            curl_easy_setopt(curl, CURLOPT_READDATA, self);
            curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 262144L);
            curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)(self->file.size - self->offset));
        } else if (!strcmp(method, "HEAD")) {
            curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
        } else {
            curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
        }
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
        *ret_code = curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    }
    self->refusal[self->refusal_size] = 0;
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return status;
}

static void add_pair(char *text, size_t size, const char *key, const char *value)
{
    unsigned char packed[512];
    size_t n = strlen(text);
    EVP_EncodeBlock(packed, (const unsigned char *)value, (int)MIN(strlen(value), (size_t)300));
    snprintf(text + n, size - n, "%s%s %s", n ? "," : "", key, (const char *)packed);
}

static int create(struct upload *self)
{
    char metadata[2048] = "", length[32];
    CURLcode code;
    int r;
    add_pair(metadata, sizeof metadata, "filename", self->name);
    if (self->folder)
        add_pair(metadata, sizeof metadata, "folder", self->folder);
    if (self->keep_packed)
        add_pair(metadata, sizeof metadata, "keep-packed", "true");
    if (self->replace)
        add_pair(metadata, sizeof metadata, "replace", "true");
    snprintf(length, sizeof length, "%llu", (unsigned long long)self->file.size);
    self->location[0] = 0;
    struct curl_slist *headers = add(add(NULL, "Upload-Length", length), "Upload-Metadata", metadata);
    long status = request(self, "POST", "/uploads", false, headers, &code, &r);
    if (r != CLI_OK)
        return r;
    if (code != CURLE_OK)
        return cli_curl_failed(self->cli, (int)code);
    if (status != 201)
        return cli_status_failed(self->cli, status, self->refusal);
    const char *slash = strrchr(self->location, '/');
    if (!slash || !text_copy(self->id, sizeof self->id, slash + 1) || !self->id[0]) {
        cli_error("the gateway did not say where the upload goes");
        return CLI_REFUSED;
    }
    self->offset = 0;
    cli_note_write(&self->note, self->id);
    return CLI_OK;
}

/* How far it is; CLI_NOT_FOUND when the gateway does not know it (any more); NOT_NOW: nobody answered. */
static int find_offset(struct upload *self)
{
    char path[128];
    CURLcode code;
    int r;
    snprintf(path, sizeof path, "/uploads/%s", self->id);
    long status = request(self, "HEAD", path, false, NULL, &code, &r);
    if (r != CLI_OK)
        return r;
    if (code != CURLE_OK || status >= 500)
        return NOT_NOW;
    if (status == 404 || status == 410)
        return CLI_NOT_FOUND;
    unsigned long long offset = strtoull(self->told_offset, NULL, 10);
    if (status != 200 || !self->told_offset[0] || offset > self->file.size)
        return cli_status_failed(self->cli, status, NULL);
    self->offset = offset;
    return CLI_OK;
}

/* What the gateway has already is a part of the sum too. */
static bool hash_up_to(struct upload *self, uint64_t offset)
{
    static uint8_t piece[HASH_PIECE];
    while (self->hashed < offset) {
        size_t n = (size_t)MIN(offset - self->hashed, (uint64_t)sizeof piece);
        if (!cli_file_read(&self->file, piece, n, self->hashed))
            return false;
        hash(self, piece, n);
    }
    return true;
}

/* One connection. NOT_NOW: it broke, or the gateway was busy. */
static int send_rest(struct upload *self)
{
    char path[128], offset[32];
    CURLcode code;
    int r;
    self->unreadable = !hash_up_to(self, self->offset);
    if (self->unreadable)
        return NOT_NOW;
    snprintf(path, sizeof path, "/uploads/%s", self->id);
    snprintf(offset, sizeof offset, "%llu", (unsigned long long)self->offset);
    long status = request(self, "PATCH", path, true, add(NULL, "Upload-Offset", offset), &code, &r);
    if (r != CLI_OK)
        return r;
    if (code == CURLE_OK && status == 204) {
        self->offset = self->file.size;
        return CLI_OK;
    }
    /* another connection of ours may not have been noticed to be dead: wait for it */
    if (code != CURLE_OK || status >= 500 || status == 409 || status == 423)
        return status == 507 ? cli_status_failed(self->cli, status, self->refusal) : NOT_NOW;
    return cli_status_failed(self->cli, status, self->refusal);
}

static int send_all(struct upload *self)
{
    for (unsigned failed = 0; self->offset < self->file.size; failed++) {
        uint64_t before = self->offset;
        int r = send_rest(self);
        if (self->unreadable) {
            cli_error("'%s' has changed, or cannot be read any more", self->path);
            return CLI_REFUSED;
        }
        if (r != NOT_NOW)
            return r;
        if (!self->lost) {
            cli_progress_end(&self->progress);
            fprintf(stderr, "lightsout: the connection is lost; trying again\n");
        }
        self->lost = true;
        usleep(250000u << MIN(failed, 3u));
        r = find_offset(self);
        if (r != CLI_OK && r != NOT_NOW) {
            if (r == CLI_NOT_FOUND)
                cli_error("the gateway does not know the upload any more: it failed, or was cancelled");
            return r;
        }
        self->lost &= r == NOT_NOW;
        if (self->offset > before)
            failed = 0;
        if (failed >= TRIES)
            return cli_curl_failed(self->cli, CURLE_COULDNT_CONNECT);
    }
    return CLI_OK;
}

/* The sum of what was sent against that of what stands in the library, where these are the same. */
static int check_sum(struct upload *self, json_t *state)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char hex[2 * EVP_MAX_MD_SIZE + 1];
    unsigned size = 0;
    const char *theirs = cli_member(state, "sha256");
    bool unpacked = json_integer_value(json_object_get(state, "unpacked")) > 0;
    if (unpacked || !*theirs || !hash_up_to(self, self->file.size) ||
        EVP_DigestFinal_ex(self->hash, digest, &size) != 1)
        return CLI_OK;
    for (unsigned i = 0; i < size; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    if (!strcmp(hex, theirs))
        return CLI_OK;
    cli_error("what stands in the library as '%s' is not what was sent; delete it, and upload '%s' again",
              cli_member(state, "name"), self->path);
    return CLI_REFUSED;
}

/* Until it is unpacked, recognised and in the library. */
static int wait_until_done(struct upload *self)
{
    char path[128];
    json_t *state = NULL;
    snprintf(path, sizeof path, "/uploads/%s", self->id);
    for (;;) {
        int r = cli_call(self->cli, "GET", path, NULL, &state);
        if (r != CLI_OK)
            return r;
        const char *phase = cli_member(state, "phase");
        bool done = !strcmp(phase, "done"), failed = !strcmp(phase, "failed");
        if (done || failed) {
            cli_progress_end(&self->progress);
            if (failed)
                cli_error("%s", cli_member(state, "why"));
            else
                r = check_sum(self, state);
            if (r == CLI_OK && done && self->cli->json) {
                cli_print_json(state);
            } else if (r == CLI_OK && done) {
                printf("uploaded ");
                cli_print_text(cli_member(state, "name"), false);
                printf("\n");
            }
            json_decref(state);
            return failed ? CLI_REFUSED : r;
        }
        cli_progress_show(&self->progress, "unpacked", (uint64_t)json_integer_value(json_object_get(state, "unpacked")),
                          0);
        json_decref(take(state));
        usleep(200000);
    }
}

static int run(struct upload *self)
{
    int r = CLI_NOT_FOUND;
    if (cli_note_read(&self->note, self->id, sizeof self->id))
        r = find_offset(self);
    if (r == CLI_NOT_FOUND)
        r = create(self);
    else if (r == CLI_OK && self->offset)
        fprintf(stderr, "lightsout: going on where an earlier upload of this file was cut\n");
    if (r == NOT_NOW)
        return cli_curl_failed(self->cli, CURLE_COULDNT_CONNECT);
    if (r == CLI_OK)
        r = send_all(self);
    cli_progress_end(&self->progress);
    if (r != CLI_OK)
        return r;
    r = wait_until_done(self);
    if (r == CLI_OK || r == CLI_REFUSED)
        cli_note_remove(&self->note);
    return r;
}

static int media_upload(struct cli *cli, int argc, char **argv)
{
    static const char *const known[] = {"--name=", "--folder=", "--keep-packed", "--replace", NULL};
    struct upload *self = calloc(1, sizeof *self);
    int r = CLI_REFUSED;
    if (!self || !cli_options_known(argc, argv, 1, known)) {
        free(self);
        return CLI_USAGE;
    }
    self->cli = cli;
    self->path = argv[0];
    self->folder = cli_option(argc, argv, "--folder", NULL);
    self->keep_packed = cli_flag(argc, argv, "--keep-packed");
    self->replace = cli_flag(argc, argv, "--replace");
    signal(SIGPIPE, SIG_IGN);
    if (cli_file_open(&self->file, self->path)) {
        self->name = cli_option(argc, argv, "--name", self->file.name);
        const char *what[] = {cli->url ? cli->url : cli->socket, self->name, self->folder ? self->folder : ""};
        cli_note_init(&self->note, self->path, &self->file, what, ARRAY_SIZE(what));
        self->hash = EVP_MD_CTX_new();
        if (self->hash && EVP_DigestInit_ex(self->hash, EVP_sha256(), NULL) == 1)
            r = run(self);
        EVP_MD_CTX_free(self->hash);
        close(self->file.fd);
    }
    free(self);
    return r;
}

static const struct cli_command rows[] = {
    {"media upload", "FILE [--name NAME] [--folder FOLDER] [--keep-packed] [--replace]",
     "put a file into the library (gz, xz and zst are unpacked); goes on where an earlier call was cut", 1, 7,
     media_upload},
};
const struct cli_commands cli_upload_commands = {rows, ARRAY_SIZE(rows)};
