/* Recordings of screens: begun, ended, listed, fetched, deleted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/attrs.h"
#include "gateway/cli/cli.h"

static json_int_t number(json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void print_when(json_int_t ms, char room[static 24])
{
    const time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    if (!localtime_r(&seconds, &tm) || !strftime(room, 24, "%Y-%m-%d %H:%M:%S", &tm))
        room[0] = '\0';
}

static void print_length(json_int_t ms, char room[static 24])
{
    const long long s = ms / 1000;
    snprintf(room, 24, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
}

static int print_one(struct cli *cli, json_t *recording)
{
    char when[24], length[24], size[24];
    if (cli->json) {
        cli_print_json(recording);
        return CLI_OK;
    }
    print_when(number(recording, "began"), when);
    print_length(number(recording, "duration"), length);
    cli_size_text((uint64_t)number(recording, "bytes"), size);
    printf("%s  %s  ", cli_member(recording, "id"), cli_member(recording, "kind"));
    cli_print_text(cli_member(recording, "target"), false);
    printf("  %s  %s  %s%s", when, length, size,
           json_is_true(json_object_get(recording, "running")) ? "  running" : "");
    printf("  by ");
    cli_print_text(cli_member(recording, "who"), false);
    printf("\n");
    if (*cli_member(recording, "note")) {
        cli_print_text(cli_member(recording, "note"), true);
        printf("\n");
    }
    if (*cli_member(recording, "ended")) {
        cli_print_text(cli_member(recording, "ended"), false);
        printf("\n");
    }
    return CLI_OK;
}

static int answer_one(struct cli *cli, int r, json_t *recording)
{
    if (r == CLI_OK)
        r = print_one(cli, recording);
    json_decref(recording);
    return r;
}

static int record_start(struct cli *cli, int argc, char **argv)
{
    static const char *const options[] = {"--note=", "--every=", NULL};
    json_t *answer = NULL;
    if (!cli_options_known(argc, argv, 1, options))
        return CLI_USAGE;
    const char *every = cli_option(argc, argv, "--every", NULL);
    json_t *body = json_pack("{s:s, s:s}", "action", "start", "note", cli_option(argc, argv, "--note", ""));
    if (every) {
        const size_t digits = strspn(every, "0123456789");
        if (!digits || digits > 5 || every[digits]) {
            cli_error("--every takes a number of seconds, 1 to 3600");
            json_decref(body);
            return CLI_USAGE;
        }
        json_object_set_new(body, "kind", json_string("pictures"));
        json_object_set_new(body, "every", json_integer(strtoll(every, NULL, 10)));
    }
    int r = cli_call(cli, "POST", cli_path("/targets/%s/recording", argv[0]), body, &answer);
    return answer_one(cli, r, answer);
}

static int record_stop(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;
    (void)argc;
    int r = cli_call(cli, "POST", cli_path("/targets/%s/recording", argv[0]), json_pack("{s:s}", "action", "stop"),
                     &answer);
    return answer_one(cli, r, answer);
}

/* The one that runs, or that none does. */
static int record_state(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;
    (void)argc;
    int r = cli_call(cli, "GET", cli_path("/targets/%s/recording", argv[0]), NULL, &answer);
    json_t *recording = json_object_get(answer, "recording");
    if (r == CLI_OK && (cli->json || !json_is_object(recording)))
        cli->json ? cli_print_json(answer) : (void)puts("nothing is being recorded");
    else if (r == CLI_OK)
        print_one(cli, recording);
    json_decref(answer);
    return r;
}

static int record_list(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL, *recording;
    size_t i;
    int r = cli_call(cli, "GET", argc ? cli_path("/recordings?target=%s", argv[0]) : "/recordings", NULL, &answer);
    if (r != CLI_OK)
        return r;
    if (cli->json)
        cli_print_json(answer);
    else
        json_array_foreach(json_object_get(answer, "recordings"), i, recording) print_one(cli, recording);
    json_decref(answer);
    return CLI_OK;
}

static int record_show(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;
    (void)argc;
    int r = cli_call(cli, "GET", cli_path("/recordings/%s", argv[0]), NULL, &answer);
    return answer_one(cli, r, answer);
}

