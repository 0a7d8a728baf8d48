/* A folder that looks like a machine's root, for what reads /sys and /dev of one. */
#pragma once

struct machine_folder {
    char path[64];
};

/* Empty. The caller removes it. */
void machine_folder_make(struct machine_folder *self);
void machine_folder_remove(const struct machine_folder *self);

/* With the folders above them. */
void machine_folder_file(const struct machine_folder *self, const char *name, const char *text);
void machine_folder_link(const struct machine_folder *self, const char *name, const char *target);
