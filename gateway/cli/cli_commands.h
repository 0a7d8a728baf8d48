/* The table of all commands, for who runs, explains, completes and documents them. */
#pragma once

#include "gateway/cli/cli.h"

const struct cli_command *cli_command_at(size_t i); /* NULL behind the last one */

/* The command whose one or two words stand at argv; NULL when there is none. */
const struct cli_command *cli_command_find(int argc, char **argv, int *ret_words);

/* Name, usage and what it does. */
void cli_command_help(FILE *out, const struct cli_command *command);
/* The same of all whose first word this is; how many there are. */
int cli_group_help(FILE *out, const char *first);
