#include "gateway/vm/vm_record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"

#define NAME "process"
#define BOOT_ID_SIZE 36

/* A process number and start time mean something only within one boot. */
static int read_boot_id(char ret[BOOT_ID_SIZE + 1])
{
    _cleanup_close_ int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, ret, BOOT_ID_SIZE) != BOOT_ID_SIZE)
        return -ENODATA;
    ret[BOOT_ID_SIZE] = '\0';
    return 0;
}

int vm_record_save(int folder, const struct vm_record *record)
{
    char boot[BOOT_ID_SIZE + 1] = "", text[128];
    read_boot_id(boot);
    int n = snprintf(text, sizeof text, "%d %" PRIu64 " %s\n", (int)record->pid, record->start_time, boot);
    unlinkat(folder, NAME, 0);
    _cleanup_close_ int fd = openat(folder, NAME, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    return write(fd, text, (size_t)n) == n ? 0 : -EIO;
}

int vm_record_load(int folder, struct vm_record *ret)
{
    char boot[BOOT_ID_SIZE + 1] = "", written[BOOT_ID_SIZE + 1] = "", text[128];
    _cleanup_close_ int fd = openat(folder, NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (n < 0)
        return -errno;
    text[n] = '\0';
    int pid;
    uint64_t start;
    if (sscanf(text, "%d %" SCNu64 " %36s", &pid, &start, written) < 2 || pid <= 1)
        return -EINVAL;
    read_boot_id(boot);
    if (strcmp(boot, written) != 0)
        return -ESTALE;
    *ret = (struct vm_record){.pid = pid, .start_time = start};
    return 0;
}

void vm_record_remove(int folder)
{
    unlinkat(folder, NAME, 0);
}

bool vm_record_check(pid_t pid, uid_t uid, char *const *argv, const char *runtime, bool *ret_same)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    enum { ROOM = 64 << 10 };
    _cleanup_free_ char *text = malloc(ROOM);
    ssize_t n = fd >= 0 && text && fstat(fd, &st) == 0 && st.st_uid == uid ? read(fd, text, ROOM - 1) : -1;
    if (n <= 0)
        return false;
    text[n] = '\0';
    if (strcmp(text, argv[0]) != 0 || !memmem(text, (size_t)n, runtime, strlen(runtime)))
        return false;
    const char *at = text;
    size_t i = 0;
    for (; argv[i] && at < text + n && strcmp(at, argv[i]) == 0; i++)
        at += strlen(at) + 1;
    *ret_same = !argv[i] && at >= text + n;
    return true;
}
