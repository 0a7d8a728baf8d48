/* Devices of the gateway's machine that targets are made of. */
#include <stdio.h>
#include <string.h>

#include "core/attrs.h"
#include "gateway/cli/cli.h"

static void print_pair(const char *what, const char *text)
{
    if (!*text)
        return;
    printf("    %-10s ", what);
    cli_print_text(text, false);
    putchar('\n');
}

static void print_head(const char *kind, const char *name, json_t *device)
{
    const char *target = cli_member(device, "target");
    printf("%s  ", kind);
    cli_print_text(name, false);
    if (*target) {
        printf("  used by target ");
        cli_print_text(target, false);
    }
    putchar('\n');
}

static void print_gpio(json_t *chip)
{
    json_t *used;
    size_t i;
    print_head("gpio", cli_member(chip, "chip"), chip);
    print_pair("label", cli_member(chip, "label"));
    printf("    %-10s %" JSON_INTEGER_FORMAT "\n", "lines", json_integer_value(json_object_get(chip, "lines")));
    json_array_foreach(json_object_get(chip, "used"), i, used)
    {
        printf("    line %" JSON_INTEGER_FORMAT " used by target ", json_integer_value(json_object_get(used, "line")));
        cli_print_text(cli_member(used, "target"), false);
        putchar('\n');
    }
}

static void print_list(json_t *answer)
{
    json_t *one;
    size_t i;
    json_array_foreach(json_object_get(answer, "capture"), i, one)
    {
        print_head("capture", cli_member(one, "node"), one);
        print_pair("stable", cli_member(one, "stable"));
        print_pair("card", cli_member(one, "card"));
        print_pair("driver", cli_member(one, "driver"));
    }
    json_array_foreach(json_object_get(answer, "udc"), i, one)
    {
        print_head("udc", cli_member(one, "name"), one);
        print_pair("state", cli_member(one, "state"));
        print_pair("gadget", cli_member(one, "gadget"));
    }
    json_array_foreach(json_object_get(answer, "gpio"), i, one) print_gpio(one);
    static const char *const words[] = {"installed", "kvm", "tpm", "bios", "uefi", "uefi_secure"};
    printf("qemu ");
    for (size_t k = 0; k < ARRAY_SIZE(words); k++)
        printf(" %s %s", words[k],
               json_is_true(json_object_get(json_object_get(answer, "qemu"), words[k])) ? "yes" : "no");
    putchar('\n');
}

static int devices(struct cli *cli, attr_unused int argc, attr_unused char **argv)
{
    json_t *answer = NULL;
    int r = cli_call(cli, "GET", "/devices", NULL, &answer);
    if (r == CLI_OK && cli->json)
        cli_print_json(answer);
    else if (r == CLI_OK)
        print_list(answer);
    json_decref(answer);
    return r;
}

static void print_seen(json_t *seen)
{
    const json_t *works = json_object_get(seen, "works");
    const char *name;
    json_t *value;
    print_head(cli_member(seen, "kind"), cli_member(seen, "device"), seen);
    print_pair("works", json_is_true(works) ? "yes" : json_is_false(works) ? "no" : "not known");
    print_pair("why", cli_member(seen, "why"));
    print_pair("busy", json_is_true(json_object_get(seen, "busy")) ? "yes" : "");
    json_object_foreach(seen, name, value)
    {
        static const char *const said[] = {"kind", "device", "works", "busy", "target", "why", "not_seen"};
        bool again = false;
        for (size_t i = 0; i < ARRAY_SIZE(said); i++)
            again |= strcmp(said[i], name) == 0;
        if (!again && json_is_string(value))
            print_pair(name, json_string_value(value));
    }
    print_pair("not seen", cli_member(seen, "not_seen"));
}

static int test(struct cli *cli, attr_unused int argc, char **argv)
{
    static const char *const kinds[] = {"capture", "udc", "gpio"};
    bool known = false;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        known |= strcmp(argv[0], kinds[i]) == 0;
    json_t *body = known ? json_pack("{s:s}", argv[0], argv[1]) : NULL, *answer = NULL;
    if (!body) {
        cli_error("say 'devices test capture PATH', 'devices test udc NAME' or 'devices test gpio CHIP:LINE'");
        return CLI_USAGE;
    }
    int r = cli_call(cli, "POST", "/devices/test", body, &answer);
    if (r == CLI_OK && cli->json)
        cli_print_json(answer);
    else if (r == CLI_OK)
        print_seen(answer);
    json_decref(answer);
    return r;
}

static const struct cli_command rows[] = {
    {"devices test", "capture PATH | udc NAME | gpio CHIP:LINE",
     "what a device of the gateway's machine shows now; one that a target uses is not disturbed", 2, 2, test},
    {"devices", "", "capture devices, USB device controllers and GPIO lines of the gateway's machine, and who has them",
     0, 0, devices},
};
const struct cli_commands cli_device_commands = {rows, ARRAY_SIZE(rows)};
