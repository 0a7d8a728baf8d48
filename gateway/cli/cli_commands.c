/* All commands there are, and what is said of them. */
#include <string.h>

#include "core/attrs.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/cli_commands.h"

static const struct cli_commands *const all_commands[] = {
    &cli_target_commands, &cli_media_commands,     &cli_image_commands,   &cli_export_commands,
    &cli_upload_commands, &cli_screen_commands,    &cli_input_commands,   &cli_pointer_commands,
    &cli_typing_commands, &cli_seat_commands,      &cli_viewers_commands, &cli_record_commands,
    &cli_macro_commands,  &cli_dongle_commands,    &cli_doctor_commands,  &cli_account_commands,
    &cli_audit_commands,  &cli_user_commands,      &cli_token_commands,   &cli_certificate_commands,
    &cli_backup_commands, &cli_directory_commands, &cli_api_commands,     &cli_complete_commands,
    &cli_config_commands, &cli_device_commands,    &cli_uploads_commands, &cli_own_account_commands,
    &cli_system_commands,
};

const struct cli_command *cli_command_at(size_t i)
{
    for (size_t k = 0; k < ARRAY_SIZE(all_commands); i -= all_commands[k++]->n)
        if (i < all_commands[k]->n)
            return &all_commands[k]->rows[i];
    return NULL;
}

const struct cli_command *cli_command_find(int argc, char **argv, int *ret_words)
{
    char two[64];
    const struct cli_command *c;

    snprintf(two, sizeof two, "%s %s", argc > 0 ? argv[0] : "", argc > 1 ? argv[1] : "");
    for (size_t i = 0; (c = cli_command_at(i)); i++) {
        *ret_words = strchr(c->name, ' ') ? 2 : 1;
        if (strcmp(c->name, *ret_words == 2 ? two : argc > 0 ? argv[0] : "") == 0)
            return c;
    }
    return NULL;
}

void cli_command_help(FILE *out, const struct cli_command *c)
{
    fprintf(out, "  %s%s%s\n      %s\n", c->name, *c->usage ? " " : "", c->usage, c->help);
}

int cli_group_help(FILE *out, const char *first)
{
    const struct cli_command *c;
    int n = 0;
    for (size_t i = 0; (c = cli_command_at(i)); i++)
        if (strcspn(c->name, " ") == strlen(first) && strncmp(c->name, first, strlen(first)) == 0) {
            cli_command_help(out, c);
            n++;
        }
    return n;
}
