#include "encode/copy_patch_body.inc"

const struct copy_patch_ops copy_patch_c = {.name = "c", .along = along, .down = down};

const struct copy_patch_ops *const copy_patch_ops_all[] = {
#if defined(__x86_64__)
    &copy_patch_avx2,
#endif
    &copy_patch_c,
    NULL,
};

const struct copy_patch_ops *copy_patch_ops_find(uint32_t features)
{
    for (size_t i = 0; copy_patch_ops_all[i]; i++)
        if (!(copy_patch_ops_all[i]->needs & ~features))
            return copy_patch_ops_all[i];
    return &copy_patch_c;
}
