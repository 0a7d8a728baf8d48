/* The image library: what is there, what firmware will see of it, and changes to it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/json.h"
#include "api/tables.h"
#include "core/text.h"

static json_t *image_json(const struct library_image *image)
{
    return json_pack("{s:o, s:I, s:I, s:s, s:b, s:s, s:b, s:b}", "name", api_text(image->name), "size",
                     (json_int_t)image->size, "modified", (json_int_t)image->modified, "kind",
                     image->kind == DRIVE_CDROM ? "cdrom" : "disk", "usable", (int)image->usable, "why", image->why,
                     "folder", (int)image->folder, "in_use", (int)image->in_use);
}

static void reply_unreadable(struct route_call *call, int error)
{
    route_reply_error(call, 500, "library-unreadable", "The image library cannot be read: %s.", strerror(-error));
}

struct list_request {
    struct api_context *api;
    struct route_call *call;
};

static void list_done(void *data, int error, const struct library_image *images, size_t n)
{
    struct list_request *request = data;
    struct route_call *call = request->call;
    uint64_t available = 0, total = 0;
    if (request->api->library)
        library_space(request->api->library, &available, &total);
    free(request);
    if (error < 0) {
        reply_unreadable(call, error);
        return;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, image_json(&images[i]));
    api_reply_json(
        call, 200,
        json_pack("{s:o, s:I, s:I}", "images", list, "free", (json_int_t)available, "total", (json_int_t)total));
}

static void get_images(void *context, struct route_call *call)
{
    struct api_context *api = context;
    struct list_request *request = malloc(sizeof *request);
    if (!request) {
        reply_unreadable(call, -ENOMEM);
        return;
    }
    *request = (struct list_request){.api = api, .call = call};
    int r = api->library ? library_list(api->library, list_done, request) : 0;
    if (r < 0 || !api->library)
        list_done(request, r, NULL, 0);
}

/* One image, shown; after a change perhaps. */
struct shown {
    struct api_context *api;
    struct route_call *call;
    char name[256], other[256]; /* other: the new name, or a folder's file */
    const char *what;           /* for the audit */
    int status;                 /* of the answer */
    struct library_image image;
    char label[128], sentence[256]; /* of a folder */
};

static void reply_error(struct route_call *call, int error, const char *why)
{
    const char *sentence = why && *why ? why : "The library did not do it.";
    switch (error) {
    case -ENOENT:
    case -ENOTDIR:
        route_reply_error(call, 404, "no-such-image", "%s", sentence);
        break;
    case -EEXIST:
        route_reply_error(call, 409, "name-taken", "%s", sentence);
        break;
    case -EBUSY:
        route_reply_error(call, 409, "in-use", "%s", sentence);
        break;
    case -EINVAL:
        route_reply_error(call, 422, "bad-name", "%s", sentence);
        break;
    case -EISDIR:
    case -ENODATA:
    case -ELOOP:
    case -EACCES:
        route_reply_error(call, 422, "bad-image", "%s", sentence);
        break;
    default:
        route_reply_error(call, 500, "failed", "%s", sentence);
    }
}

static struct shown *shown_create(struct api_context *api, struct route_call *call, int status, const char *name)
{
    struct shown *self = api->library ? calloc(1, sizeof *self) : NULL;
    if (!self) {
        if (api->library)
            route_reply_error(call, 500, "no-memory", "The gateway is out of memory.");
        else
            route_reply_error(call, 404, "no-library", "This gateway has no image library.");
        return NULL;
    }
    self->api = api;
    self->call = call;
    self->status = status;
    text_copy(self->name, sizeof self->name, name);
    return self;
}

static void shown_fail(struct shown *self, int error, const char *why)
{
    reply_error(self->call, error, why);
    free(self);
}

static json_t *boots(bool bios, bool uefi)
{
    json_t *list = json_array();
    if (bios)
        json_array_append_new(list, json_string("bios"));
    if (uefi)
        json_array_append_new(list, json_string("uefi"));
    return list;
}