/* One of a series, by its time as `record show --json` has it. */
static int get_picture(struct cli *cli, const char *recording, const char *at, const char *file)
{
    char path[1100];
    const char *plain = cli_path("/recordings/%s", recording);
    const size_t digits = strspn(at, "0123456789");
    if (!digits || digits > 10 || at[digits]) {
        cli_error("--picture takes milliseconds since the recording began, not '%s'", at);
        return CLI_USAGE;
    }
    snprintf(path, sizeof path, "%s/pictures/%s", plain ? plain : "", at);
    return cli_download(cli, plain ? path : NULL, file);
}

static int get_poster(struct cli *cli, const char *recording, const char *file)
{
    return cli_download(cli, cli_path("/recordings/%s/poster", recording), file);
}

/* A film, or a series as an archive: the gateway says which it is. */
static int record_get(struct cli *cli, int argc, char **argv)
{
    static const char *const options[] = {"--picture=", "--poster", NULL};
    json_t *answer = NULL;
    if (!cli_options_known(argc, argv, 2, options))
        return CLI_USAGE;
    const char *picture = cli_option(argc, argv, "--picture", NULL);
    if (cli_flag(argc, argv, "--poster"))
        return get_poster(cli, argv[0], argv[1]);
    if (picture)
        return get_picture(cli, argv[0], picture, argv[1]);
    int r = cli_call(cli, "GET", cli_path("/recordings/%s", argv[0]), NULL, &answer);
    if (r != CLI_OK)
        return r;
    const bool pictures = !strcmp(cli_member(answer, "kind"), "pictures");
    json_decref(answer);
    return cli_download(
        cli, cli_path(pictures ? "/recordings/%s/pictures.tar" : "/recordings/%s/video?download=1", argv[0]), argv[1]);
}

static int record_change(struct cli *cli, int argc, char **argv)
{
    static const char *const options[] = {"--note=", "--pin", "--unpin", NULL};
    json_t *answer = NULL;
    if (!cli_options_known(argc, argv, 1, options))
        return CLI_USAGE;
    const char *note = cli_option(argc, argv, "--note", NULL);
    const bool pin = cli_flag(argc, argv, "--pin"), unpin = cli_flag(argc, argv, "--unpin");
    if ((!note && !pin && !unpin) || (pin && unpin)) {
        cli_error("say --note TEXT, --pin or --unpin");
        return CLI_USAGE;
    }
    json_t *body = json_object();
    if (note)
        json_object_set_new(body, "note", json_string(note));
    if (pin || unpin)
        json_object_set_new(body, "pinned", json_boolean(pin));
    int r = cli_call(cli, "PATCH", cli_path("/recordings/%s", argv[0]), body, &answer);
    return answer_one(cli, r, answer);
}

static int record_delete(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL;
    (void)argc;
    int r = cli_call(cli, "DELETE", cli_path("/recordings/%s", argv[0]), NULL, &answer);
    json_decref(answer);
    if (r == CLI_OK)
        printf("deleted\n");
    return r;
}

static const struct cli_command rows[] = {
    {"record start", "TARGET [--note TEXT] [--every SECONDS]",
     "record a target's screen; with --every as single pictures, so far apart", 1, 5, record_start},
    {"record stop", "TARGET", "end it", 1, 1, record_stop},
    {"record state", "TARGET", "what is being recorded of it now", 1, 1, record_state},
    {"record list", "[TARGET]", "what was recorded, the newest first", 0, 1, record_list},
    {"record show", "RECORDING", "one of them; with --json where much changed in it", 1, 1, record_show},
    {"record get", "RECORDING FILE [--picture MILLISECONDS|--poster]",
     "fetch the film (WebM), or all pictures (tar), or one of them (PNG; record show --json has their times), or a "
     "small JPEG",
     2, 4, record_get},
    {"record change", "RECORDING [--note TEXT] [--pin|--unpin]", "its note; keep it whatever room it takes", 2, 4,
     record_change},
    {"record delete", "RECORDING", "remove it", 1, 1, record_delete},
};
const struct cli_commands cli_record_commands = {rows, ARRAY_SIZE(rows)};
