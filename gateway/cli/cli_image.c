/* The image library: what is in it, names, sums, and getting an image out of it. */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "gateway/cli/cli.h"

#define STALL_S 60L /* without a byte */
#define TRIES 5     /* that bring nothing, in a row */
#define NAME_ROOM 4096

static void image_row(json_t *image, struct cli_row *row)
{
    cli_size_text((uint64_t)json_integer_value(json_object_get(image, "size")), row->room[0]);
    row->cells[0] = cli_member(image, "name");
    row->cells[1] = row->room[0];
    row->cells[2] = json_is_true(json_object_get(image, "folder")) ? "folder" : cli_member(image, "kind");
    row->cells[3] = cli_member(image, "why");
}

static int media_images(struct cli *cli, int argc, char **argv)
{
    static const char *const headings[] = {"NAME", "SIZE", "KIND", "NOTE"};
    json_t *answer = NULL;

    (void)argc;
    (void)argv;
    int r = cli_call(cli, "GET", "/images", NULL, &answer);
    if (r != CLI_OK)
        return r;
    if (cli->json)
        cli_print_json(answer);
    else
        cli_print_table(json_object_get(answer, "images"), headings, ARRAY_SIZE(headings), image_row);
    json_decref(answer);
    return CLI_OK;
}

static void print_member(json_t *image, const char *name)
{
    json_t *value = json_object_get(image, name), *item;
    size_t i;
    if (!value || json_is_null(value))
        return;
    printf("%-9s", name);
    if (json_is_string(value))
        cli_print_text(json_string_value(value), false);
    else if (json_is_boolean(value))
        printf("%s", json_is_true(value) ? "yes" : "no");
    else if (json_is_integer(value))
        printf("%lld", (long long)json_integer_value(value));
    json_array_foreach(value, i, item)
    {
        printf("%s", i ? " " : "");
        cli_print_text(json_is_object(item) ? cli_member(item, "name") : json_string_value(item), false);
    }
    printf("\n");
}

static int print_image(struct cli *cli, int r, json_t *image)
{
    static const char *const members[] = {"name",       "size",     "kind",   "format", "label",  "hybrid", "boots",
                                          "disk_boots", "firmware", "usable", "why",    "in_use", "sha256", "files"};
    if (r != CLI_OK)
        return r;
    if (cli->json)
        cli_print_json(image);
    else
        for (size_t i = 0; i < ARRAY_SIZE(members); i++)
            print_member(image, members[i]);
    json_decref(image);
    return CLI_OK;
}

static int media_info(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;
    (void)argc;
    int r = cli_call(cli, "GET", cli_path("/images/%s", argv[0]), NULL, &answer);
    return print_image(cli, r, answer);
}

static int media_rename(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;
    (void)argc;
    int r = cli_call(cli, "PATCH", cli_path("/images/%s", argv[0]), json_pack("{s:s}", "name", argv[1]), &answer);
    return print_image(cli, r, answer);
}

static int media_delete(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;
    const char *path =
        argc > 1 ? cli_path_two("/images/%s/files/%s", argv[0], argv[1]) : cli_path("/images/%s", argv[0]);
    int r = cli_call(cli, "DELETE", path, NULL, &answer);
    json_decref(answer);
    if (r == CLI_OK)
        printf("deleted\n");
    return r;
}

/* Asks for it to be counted, then waits for it. */
static int media_sha256(struct cli *cli, int argc, char **argv)
{
    struct cli_progress progress = {0};
    json_t *image = NULL;
    (void)argc;
    int r = cli_call(cli, "POST", cli_path("/images/%s/sha256", argv[0]), NULL, &image);
    while (r == CLI_OK && !*cli_member(image, "sha256")) {
        json_t *summing = json_object_get(image, "summing");
        if (!json_is_object(summing)) {
            cli_error("the sum of '%s' was not counted; it changed, or cannot be read", argv[0]);
            r = CLI_REFUSED;
            break;
        }
        cli_progress_show(&progress, "counting", (uint64_t)json_integer_value(json_object_get(summing, "done")),
                          (uint64_t)json_integer_value(json_object_get(summing, "size")));
        json_decref(take(image));
        usleep(300000);
        r = cli_call(cli, "GET", cli_path("/images/%s", argv[0]), NULL, &image);
    }
    cli_progress_end(&progress);
    if (r == CLI_OK && cli->json) {
        cli_print_json(image);
    } else if (r == CLI_OK) {
        printf("%s  ", cli_member(image, "sha256"));
        cli_print_text(argv[0], false);
        printf("\n");
    }
    json_decref(image);
    return r;
}