/* Consumes self and json. */
static void shown_reply(struct shown *self, json_t *json)
{
    api_reply_json(self->call, self->status, json);
    free(self);
}

static void facts_done(void *data, int error, const char *why, const struct library_facts *facts)
{
    struct shown *self = data;
    if (!error) /* the list was made before it was looked at, perhaps for the first time */
        self->image.kind = library_kind(self->name, &facts->image);
    json_t *json = image_json(&self->image), *summing = json_null();
    char sentence[256] = "";
    uint64_t done;
    (void)why;
    if (error) { /* one that cannot be used is shown all the same */
        shown_reply(self, json);
        return;
    }
    const struct image_facts *f = &facts->image;
    recognise_words(f, self->image.kind == DRIVE_DISK, sentence, sizeof sentence);
    if (library_sum_progress(self->api->library, self->name, &done))
        summing = json_pack("{s:I, s:I}", "done", (json_int_t)done, "size", (json_int_t)self->image.size);
    if (f->why[0] && !self->image.why[0])
        json_object_set_new(json, "why", api_text(f->why));
    json_object_update_new(
        json, json_pack("{s:s, s:o, s:b, s:o, s:o, s:o, s:o, s:o}", "format", image_format_name(f->format), "label",
                        api_text(f->label), "hybrid", (int)f->hybrid, "boots", boots(f->boots_bios, f->boots_uefi),
                        "disk_boots", boots(f->disk_boots_bios, f->disk_boots_uefi), "firmware", api_text(sentence),
                        "sha256", facts->sha256[0] ? json_string(facts->sha256) : json_null(), "summing", summing));
    shown_reply(self, json);
}

static void files_done(void *data, int error, const struct library_image *files, size_t n)
{
    struct shown *self = data;
    if (error) {
        shown_fail(self, error, NULL);
        return;
    }
    json_t *json = image_json(&self->image), *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(
            list, json_pack("{s:o, s:I}", "name", api_text(files[i].name), "size", (json_int_t)files[i].size));
    json_object_update_new(json, json_pack("{s:s, s:o, s:o, s:o}", "format", image_format_name(IMAGE_FOLDER), "label",
                                           api_text(self->label), "firmware", api_text(self->sentence), "files", list));
    shown_reply(self, json);
}

static void folder_facts_done(void *data, int error, const char *why, const struct library_facts *facts)
{
    struct shown *self = data;
    int r = error;
    if (!error) {
        text_copy(self->label, sizeof self->label, facts->image.label);
        recognise_words(&facts->image, true, self->sentence, sizeof self->sentence);
        r = library_list_files(self->api->library, self->name, files_done, self);
    }
    if (r < 0)
        shown_fail(self, r, error ? why : NULL);
}

static void find_done(void *data, int error, const struct library_image *images, size_t n)
{
    struct shown *self = data;
    struct library *library = self->api->library;
    const struct library_image *image = NULL;
    for (size_t i = 0; i < n && !image; i++)
        if (!strcmp(images[i].name, self->name))
            image = &images[i];
    if (error || !image) {
        shown_fail(self, error ? error : -ENOENT, error ? NULL : "There is no image of this name in the library.");
        return;
    }
    self->image = *image;
    int r = library_facts(library, self->name, image->folder ? folder_facts_done : facts_done, self);
    if (r < 0)
        shown_fail(self, r, NULL);
}

static void show(struct shown *self)
{
    int r = library_list(self->api->library, find_done, self);
    if (r < 0)
        shown_fail(self, r, NULL);
}

static void get_image(void *context, struct route_call *call)
{
    struct shown *self = shown_create(context, call, 200, call->params[0]);
    if (self)
        show(self);
}

