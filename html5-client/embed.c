/* Build tool: embed OUTPUT.c (PATH FILE.gz)... writes the table of site_files.h. PATH is what the browser asks for;
 * FILE holds the gzipped bytes, from `gzip -n` so that equal sources give equal ETags. */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *ending, *type;
} types[] = {
    {"/", "text/html; charset=utf-8"},
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".wasm", "application/wasm"},
    {".json", "application/json"},
};

static const char *content_type(const char *path)
{
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        size_t n = strlen(types[i].ending);
        if (length >= n && !strcmp(path + length - n, types[i].ending))
            return types[i].type;
    }
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

static int embed(FILE *out, int n_files, char **args, uint64_t *hashes)
{
    fputs("#include \"html5-client/site_files.h\"\n", out);
    for (int i = 0; i < n_files; i++) {
        const char *path = args[2 * i], *name = args[2 * i + 1];
        FILE *in = fopen(name, "rb");
        int r = in ? write_array(out, in, i, &hashes[i]) : -1;
        if (in)
            fclose(in);
        if (r < 0 || !content_type(path)) {
            fprintf(stderr, "embed: %s (%s): %s\n", name, path, r < 0 ? "unreadable or empty" : "unknown content type");
            return -1;
        }
    }
    fputs("const struct site_file site_files[] = {\n", out);
    for (int i = 0; i < n_files; i++)
        fprintf(out, "    {\"%s\", \"%s\", \"\\\"%016" PRIx64 "\\\"\", file_%d, sizeof file_%d},\n", args[2 * i],
                content_type(args[2 * i]), hashes[i], i, i);
    fputs("};\nconst size_t site_files_count = sizeof site_files / sizeof site_files[0];\n", out);
    return ferror(out) ? -1 : 0;
}

int main(int argc, char **argv)
{
    if (argc < 4 || argc % 2) {
        fputs("usage: embed OUTPUT.c (PATH FILE.gz)...\n", stderr);
        return 2;
    }
    int n_files = (argc - 2) / 2;
    uint64_t *hashes = calloc(n_files, sizeof *hashes);
    FILE *out = hashes ? fopen(argv[1], "w") : NULL;
    if (!out) {
        fprintf(stderr, "embed: %s: %s\n", argv[1], strerror(errno));
        free(hashes);
        return 1;
    }
    int r = embed(out, n_files, argv + 2, hashes);
    if (fclose(out))
        r = -1;
    if (r < 0)
        remove(argv[1]);
    free(hashes);
    return r < 0;
}
