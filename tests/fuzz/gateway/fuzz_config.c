/* The configuration file: any bytes give a configuration or mistakes, never both, never neither. */
#include <stdint.h>
#include <stdlib.h>

#include "gateway/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    static struct config_mistakes mistakes;
    mistakes = (struct config_mistakes){0};
    struct config *config = NULL;
    int r = config_parse((const char *)data + 1, size - 1, data[0] & 1, &mistakes, &config);
    if ((r == 0) != (config != NULL) || (r == 0) != (mistakes.n == 0))
        abort();
    for (unsigned i = 0; config && i < config->n_targets; i++)
        if (config->targets[i]->cpus < 1 || config->targets[i]->memory_mb < 64 || !config->targets[i]->name[0])
            abort();
    config_destroy(config);
    return 0;
}
