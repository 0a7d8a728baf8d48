/* The command-line client `lightsout`: every command is one or more REST calls, over the local unix socket or,
 * remotely, over TLS with a pinned certificate. Exit codes are a promise to scripts. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum cli_exit {
    CLI_OK = 0,
    CLI_REFUSED = 1,     /* the gateway said no; its sentence is on stderr */
    CLI_USAGE = 2,       /* the command line is wrong */
    CLI_UNREACHABLE = 3, /* no gateway, or not the one whose certificate is pinned */
    CLI_NOT_FOUND = 4,   /* no such target, image, user */
    CLI_DENIED = 5,      /* not logged in, or without the right */
    CLI_TIMEOUT = 6,     /* wait-text: the text did not come */
    CLI_CHANGED = 7,     /* audit verify: the log is not as it was written */
};

struct cli {
    const char *socket;      /* local, or NULL */
    const char *url;         /* "https://host:8443", or NULL */
    const char *fingerprint; /* of the certificate, SHA-256 in hex, with or without colons */
    const char *token_file;
    bool quiet; /* a refusal is not printed: for polling */
    bool json;  /* print the gateway's answer as it is */
};

struct cli_command {
    const char *name;  /* "target list" */
    const char *usage; /* "TARGET FILE.png" */
    const char *help;
    int min_args, max_args;
    int (*run)(struct cli *cli, int argc, char **argv);
};

struct cli_commands {
    const struct cli_command *rows;
    size_t n;
};

extern const struct cli_commands cli_audit_commands;
extern const struct cli_commands cli_target_commands, cli_media_commands, cli_image_commands, cli_upload_commands,
    cli_screen_commands, cli_input_commands, cli_account_commands, cli_user_commands, cli_token_commands,
    cli_dongle_commands, cli_doctor_commands;

extern const struct cli_commands cli_directory_commands, cli_api_commands, cli_export_commands, cli_complete_commands;
extern const struct cli_commands cli_record_commands, cli_config_commands, cli_device_commands, cli_uploads_commands;
extern const struct cli_commands cli_seat_commands, cli_viewers_commands, cli_certificate_commands, cli_backup_commands,
    cli_macro_commands, cli_typing_commands, cli_own_account_commands, cli_system_commands, cli_pointer_commands;

/* cli_http.c: one request. path is below /api/v1. body may be NULL (taken otherwise). On success CLI_OK and *ret is the
 * parsed answer (NULL for an empty one; a new reference). A refusal is printed on stderr and turned into its exit code.
 */
int cli_call(struct cli *cli, const char *method, const char *path, json_t *body, json_t **ret);

struct cli_request {
    const char *method, *path; /* below /api/v1 */
    const char *body;          /* JSON, or NULL */
    const char *if_match;      /* an ETag, or NULL */
};

/* Any request; the answer's bytes as they came, malloc'ed. */
int cli_request(struct cli *cli, const struct cli_request *request, char **ret, size_t *ret_size);

/* The same for an answer that is no JSON; *ret is malloc'ed. */
int cli_fetch(struct cli *cli, const char *path, char **ret, size_t *ret_size);

/* For what needs more of libcurl than a call; curl: a CURL. Address, local socket or TLS with the pin, cookie. path:
 * below /api/v1. */
int cli_curl_prepare(struct cli *cli, void *curl, const char *path);
/* What browsers say of themselves, which the gateway insists on from the network; NULL on the local socket. A static
 * buffer. */
const char *cli_origin(const struct cli *cli);
/* Says why it failed: a CURLcode; an HTTP status with the body of the answer (NULL: none). The exit code. */
int cli_curl_failed(const struct cli *cli, int code);
int cli_status_failed(const struct cli *cli, long status, const char *body);

/* The last answer's HTTP status, the session cookie it set, and the code of its refusal ("" when none). */
long cli_last_status(void);
const char *cli_last_token(void);
const char *cli_last_error(void);

/* cli_password.c: one line without echo from the terminal, or from standard input when that is none. False after an
 * error was printed. */
#define CLI_MAX_PASSWORD 1024
bool cli_read_password(const char *prompt, char ret[CLI_MAX_PASSWORD]);

/* cli_grants.c: "TARGET:right,right" words as REST's grants; "*" is all targets, "gateway" the gateway itself. NULL
 * after an error was printed. */
json_t *cli_grants(int argc, char **argv);
/* The same the other way, in one line. */
void cli_print_grants(json_t *grants);

/* A path with one name in it, percent-encoded: cli_path("/targets/%s/power", name). In a static buffer. NULL when the
 * name would make another path of it ("../users"); cli_call and cli_fetch say so and answer CLI_NOT_FOUND. */
const char *cli_path(const char *format, const char *name);
/* The same with two names, in the same buffer. */
const char *cli_path_two(const char *format, const char *first, const char *second);

/* cli_options.c: what stands behind a command's arguments. The argument after `name`, or the given default. */
const char *cli_option(int argc, char **argv, const char *name, const char *otherwise);
bool cli_flag(int argc, char **argv, const char *name);
/* Every argument from `first` on must be one of the words; those that end in '=' take a value behind them. */
bool cli_options_known(int argc, char **argv, int first, const char *const *words);
/* A file's text for JSON, without the newline at its end; NULL after an error was printed. Malloc'ed. */
char *cli_read_file(const char *path, const char *what);

/* cli_image.c: what stands at this path (as cli_path gives it), into FILE.part, which becomes FILE when it is whole;
 * goes on where an earlier call was cut if it is still the same. The exit code. */
int cli_download(struct cli *cli, const char *path, const char *file);

/* cli_media.c: "/targets/NAME/drives/N/VERB" in a buffer of the caller, or NULL as cli_path. Bad drive numbers are the
 * gateway's to refuse. */
const char *cli_drive_path(char *room, size_t size, const char *target, const char *drive, const char *verb);

/* cli_audit.c: the whole audit log, one JSON object a line. The exit code. */
int cli_audit_fetch(struct cli *cli, FILE *out);
int cli_audit_verify(struct cli *cli, int argc, char **argv); /* cli_audit_verify.c */

/* cli_progress.c: "verb 12 %, 340.1 MiB of 2.8 GiB, 48.2 MiB/s, 51 s left" on a terminal's standard error, at most
 * twice a second. total 0: not known. */
struct cli_progress {
    uint64_t begun_us, shown_us, first;
    bool begun, shown;
};
void cli_progress_show(struct cli_progress *self, const char *verb, uint64_t done, uint64_t total);
void cli_progress_end(struct cli_progress *self); /* leaves a clean line */
void cli_size_text(uint64_t size, char ret[24]);

/* cli_print.c: text for a terminal, control characters escaped as \xNN; newline too unless keep_newlines. */
void cli_print_text(const char *text, bool keep_newlines);
/* One JSON answer on stdout, indented. */
void cli_print_json(json_t *json);
#define CLI_COLUMNS 10
/* A table's row: what does not stand in the answer as a text has its place in `room`. */
struct cli_row {
    const char *cells[CLI_COLUMNS];
    char room[2][24];
};
/* A row for each item of a list, aligned below the headings. fill: all its cells. */
void cli_print_table(json_t *list, const char *const *headings, size_t columns,
                     void (*fill)(json_t *item, struct cli_row *row));
void cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* String member of an object, "" when it is absent or null. */
const char *cli_member(json_t *object, const char *key);
