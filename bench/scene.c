/* bench-scene FRAMES: raw frames of a generated text screen, 1280x800, typed on and scrolled; stands in for recordings
 * where there are none. */
#include "unit/encode/scene.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    struct scene scene;
    scene_init(&scene, 1280, 800, 1);
    scene_start(&scene);
    for (int i = argc > 1 ? atoi(argv[1]) : 60; i > 0; i--) {
        if (i % 4 == 0) {
            scene_scroll(&scene, 0, 0, scene.width, scene.height, 16);
            scene_text_line(&scene, 8, scene.height - 24, scene.width / 8 - 4, 0xC0C0C0, 0x204060);
        } else {
            scene_glyph(&scene, 8 * (i % 100), scene.height - 24, (unsigned)i, 0xFFFFFF, 0x204060, 1);
        }
        fwrite(scene.pixels, 4, (size_t)scene.width * (size_t)scene.height, stdout);
    }
    scene_finish(&scene);
    return 0;
}
