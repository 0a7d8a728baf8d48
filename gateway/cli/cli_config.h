/* What the files of `lightsout config` share. */
#pragma once

#include "gateway/cli/cli.h"

/* Keys of a section ("gateway", a target's name, or "target/NAME") in GET /config; NULL: there is none. Borrowed. */
json_t *cli_config_section(json_t *config, const char *name);
/* Adds "KEY=VALUE" to an object of keys. False after an error was printed. */
bool cli_config_add(json_t *keys, const char *word);
void cli_config_print_value(json_t *value); /* "-" for none */

/* cli_config_targets.c */
int cli_config_keys(struct cli *cli, int argc, char **argv);
int cli_config_restart(struct cli *cli, int argc, char **argv);
int cli_config_target_add(struct cli *cli, int argc, char **argv);
int cli_config_target_remove(struct cli *cli, int argc, char **argv);
