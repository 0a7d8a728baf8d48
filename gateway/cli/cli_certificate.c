/* The gateway's TLS certificate, and changes that wait to be confirmed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/attrs.h"
#include "gateway/cli/cli.h"

static void print_day(const char *what, json_t *seconds)
{
    time_t when = (time_t)json_integer_value(seconds);
    struct tm tm;
    char text[32] = "?";
    if (gmtime_r(&when, &tm))
        strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &tm);
    printf("%-12s %s\n", what, text);
}

static void print_member(const char *what, json_t *object, const char *key)
{
    printf("%-12s ", what);
    cli_print_text(cli_member(object, key), false);
    putchar('\n');
}

/* False: nothing waits. */
static bool print_pending(json_t *answer)
{
    json_t *change = json_object_get(answer, "change");
    if (!json_is_object(change))
        return false;
    printf("The change of the %s by ", cli_member(change, "kind"));
    cli_print_text(cli_member(change, "who"), false);
    printf(" is undone in %lld s unless it is confirmed over a new connection.\n",
           (long long)json_integer_value(json_object_get(change, "seconds_left")));
    return true;
}

static int show(struct cli *cli, attr_unused int argc, attr_unused char **argv)
{
    json_t *answer = NULL, *pending = NULL, *name;
    size_t i;
    int r = cli_call(cli, "GET", "/certificate", NULL, &answer);
    if (r == CLI_OK && cli->json) {
        cli_print_json(answer);
    } else if (r == CLI_OK) {
        print_member("subject", answer, "subject");
        print_member("issuer", answer, "issuer");
        printf("%-12s", "names");
        json_array_foreach(json_object_get(answer, "names"), i, name)
        {
            putchar(' ');
            cli_print_text(json_string_value(name), false);
        }
        putchar('\n');
        print_day("from", json_object_get(answer, "from"));
        print_day("to", json_object_get(answer, "to"));
        printf("%-12s %lld\n", "days left", (long long)json_integer_value(json_object_get(answer, "days_left")));
        print_member("fingerprint", answer, "fingerprint");
        print_member("source", answer, "source");
        r = cli_call(cli, "GET", "/pending-change", NULL, &pending);
        print_pending(pending);
    }
    json_decref(answer);
    json_decref(pending);
    return r;
}

static int request(struct cli *cli, attr_unused int argc, attr_unused char **argv)
{
    json_t *answer = NULL;
    int r = cli_call(cli, "POST", "/certificate/request", NULL, &answer);
    if (r == CLI_OK && cli->json)
        cli_print_json(answer);
    else if (r == CLI_OK)
        fputs(cli_member(answer, "request"), stdout);
    json_decref(answer);
    return r;
}

/* A file with the newline at its end, which PEM needs between two texts. */
static json_t *read_pem(const char *path, const char *what)
{
    char *text = cli_read_file(path, what);
    json_t *json = text ? json_sprintf("%s\n", text) : NULL;
    if (text) {
        explicit_bzero(text, strlen(text));
        free(text);
        if (!json)
            cli_error("the %s '%s' is no text", what, path);
    }
    return json;
}

/* FILE [KEYFILE] */
static int put(struct cli *cli, const char *method, const char *path, int argc, char **argv)
{
    json_t *answer = NULL, *certificate = read_pem(argv[0], "certificate"),
           *key = certificate && argc > 1 ? read_pem(argv[1], "key") : NULL;
    if (!certificate || (argc > 1 && !key)) {
        json_decref(certificate);
        return CLI_USAGE;
    }
    json_t *body = json_pack("{s:o}", "certificate", certificate);
    if (key)
        json_object_set_new(body, "key", key);
    int r = cli_call(cli, method, path, body, &answer);
    if (r == CLI_OK && cli->json && answer)
        cli_print_json(answer);
    else if (r == CLI_OK && !print_pending(answer))
        puts("It would be taken.");
    json_decref(answer);
    return r;
}

static int set(struct cli *cli, int argc, char **argv)
{
    return put(cli, "PUT", "/certificate", argc, argv);
}

static int test(struct cli *cli, int argc, char **argv)
{
    return put(cli, "POST", "/certificate/test", argc, argv);
}

static int end(struct cli *cli, const char *method, const char *path, const char *said)
{
    json_t *answer = NULL;
    int r = cli_call(cli, method, path, NULL, &answer);
    if (r == CLI_OK && cli->json)
        cli_print_json(answer);
    else if (r == CLI_OK && !print_pending(answer))
        puts(said);
    json_decref(answer);
    return r;
}

static int generated(struct cli *cli, attr_unused int argc, attr_unused char **argv)
{
    return end(cli, "DELETE", "/certificate", "The generated certificate is in use.");
}

static int confirm(struct cli *cli, attr_unused int argc, attr_unused char **argv)
{
    if (!cli->url) {
        cli_error("a change is confirmed over TLS, which shows that one can still come in: give --url and the new "
                  "certificate's --fingerprint");
        return CLI_USAGE;
    }
    return end(cli, "POST", "/pending-change/confirm", "Confirmed.");
}

static int revert(struct cli *cli, attr_unused int argc, attr_unused char **argv)
{
    return end(cli, "POST", "/pending-change/revert", "Undone.");
}

static const struct cli_command rows[] = {
    {"certificate show", "", "Show the gateway's certificate, and a change that waits to be confirmed.", 0, 0, show},
    {"certificate request", "", "Print a certificate signing request for the public names; the key stays here.", 0, 0,
     request},
    {"certificate test", "FILE [KEYFILE]", "Say whether a certificate (its chain behind it) would be taken.", 1, 2,
     test},
    {"certificate set", "FILE [KEYFILE]",
     "Use it at once; undone after 5 minutes unless confirmed. Without a key: it is for the request's.", 1, 2, set},
    {"certificate generated", "", "Go back to the generated one; to be confirmed too.", 0, 0, generated},
    {"certificate confirm", "", "Keep the change: with --url, over a TLS connection made after it.", 0, 0, confirm},
    {"certificate revert", "", "Undo the change now.", 0, 0, revert},
};
const struct cli_commands cli_certificate_commands = {rows, ARRAY_SIZE(rows)};
