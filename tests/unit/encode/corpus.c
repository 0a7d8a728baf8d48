#include "corpus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define CORPUS_NONE 77
#define CORPUS_FIRST 60 /* the first frame that is looked at */

static const char *corpus_folder(void)
{
    const char *folder = getenv("CORPUS");
    return folder && *folder ? folder : TEST_DATA "/../../shared/corpus";
}

FILE *corpus_decode(const char *name, const char *arguments)
{
    char command[4096];
    snprintf(command, sizeof command, "sh '%s/decode.sh' %s %s 2>/dev/null", corpus_folder(), name, arguments);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    return f;
}

void corpus_scene_init(struct scene *scene, const char *name, uint64_t seed)
{
    int width, height;
    FILE *f = corpus_decode(name, "info");
    assert_int_equal(fscanf(f, "%d %d", &width, &height), 2);
    pclose(f);
    scene_init(scene, width, height, seed);
}

void corpus_play(struct scene *scene, const char *name, unsigned count, void (*show)(void *, struct scene *),
                 void *data)
{
    char arguments[64];
    unsigned frames = 0;
    size_t pixels = (size_t)scene->width * (size_t)scene->height;
    snprintf(arguments, sizeof arguments, "%d %u", CORPUS_FIRST, count);
    FILE *f = corpus_decode(name, arguments);
    for (; fread(scene->pixels, 4, pixels, f) == pixels; frames++)
        show(data, scene);
    pclose(f);
    assert_int_equal(frames, count);
}

static FILE *corpus_list(void)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/corpus.tsv", corpus_folder());
    return fopen(path, "r");
}

void corpus_each(void (*run)(const char *name))
{
    char line[512], name[32];
    FILE *list = corpus_list();
    unsigned n = 0;
    assert_non_null(list);
    while (fgets(line, sizeof line, list))
        if (sscanf(line, "%31[a-z0-9]", name) == 1) {
            run(name);
            n++;
        }
    fclose(list);
    assert_true(n > 0);
}

int corpus_main(void (*test)(void **state), const char *otherwise)
{
    const struct CMUnitTest tests[] = {{"test_every_recording", test, NULL, NULL, NULL}};
    FILE *list = corpus_list();
    if (!list) {
        printf("%s has no corpus.tsv: skipped; only generated screens are tested (%s)\n", corpus_folder(), otherwise);
        return CORPUS_NONE;
    }
    fclose(list);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
