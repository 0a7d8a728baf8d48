#include "gateway/reader/reader_languages.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/attrs.h"

#define ENDING ".traineddata"

static const char *const folders[] = {"/usr/share/tesseract-ocr/5/tessdata", "/usr/share/tesseract-ocr/4.00/tessdata",
                                      "/usr/share/tessdata"};

const char *reader_languages_folder(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
        if (access(folders[i], R_OK | X_OK) == 0)
            return folders[i];
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* False: another file, or data for finding how a page lies, or formulas. */
static bool language_of(const char *file, char *ret)
{
    size_t n = strlen(file), end = strlen(ENDING);
    if (n <= end || n - end >= READER_LANGUAGE || strcmp(file + n - end, ENDING) != 0)
        return false;
    memcpy(ret, file, n - end);
    ret[n - end] = '\0';
    return reader_language_is_name(ret) && strcmp(ret, "osd") != 0 && strcmp(ret, "equ") != 0;
}

size_t reader_languages(const char *folder, char (*ret)[READER_LANGUAGE], size_t n)
{
    DIR *dir = folder ? opendir(folder) : NULL;
    size_t found = 0;
    for (const struct dirent *e; dir && found < n && (e = readdir(dir));)
        found += language_of(e->d_name, ret[found]);
    if (dir)
        closedir(dir);
    qsort(ret, found, sizeof *ret, by_name);
    return found;
}
