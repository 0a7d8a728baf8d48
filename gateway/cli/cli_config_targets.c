/* The keys that there are, targets that come and go, and the gateway's process. */
#include <stdio.h>
#include <string.h>

#include "core/attrs.h"
#include "gateway/cli/cli_config.h"

static bool is_wanted(json_t *key, const char *only)
{
    size_t i;
    json_t *machine;
    if (!only || strcmp(cli_member(key, "section"), only) == 0)
        return true;
    json_array_foreach(json_object_get(key, "machines"), i,
                       machine) if (strcmp(json_string_value(machine), only) == 0) return true;
    return false;
}

static void print_key(json_t *key)
{
    static const struct {
        const char *word, *sentence;
    } applies[] = {{"now", "at once"},
                   {"machine", "when the machine is started"},
                   {"gateway", "after lightsout gateway restart"},
                   {"restart", "after a restart of lightsoutd"}};
    printf("%s  (%s", cli_member(key, "name"), cli_member(key, "section"));
    puts(json_is_true(json_object_get(key, "page")) ? ")" : "; only in the owner's file)");
    printf("    %s\n    default: ", cli_member(key, "help"));
    cli_config_print_value(json_object_get(key, "default"));
    for (size_t i = 0; i < ARRAY_SIZE(applies); i++)
        if (strcmp(cli_member(key, "applies"), applies[i].word) == 0)
            printf("; counts %s", applies[i].sentence);
    printf("\n    %s\n", cli_member(key, "remedy"));
}

int cli_config_keys(struct cli *cli, int argc, char **argv)
{
    json_t *answer = NULL, *key;
    size_t i;
    int r = cli_call(cli, "GET", "/config/keys", NULL, &answer);
    if (r == CLI_OK && cli->json)
        cli_print_json(answer);
    else if (r == CLI_OK)
        json_array_foreach(json_object_get(answer, "keys"), i, key) if (is_wanted(key, argc ? argv[0] : NULL))
            print_key(key);
    json_decref(answer);
    return r;
}

int cli_config_restart(struct cli *cli, attr_unused int argc, attr_unused char **argv)
{
    json_t *answer = NULL;
    int r = cli_call(cli, "POST", "/gateway/restart", NULL, &answer);
    if (r == CLI_OK && cli->json)
        cli_print_json(answer);
    else if (r == CLI_OK)
        puts("The gateway begins anew.");
    json_decref(answer);
    return r;
}

int cli_config_target_add(struct cli *cli, int argc, char **argv)
{
    json_t *settings = json_object(), *answer = NULL;
    for (int i = 1; i < argc; i++)
        if (!cli_config_add(settings, argv[i])) {
            json_decref(settings);
            return CLI_USAGE;
        }
    json_t *body = json_pack("{s:s, s:o}", "name", argv[0], "settings", settings);
    if (!body) {
        cli_error("the name '%s' is no text", argv[0]);
        return CLI_USAGE;
    }
    int r = cli_call(cli, "POST", "/targets", body, &answer);
    if (r == CLI_OK && cli->json)
        cli_print_json(answer);
    else if (r == CLI_OK)
        puts("Added.");
    json_decref(answer);
    return r;
}

int cli_config_target_remove(struct cli *cli, int argc, char **argv)
{
    static const char *const words[] = {"--force", "--erase", NULL};
    json_t *answer = NULL;
    char path[1200];
    if (!cli_options_known(argc, argv, 1, words))
        return CLI_USAGE;
    const char *plain = cli_path("/targets/%s", argv[0]);
    if (plain)
        snprintf(path, sizeof path, "%s?force=%d&erase=%d", plain, cli_flag(argc, argv, "--force"),
                 cli_flag(argc, argv, "--erase"));
    int r = cli_call(cli, "DELETE", plain ? path : NULL, NULL, &answer);
    if (r == CLI_OK && !cli->json)
        puts("Removed.");
    json_decref(answer);
    return r;
}
