/* Whole transfers at an offset: short ones are continued, interrupted ones repeated. Any thread; they block. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

int file_read_all(int fd, void *room, size_t length, uint64_t offset); /* -ENODATA: the file ends before */
/* As much as there is. */
ssize_t file_read_most(int fd, void *room, size_t length, uint64_t offset);
int file_write_all(int fd, const void *bytes, size_t length, uint64_t offset);
/* A file that is longer is cut; -1 with errno. */
int file_cut(int fd, uint64_t size);
