/* The recordings of CORPUS (default ../shared/corpus beside the tree), read through the decode.sh there. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "scene.h"

/* What decode.sh says of a recording; `arguments` as it takes them. To be closed with pclose. */
FILE *corpus_decode(const char *name, const char *arguments);

/* A scene of the recording's size. */
void corpus_scene_init(struct scene *scene, const char *name, uint64_t seed);

/* The scene becomes one frame after the other, `count` of them; each is shown. */
void corpus_play(struct scene *scene, const char *name, unsigned count, void (*show)(void *, struct scene *),
                 void *data);

/* Each recording of the list once. */
void corpus_each(void (*run)(const char *name));

/* The main of a test of all recordings. A program that finds none ends with 77, which ctest reports as skipped, not as
 * passed; `otherwise` names what is tested all the same. */
int corpus_main(void (*test)(void **state), const char *otherwise);
