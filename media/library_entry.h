/* One name in a folder of images: what may be there, and opening it without following links. Blocking; pool threads. */
#pragma once

#include "media/library.h"

/* A single component of printable UTF-8, at most 255 bytes, neither "." nor "..". Pure. */
bool library_name_plain(const char *name);
/* And does not begin with a dot, as all images and folders of the library that we name. Pure. */
bool library_name_visible(const char *name);
/* "debian.iso" and 2 -> "debian (2).iso", at most 255 bytes. name is plain. Pure. */
void library_name_numbered(const char *name, unsigned number, char ret[256]);

/* What stands there, usable or with the reason why not. -EINVAL: no plain name; -ENOENT: gone meanwhile; -errno. */
int library_entry_look(int folder_fd, const char *name, struct library_image *ret);

/* As library_open: on success *ret_fd is the caller's; else a sentence in why. */
int library_entry_open(int folder_fd, const char *name, bool writable, int *ret_fd, struct library_image *ret,
                       char *why, size_t why_size);