/* What was asked for is done: the image as it is now, or nothing. */
static void changed(void *data, int error, const char *why)
{
    struct shown *self = data;
    if (error < 0) {
        shown_fail(self, error, why);
        return;
    }
    api_audit(self->api, self->call, self->what, NULL, self->name);
    if (self->status == 204) {
        route_reply(self->call, 204, NULL, NULL, 0);
        free(self);
        return;
    }
    if (self->other[0])
        memcpy(self->name, self->other, sizeof self->name);
    show(self);
}

static void patch_image(void *context, struct route_call *call)
{
    static const char *const known[] = {"name", NULL};
    const char *name = NULL;
    _cleanup_json_ json_t *body = api_body(call, known);
    if (!body || !api_string(call, body, "name", true, &name))
        return;
    struct shown *self = shown_create(context, call, 200, call->params[0]);
    if (!self)
        return;
    self->what = "image-rename";
    text_copy(self->other, sizeof self->other, name);
    int r = library_rename(self->api->library, self->name, self->other, changed, self);
    if (r < 0)
        shown_fail(self, r, NULL);
}

static void delete_image(void *context, struct route_call *call)
{
    struct shown *self = shown_create(context, call, 204, call->params[0]);
    if (!self)
        return;
    self->what = "image-delete";
    int r = library_delete(self->api->library, self->name, changed, self);
    if (r < 0)
        shown_fail(self, r, NULL);
}

static void delete_file(void *context, struct route_call *call)
{
    struct shown *self = shown_create(context, call, 204, call->params[0]);
    if (!self)
        return;
    self->what = "file-delete";
    text_copy(self->other, sizeof self->other, call->params[1]);
    int r = library_delete_file(self->api->library, self->name, self->other, changed, self);
    if (r < 0)
        shown_fail(self, r, NULL);
}

static void post_folder(void *context, struct route_call *call)
{
    static const char *const known[] = {"name", NULL};
    const char *name = NULL;
    _cleanup_json_ json_t *body = api_body(call, known);
    if (!body || !api_string(call, body, "name", true, &name))
        return;
    struct shown *self = shown_create(context, call, 201, name);
    if (!self)
        return;
    self->what = "folder-create";
    int r = library_make_folder(self->api->library, self->name, changed, self);
    if (r < 0)
        shown_fail(self, r, NULL);
}

/* Nobody waits for the sum itself: it is in the image's facts then. */
static void summed(void *data, int error, const char *why, const struct library_facts *facts)
{
    (void)data;
    (void)error;
    (void)why;
    (void)facts;
}

static void post_sha256(void *context, struct route_call *call)
{
    struct shown *self = shown_create(context, call, 202, call->params[0]);
    if (!self)
        return;
    int r = library_sum(self->api->library, self->name, summed, NULL);
    if (r < 0 && r != -EALREADY)
        shown_fail(self, r, NULL);
    else
        show(self);
}

#define IMAGE "/api/v1/images/{image}"

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/images", ROUTE_RIGHT, RIGHT_VIEW, get_images),
    ROUTE(ROUTE_GET, IMAGE, ROUTE_RIGHT, RIGHT_VIEW, get_image),
    ROUTE(ROUTE_PATCH, IMAGE, ROUTE_RIGHT, RIGHT_LIBRARY, patch_image),
    ROUTE(ROUTE_DELETE, IMAGE, ROUTE_RIGHT, RIGHT_LIBRARY, delete_image),
    ROUTE(ROUTE_POST, IMAGE "/sha256", ROUTE_RIGHT, RIGHT_LIBRARY, post_sha256),
    ROUTE(ROUTE_POST, "/api/v1/folders", ROUTE_RIGHT, RIGHT_LIBRARY, post_folder),
    ROUTE(ROUTE_DELETE, IMAGE "/files/{file}", ROUTE_RIGHT, RIGHT_LIBRARY, delete_file),
};
const struct api_rows api_image_rows = {rows, ARRAY_SIZE(rows)};
