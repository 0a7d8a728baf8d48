/* Build tool: embed OUTPUT.c FOLDER writes the table of site_files.h from the .gz files in FOLDER. What the browser
 * asks for is the path below FOLDER without .gz. They are from `gzip -n`, so that equal sources give equal ETags. */
#include <errno.h>
#include <fts.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *ending, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},   {".svg", "image/svg+xml"},
    {".wasm", "application/wasm"},         {".json", "application/json"},
};

static const char *content_type(const char *path)
{
    const char *ending = strrchr(path, '.');
    for (size_t i = 0; ending && i < sizeof types / sizeof types[0]; i++)
        if (!strcmp(ending, types[i].ending))
            return types[i].type;
    return NULL;
}

/* Copies the file's bytes as an array; gives their FNV-1a hash, which becomes the ETag. */
static int write_array(FILE *out, FILE *in, int number, uint64_t *ret_hash)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    int byte;
    size_t n = 0;

    fprintf(out, "static const uint8_t file_%d[] = {", number);
    while ((byte = getc(in)) != EOF) {
        hash = (hash ^ (unsigned)byte) * UINT64_C(1099511628211);
        fprintf(out, "%s%d,", n++ % 32 ? "" : "\n", byte);
    }
    fputs("\n};\n", out);
    if (ferror(in) || !n)
        return -1;
    *ret_hash = hash;
    return 0;
}

/* The file's array goes to `out`, its line of the table to `table`. path: below the folder, with .gz. */
static int write_file(FILE *out, FILE *table, int number, const char *name, const char *path)
{
    size_t length = strlen(path);
    char asked[256];
    if (length < 4 || length - 3 >= sizeof asked || strcmp(path + length - 3, ".gz")) {
        fprintf(stderr, "embed: %s: not gzipped, or its name is too long\n", name);
        return -1;
    }
    snprintf(asked, sizeof asked, "%.*s", (int)length - 3, path);
    const char *type = content_type(asked);
    FILE *in = fopen(name, "rb");
    uint64_t hash;
    int r = in ? write_array(out, in, number, &hash) : -1;
    if (in)
        fclose(in);
    if (r < 0 || !type) {
        fprintf(stderr, "embed: %s: %s\n", name, r < 0 ? "unreadable or empty" : "unknown content type");
        return -1;
    }
    fprintf(table, "    {\"%s\", \"%s\", \"\\\"%016" PRIx64 "\\\"\", file_%d, sizeof file_%d},\n",
            strcmp(asked, "/index.html") ? asked : "/", type, hash, number, number);
    return 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int write_folder(FILE *out, FILE *table, char *folder)
{
    char *roots[] = {folder, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    int r = walk ? 0 : -1, number = 0;
    while (!r) {
        errno = 0;
        FTSENT *entry = fts_read(walk);
        if (!entry) {
            r = errno || !number ? -1 : 0;
            break;
        }
        if (entry->fts_info == FTS_F)
            r = write_file(out, table, number++, entry->fts_path, entry->fts_path + strlen(folder));
        else if (entry->fts_info != FTS_D && entry->fts_info != FTS_DP)
            r = -1;
    }
    if (walk)
        fts_close(walk);
    return r;
}

static int embed(FILE *out, char *folder)
{
    char *lines = NULL;
    size_t size;
    FILE *table = open_memstream(&lines, &size);
    if (!table)
        return -1;
    fputs("#include \"html5-client/site_files.h\"\n", out);
    int r = write_folder(out, table, folder);
    if (fclose(table))
        r = -1;
    fprintf(out, "const struct site_file site_files[] = {\n%s};\n", r < 0 ? "" : lines);
    fputs("const size_t site_files_count = sizeof site_files / sizeof site_files[0];\n", out);
    free(lines);
    return ferror(out) ? -1 : r;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: embed OUTPUT.c FOLDER\n", stderr);
        return 2;
    }
    FILE *out = fopen(argv[1], "w");
    if (!out) {
        fprintf(stderr, "embed: %s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    int r = embed(out, argv[2]);
    if (fclose(out))
        r = -1;
    if (r < 0) {
        fprintf(stderr, "embed: no table was made of %s\n", argv[2]);
        remove(argv[1]);
    }
    return r < 0;
}
