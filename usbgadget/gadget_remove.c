#include "usbgadget/gadget_remove.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"

/* configfs has an order: links first, then functions, LUNs before their function, strings before their owner. Folders
 * that the kernel made itself cannot be removed and go with their owner. */

int gadget_unbind(const struct gadget_place *place, const char *name)
{
    char path[GADGET_PATH_SIZE];
    int r = gadget_attr_write(place, gadget_path(path, "%s/usb_gadget/%s/UDC", place->configfs, name), "\n");
    return r == -ENODEV || r == -ENOENT ? 0 : r; /* ENODEV: it was not bound */
}

static int remove_folder(const char *path)
{
    return rmdir(path) < 0 && errno != ENOENT ? -errno : 0;
}

static bool is_link(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

static int unlink_if_link(void *data, const char *folder, const char *name)
{
    char path[GADGET_PATH_SIZE];
    (void)data;
    gadget_path(path, "%s/%s", folder, name);
    return is_link(path) && unlink(path) < 0 ? -errno : 0;
}

static int remove_one(void *data, const char *folder, const char *name)
{
    char path[GADGET_PATH_SIZE];
    (void)data;
    return remove_folder(gadget_path(path, "%s/%s", folder, name));
}

static int remove_lun(void *data, const char *folder, const char *name)
{
    /* lun.0 is the function's own */
    return strncmp(name, "lun.", 4) == 0 && strcmp(name, "lun.0") != 0 ? remove_one(data, folder, name) : 0;
}

static int ignore_absence(int r)
{
    return r == -ENOENT ? 0 : r;
}

static int remove_config(void *data, const char *folder, const char *name)
{
    char path[GADGET_PATH_SIZE], strings[GADGET_PATH_SIZE];
    gadget_path(path, "%s/%s", folder, name);
    int r = gadget_each_entry(path, unlink_if_link, data);
    if (r >= 0)
        r = ignore_absence(gadget_each_entry(gadget_path(strings, "%s/strings", path), remove_one, data));
    return r < 0 ? r : remove_folder(path);
}

static int remove_function(void *data, const char *folder, const char *name)
{
    char path[GADGET_PATH_SIZE];
    const char *keep = data;
    if (keep && strcmp(keep, name) == 0)
        return 0;
    gadget_path(path, "%s/%s", folder, name);
    int r = gadget_each_entry(path, remove_lun, data);
    return r < 0 ? r : remove_folder(path);
}

static int each_under(const char *gadget, const char *folder, int (*fn)(void *, const char *, const char *), void *data)
{
    char path[GADGET_PATH_SIZE];
    return ignore_absence(gadget_each_entry(gadget_path(path, "%s/%s", gadget, folder), fn, data));
}

int gadget_remove(const struct gadget_place *place, const char *name, const char *keep)
{
    char path[GADGET_PATH_SIZE], kept[64] = "";
    gadget_path(path, "%s/usb_gadget/%s", place->configfs, name);
    if (access(path, F_OK) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (keep)
        (void)text_copy(kept, sizeof kept, keep);
    int r = gadget_unbind(place, name);
    if (r >= 0)
        r = each_under(path, "os_desc", unlink_if_link, NULL);
    if (r >= 0)
        r = each_under(path, "configs", remove_config, NULL);
    if (r >= 0)
        r = each_under(path, "functions", remove_function, keep ? kept : NULL);
    if (r < 0 || keep)
        return r;
    r = each_under(path, "strings", remove_one, NULL);
    return r < 0 ? r : remove_folder(path);
}
