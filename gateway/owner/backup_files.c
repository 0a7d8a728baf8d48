#include "gateway/owner/backup_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/wire.h"

bool backup_name_is_good(const char *name, size_t size)
{
    if (size == 0 || size > BACKUP_NAME_MAX || name[0] == '.' || name[0] == '_' || name[0] == '-')
        return false;
    for (size_t i = 0; i < size; i++) {
        char c = name[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
              c == '-'))
            return false;
    }
    return true;
}

int backup_put(struct backup_seal *seal, enum backup_folder folder, const char *name, const void *bytes, uint64_t size)
{
    uint8_t head[16 + BACKUP_NAME_MAX];
    size_t n = strlen(name);
    if (!backup_name_is_good(name, n) || size > BACKUP_FILE_MAX)
        return -EINVAL;
    struct wire_writer w = wire_writer_init(head, sizeof head);
    wire_write_u8(&w, 1);
    wire_write_u8(&w, (uint8_t)folder);
    wire_write_le16(&w, (uint16_t)n);
    wire_write_bytes(&w, name, n);
    wire_write_le64(&w, size);
    int r = backup_seal_write(seal, head, wire_written(&w));
    return r ? r : backup_seal_write(seal, bytes, size);
}

int backup_put_end(struct backup_seal *seal)
{
    int r = backup_seal_write(seal, &(uint8_t){0}, 1);
    return r ? r : backup_seal_end(seal);
}

/* What follows its first byte. */
static int read_one(struct backup_seal *seal, backup_file_fn *fn, void *data)
{
    uint8_t head[3], size_bytes[8] = {0};
    char name[BACKUP_NAME_MAX + 1] = "";
    int r = backup_seal_read(seal, head, sizeof head);
    if (r < 0)
        return r;
    size_t n = head[1] | (size_t)head[2] << 8;
    if (head[0] < BACKUP_KEEPER || head[0] >= BACKUP_FOLDERS || n > BACKUP_NAME_MAX)
        return -EBADMSG;
    r = backup_seal_read(seal, name, n);
    r = r ? r : backup_seal_read(seal, size_bytes, sizeof size_bytes);
    if (r < 0)
        return r;
    struct wire_reader reader = wire_reader_init(size_bytes, sizeof size_bytes);
    uint64_t size = wire_read_le64(&reader);
    if (!backup_name_is_good(name, n) || size > BACKUP_FILE_MAX)
        return -EBADMSG;
    uint8_t *bytes = malloc(size + 1);
    if (!bytes)
        return -ENOMEM;
    r = backup_seal_read(seal, bytes, size);
    if (r == 0 && fn)
        r = fn(data, (enum backup_folder)head[0], name, bytes, size);
    explicit_bzero(bytes, size);
    free(bytes);
    return r;
}

int backup_each(struct backup_seal *seal, backup_file_fn *fn, void *data)
{
    for (unsigned i = 0; i <= BACKUP_FILES_MAX; i++) {
        uint8_t kind;
        int r = backup_seal_read(seal, &kind, 1);
        if (r == 0 && kind == 0)
            return backup_seal_read_end(seal);
        if (r == 0 && kind != 1)
            r = -EBADMSG;
        r = r ? r : read_one(seal, fn, data);
        if (r != 0)
            return r;
    }
    return -EBADMSG;
}
