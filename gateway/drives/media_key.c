/* What media are sealed with: asked of the keeper at each start, before anything of a medium is opened. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "auth/keeper_account.h"
#include "core/cleanup.h"
#include "core/log.h"
#include "gateway/gateway.h"
#include "media/overlay_adopt.h"

_Static_assert(KEEPER_MEDIA_KEY_SIZE == SEAL_KEY_SIZE, "the keeper's key is the seal's");

static bool is_leftover(const char *name)
{
    size_t n = strlen(name), end = strlen(OVERLAY_ADOPT_END);
    return n > end && strcmp(name + n - end, OVERLAY_ADOPT_END) == 0;
}

static void adopt(const struct gateway *self, int folder_fd, const char *name)
{
    int r = overlay_adopt(folder_fd, name, &self->media_key);
    if (r > 0)
        log_info("gateway", "overlays/%s: what was written before is sealed now", name);
    else if (r < 0)
        log_error("gateway",
                  "overlays/%s: cannot be sealed (%s), and is not used until it is: make room on the disk that holds "
                  "the state folder and restart lightsout",
                  name, strerror(-r));
}

/* Those of a release that did not seal. At the first start of this one only; machines wait for their drives as they do
 * after a kill. */
static void adopt_overlays(const struct gateway *self)
{
    char path[CONFIG_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/gateway/overlays", self->setup.state);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder && fd >= 0)
        close(fd);
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        if (is_leftover(entry->d_name))
            unlinkat(dirfd(folder), entry->d_name, 0);
        else if (entry->d_name[0] != '.')
            adopt(self, dirfd(folder), entry->d_name);
    if (folder)
        closedir(folder);
}

int gateway_media_key(struct gateway *self)
{
    int r = keeper_client_media_key(self->keeper, self->media_key.bytes);
    if (r < 0)
        log_error("gateway", "the keeper does not give the key that media are sealed with: %s", strerror(-r));
    else
        adopt_overlays(self);
    return r;
}