/* ---- download ---- */

struct download {
    struct cli *cli;
    CURL *curl;
    char part[NAME_ROOM], note[NAME_ROOM]; /* what came so far; the tag of the image that it is of */
    int fd;
    uint64_t at, total;
    char tag[128], seen_tag[128];
    char refusal[4096];
    size_t refusal_size;
    int error; /* of a write */
    struct cli_progress progress;
};

static size_t on_header(char *bytes, size_t one, size_t n, void *data)
{
    struct download *self = data;
    char line[256];
    (void)one;
    snprintf(line, sizeof line, "%.*s", (int)MIN(n, sizeof line - 1), bytes);
    line[strcspn(line, "\r\n")] = 0;
    if (!strncasecmp(line, "etag: ", 6))
        snprintf(self->seen_tag, sizeof self->seen_tag, "%.100s", line + 6);
    return n;
}

/* The first bytes of an answer tell what it is: the rest of the image, or all of another one. */
static bool begin_body(struct download *self)
{
    long status = 0;
    curl_off_t length = 0;
    curl_easy_getinfo(self->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(self->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (status == 200) {
        self->at = 0;
        if (ftruncate(self->fd, 0) < 0) {
            self->error = errno;
            return false;
        }
    }
    self->total = self->at + (uint64_t)MAX(length, (curl_off_t)0);
    if (strcmp(self->tag, self->seen_tag) != 0) {
        FILE *note = fopen(self->note, "we");
        snprintf(self->tag, sizeof self->tag, "%s", self->seen_tag);
        if (!note || fprintf(note, "%s\n", self->tag) < 0 || fclose(note) != 0)
            self->error = errno;
    }
    return !self->error;
}

static size_t on_body(char *bytes, size_t one, size_t n, void *data)
{
    struct download *self = data;
    long status = 0;
    (void)one;
    curl_easy_getinfo(self->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 300) {
        size_t taken = MIN(n, sizeof self->refusal - 1 - self->refusal_size);
        memcpy(self->refusal + self->refusal_size, bytes, taken);
        self->refusal_size += taken;
        return n;
    }
    if (!self->total && !begin_body(self))
        return 0;
    for (size_t at = 0; at < n;) {
        ssize_t written = pwrite(self->fd, bytes + at, n - at, (off_t)(self->at));
        if (written < 0) {
            self->error = errno;
            return 0;
        }
        at += (size_t)written;
        self->at += (uint64_t)written;
    }
    cli_progress_show(&self->progress, "downloaded", self->at, self->total);
    return n;
}

static CURLcode perform(struct download *self, const char *path, int *ret)
{
    char line[256], range[64];
    struct curl_slist *headers = NULL;
    self->curl = curl_easy_init();
    *ret = self->curl ? cli_curl_prepare(self->cli, self->curl, path) : CLI_REFUSED;
    if (*ret != CLI_OK) {
        curl_easy_cleanup(self->curl);
        return CURLE_FAILED_INIT;
    }
    self->total = 0;
    self->refusal_size = 0;
    if (self->at && self->tag[0]) {
        snprintf(line, sizeof line, "If-Range: %s", self->tag);
        snprintf(range, sizeof range, "%llu-", (unsigned long long)self->at);
        headers = curl_slist_append(headers, line);
        curl_easy_setopt(self->curl, CURLOPT_RANGE, range);
        curl_easy_setopt(self->curl, CURLOPT_HTTPHEADER, headers);
    }
    curl_easy_setopt(self->curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(self->curl, CURLOPT_WRITEDATA, self);
    curl_easy_setopt(self->curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(self->curl, CURLOPT_HEADERDATA, self);
    curl_easy_setopt(self->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(self->curl, CURLOPT_LOW_SPEED_TIME, STALL_S);
    CURLcode code = curl_easy_perform(self->curl);
    long status = 0;
    curl_easy_getinfo(self->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(self->curl);
    curl_slist_free_all(headers);
    self->refusal[self->refusal_size] = 0;
    if (status == 416 && code == CURLE_OK) { /* what is there is longer than the image: begin again */
        self->at = 0;
        self->tag[0] = 0;
        return CURLE_PARTIAL_FILE;
    }
    if (code == CURLE_OK && status >= 300)
        *ret = cli_status_failed(self->cli, status, self->refusal);
    return code;
}

/* Goes on after a break as long as each connection brings something. */
static int fetch(struct download *self, const char *path)
{
    int r = CLI_OK;
    for (unsigned failed = 0;; failed++) {
        uint64_t before = self->at;
        CURLcode code = perform(self, path, &r);
        if (self->error)
            cli_error("'%s' cannot be written: %s", self->part, strerror(self->error));
        if (self->error || r != CLI_OK)
            return self->error ? CLI_REFUSED : r;
        if (code == CURLE_OK && self->at == self->total)
            return CLI_OK;
        if (self->at > before)
            failed = 0;
        if (failed >= TRIES || (code != CURLE_OK && code != CURLE_PARTIAL_FILE && code != CURLE_RECV_ERROR &&
                                code != CURLE_OPERATION_TIMEDOUT && code != CURLE_COULDNT_CONNECT &&
                                code != CURLE_GOT_NOTHING && code != CURLE_SEND_ERROR))
            return cli_curl_failed(self->cli, (int)code);
        usleep(500000u << MIN(failed, 3u));
    }
}

/* What an earlier call left behind, if it is known of which image. */
static bool open_part(struct download *self, const char *file)
{
    struct stat st;
    int a = snprintf(self->part, sizeof self->part, "%s.part", file);
    int b = snprintf(self->note, sizeof self->note, "%s.part-tag", file);
    if (a >= (int)sizeof self->part || b >= (int)sizeof self->note)
        errno = ENAMETOOLONG;
    else
        self->fd = open(self->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (self->fd < 0 || fstat(self->fd, &st) < 0) {
        cli_error("'%s' cannot be written: %s", self->part, strerror(errno));
        return false;
    }
    _cleanup_fclose_ FILE *note = fopen(self->note, "re");
    if (note && fgets(self->tag, sizeof self->tag, note))
        self->tag[strcspn(self->tag, "\n")] = 0;
    self->at = self->tag[0] ? (uint64_t)st.st_size : 0;
    return true;
}

int cli_download(struct cli *cli, const char *encoded, const char *file)
{
    struct download *self = calloc(1, sizeof *self);
    char path[1100];
    int r = CLI_REFUSED;
    if (!self)
        return CLI_REFUSED;
    self->cli = cli;
    self->fd = -1;
    snprintf(path, sizeof path, "%s", encoded ? encoded : "");
    if (open_part(self, file)) {
        r = fetch(self, encoded ? path : NULL);
        cli_progress_end(&self->progress);
        if (r == CLI_OK && (fsync(self->fd) < 0 || rename(self->part, file) < 0)) {
            cli_error("'%s' cannot be written: %s", file, strerror(errno));
            r = CLI_REFUSED;
        }
        if (r == CLI_OK || self->at == 0)
            unlink(self->note);
        if (r != CLI_OK && self->at == 0)
            unlink(self->part);
        if (r == CLI_OK)
            printf("downloaded\n");
        close(self->fd);
    }
    free(self);
    return r;
}

static int media_download(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    return cli_download(cli, cli_path("/images/%s/raw", argv[0]), argv[1]);
}

static const struct cli_command rows[] = {
    {"media images", "", "the image library", 0, 0, media_images},
    {"media info", "IMAGE", "what an image is, and what firmware will see in it", 1, 1, media_info},
    {"media rename", "IMAGE NAME", "give an image another name", 2, 2, media_rename},
    {"media delete", "IMAGE [FILE]", "remove an image from the library; or one file out of a folder", 1, 2,
     media_delete},
    {"media sha256", "IMAGE", "count an image's SHA-256", 1, 1, media_sha256},
    {"media download", "IMAGE FILE", "get an image out of the library; goes on where an earlier call was cut", 2, 2,
     media_download},
};
const struct cli_commands cli_image_commands = {rows, ARRAY_SIZE(rows)};
