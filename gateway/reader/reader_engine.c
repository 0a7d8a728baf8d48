#include "gateway/reader/reader_engine.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "core/utf8.h"
#include "gateway/reader/reader_languages.h"

#define WANTED_PIXELS 4000000u /* enlarged pictures have at most so many: small letters are read better when larger */
#define MOST_SCALE 3
#define SCREEN_DPI 96
#define WHOLE_SCREEN 400000u /* pixels; larger ones are laid out like a page, smaller ones are one block of lines */
enum { LAYOUT_PAGE = 3, LAYOUT_BLOCK = 6 }; /* TessPageSegMode */

static const char *const libraries[] = {"libtesseract.so.5", "libtesseract.so.4"};

struct reader_engine {
    void *library;
    const char *folder;
    void *(*create)(void);
    void (*delete)(void *api);
    int (*init)(void *api, const char *folder, const char *language);
    int (*set_variable)(void *api, const char *name, const char *value);
    void (*set_layout)(void *api, int mode);
    void (*set_image)(void *api, const unsigned char *bytes, int width, int height, int bytes_per_pixel, int stride);
    void (*set_resolution)(void *api, int dpi);
    char *(*get_text)(void *api);
    void (*delete_text)(const char *text);
};

/* Functions and what they are called there; the pointer to each is written by its address, as dlsym(3) advises. */
static bool find_functions(struct reader_engine *self)
{
    const struct {
        const char *name;
        void *place;
    } functions[] = {
        {"TessBaseAPICreate", &self->create},
        {"TessBaseAPIDelete", &self->delete},
        {"TessBaseAPIInit3", &self->init},
        {"TessBaseAPISetVariable", &self->set_variable},
        {"TessBaseAPISetPageSegMode", &self->set_layout},
        {"TessBaseAPISetImage", &self->set_image},
        {"TessBaseAPISetSourceResolution", &self->set_resolution},
        {"TessBaseAPIGetUTF8Text", &self->get_text},
        {"TessDeleteText", &self->delete_text},
    };
    for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
        void *function = dlsym(self->library, functions[i].name);
        if (!function)
            return false;
        memcpy(functions[i].place, &function, sizeof function);
    }
    return true;
}

int reader_engine_create(struct reader_engine **ret)
{
    struct reader_engine *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    setenv("OMP_THREAD_LIMIT", "1", 1); /* its threads wait by turning in circles */
    for (size_t i = 0; i < ARRAY_SIZE(libraries) && !self->library; i++)
        self->library = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL);
    if (self->library && !find_functions(self)) {
        log_error("reader", "the tesseract that is installed lacks functions that are needed");
        dlclose(self->library);
        self->library = NULL;
    }
    self->folder = reader_languages_folder();
    *ret = self;
    return 0;
}

struct reader_engine *reader_engine_destroy(struct reader_engine *self)
{
    if (self && self->library)
        dlclose(self->library);
    free(self);
    return NULL;
}

/* --- the picture --- */

static unsigned scale_for(unsigned width, unsigned height)
{
    unsigned scale = MOST_SCALE;
    while (scale > 1 && (size_t)width * height * scale * scale > WANTED_PIXELS)
        scale--;
    return scale;
}

static bool is_dark(const uint8_t *pixels, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += pixels[i];
    return sum < (uint64_t)n * 128;
}

/* Between four pixels, by where between them it lies (in parts of `scale`). */
static uint8_t blend(const uint8_t *row, const uint8_t *below, unsigned x, unsigned next, unsigned fx, unsigned fy,
                     unsigned scale)
{
    unsigned top = row[x] * (scale - fx) + row[next] * fx;
    unsigned bottom = below[x] * (scale - fx) + below[next] * fx;
    return (uint8_t)((top * (scale - fy) + bottom * fy) / (scale * scale));
}

/* Dark letters on light paper, enlarged: what tesseract was taught with. */
static uint8_t *prepare(const uint8_t *pixels, unsigned width, unsigned height, unsigned scale)
{
    const uint8_t turn = is_dark(pixels, (size_t)width * height) ? 0xff : 0;
    const size_t size = (size_t)width * height * scale * scale;
    uint8_t *out = size ? malloc(size) : NULL, *at = out;
    for (unsigned y = 0; out && y < height * scale; y++) {
        const uint8_t *row = pixels + (size_t)(y / scale) * width;
        const uint8_t *below = y / scale + 1 < height ? row + width : row;
        for (unsigned x = 0; x < width * scale; x++) {
            unsigned from = x / scale, next = from + 1 < width ? from + 1 : from;
            *at++ = blend(row, below, from, next, x % scale, y % scale, scale) ^ turn;
        }
    }
    return out;
}

/* --- the text --- */

/* A copy with nothing in it but characters and line ends, which tesseract's is meant to be. */
static char *clean(const char *text)
{
    size_t n = strlen(text);
    char *copy = utf8_valid(text, n) ? malloc(n + 1) : NULL, *at = copy;
    for (; copy && *text; text++)
        if ((uint8_t)*text >= 0x20 ? *text != 0x7f : *text == '\n')
            *at++ = *text;
    if (copy)
        *at = 0;
    return copy;
}

static bool has_language(const struct reader_engine *self, const char *language)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s.traineddata", self->folder, language);
    return access(path, R_OK) == 0;
}

static int recognise(struct reader_engine *self, void *api, const uint8_t *pixels, unsigned width, unsigned height,
                     const char *language, char **ret)
{
    unsigned scale = scale_for(width, height);
    if (self->init(api, self->folder, language) != 0)
        return -EIO;
    _cleanup_free_ uint8_t *picture = prepare(pixels, width, height, scale);
    if (!picture)
        return -ENOMEM;
    self->set_variable(api, "preserve_interword_spaces", "1");
    self->set_layout(api, width * height > WHOLE_SCREEN ? LAYOUT_PAGE : LAYOUT_BLOCK);
    self->set_image(api, picture, (int)(width * scale), (int)(height * scale), 1, (int)(width * scale));
    self->set_resolution(api, SCREEN_DPI * (int)scale);
    char *text = self->get_text(api);
    *ret = text ? clean(text) : NULL;
    if (text)
        self->delete_text(text);
    return *ret ? 0 : -EIO;
}

int reader_engine_read(struct reader_engine *self, const uint8_t *pixels, unsigned width, unsigned height,
                       const char *language, char **ret, const char **why)
{
    *why = "This text is in no font of consoles; with the package tesseract-ocr on the gateway it can be recognised.";
    if (!self->library || !self->folder)
        return -ENOPKG;
    *why = "tesseract has not learnt this language; install its package, such as tesseract-ocr-deu for German.";
    if (!has_language(self, language))
        return -ENOPKG;
    *why = "tesseract could not read this picture.";
    void *api = self->create();
    int r = api ? recognise(self, api, pixels, width, height, language, ret) : -ENOMEM;
    if (api)
        self->delete (api);
    return r;
}
