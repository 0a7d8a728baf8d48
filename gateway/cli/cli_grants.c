/* Grants on a command line. */
#include <stdio.h>
#include <string.h>

#include "auth/grants.h"
#include "gateway/cli/cli.h"

#define GATEWAY_WORD "gateway"

/* "right,right" behind the colon. */
static json_t *rights(const char *word, const char *text)
{
    json_t *list = json_array();
    while (*text) {
        char name[32];
        size_t n = strcspn(text, ",");
        uint32_t right;
        snprintf(name, sizeof name, "%.*s", (int)n, text);
        if (!right_parse(name, &right)) {
            cli_error(
                "'%s': '%s' is no right; they are view, input, media, library, power, serial, configure, users and "
                "audit",
                word, name);
            json_decref(list);
            return NULL;
        }
        json_array_append_new(list, json_string(name));
        text += n + (text[n] == ',');
    }
    return list;
}

json_t *cli_grants(int argc, char **argv)
{
    json_t *list = json_array();
    for (int i = 0; i < argc; i++) {
        const char *colon = strrchr(argv[i], ':');
        json_t *words = colon && colon[1] ? rights(argv[i], colon + 1) : NULL;
        if (!words) {
            if (!colon || !colon[1])
                cli_error("'%s': write TARGET:right,right; '*' is all targets, '" GATEWAY_WORD "' the gateway itself",
                          argv[i]);
            json_decref(list);
            return NULL;
        }
        size_t n = (size_t)(colon - argv[i]);
        bool gateway = n == sizeof GATEWAY_WORD - 1 && !strncmp(argv[i], GATEWAY_WORD, n);
        json_array_append_new(list, json_pack("{s:s%, s:o}", "target", argv[i], gateway ? 0 : n, "rights", words));
    }
    return list;
}

void cli_print_grants(json_t *grants)
{
    json_t *grant, *right;
    size_t i, k;

    json_array_foreach(grants, i, grant)
    {
        const char *target = cli_member(grant, "target");
        putchar(' ');
        cli_print_text(*target ? target : GATEWAY_WORD, false);
        json_array_foreach(json_object_get(grant, "rights"), k, right)
            printf("%c%s", k ? ',' : ':', json_string_value(right));
    }
}
