/* A file of this machine that somebody else reads while it may change. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cli_file {
    int fd;
    bool device; /* a block device: its size is asked for, its time of change says nothing */
    uint64_t size;
    int64_t modified_ms;
    char name[256];
};

/* False after an error was printed. A device without a medium, or an empty file, is one. */
bool cli_file_open(struct cli_file *self, const char *path);
/* Whether size and time of change are what they were. */
bool cli_file_same(const struct cli_file *self);
/* All of it, or false. */
bool cli_file_read(const struct cli_file *self, void *room, size_t size, uint64_t offset);
