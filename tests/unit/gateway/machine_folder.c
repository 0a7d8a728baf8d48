#include "machine_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

void machine_folder_make(struct machine_folder *self)
{
    snprintf(self->path, sizeof self->path, "/tmp/lightsout-root-XXXXXX");
    assert_non_null(mkdtemp(self->path));
}

void machine_folder_remove(const struct machine_folder *self)
{
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", self->path);
    assert_int_equal(system(command), 0);
}

static void make_room(const struct machine_folder *self, const char *name, char path[300])
{
    snprintf(path, 300, "%s/%s", self->path, name);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
}

void machine_folder_file(const struct machine_folder *self, const char *name, const char *text)
{
    char path[300];
    make_room(self, name, path);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

void machine_folder_link(const struct machine_folder *self, const char *name, const char *target)
{
    char path[300];
    make_room(self, name, path);
    assert_int_equal(symlink(target, path), 0);
}
