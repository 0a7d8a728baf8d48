/* Secrets that people type. */
#include "core/quiet_line.h"
#include "gateway/cli/cli.h"

bool cli_read_password(const char *prompt, char ret[CLI_MAX_PASSWORD])
{
    if (quiet_line_ask(prompt, ret, CLI_MAX_PASSWORD))
        return true;
    cli_error("nothing was given for: %s", prompt);
    return false;
}
