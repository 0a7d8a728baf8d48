#include "auth/keeper/directory_desk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/keeper/revalidation.h"
#include "core/log.h"
#include "core/text.h"

#define LIST_EVERY_US 20000000ull /* well below REVALIDATION_EARLY_US */
#define FIRST_LIST_US 3000000ull  /* outward is there by then */

struct directory_desk {
    struct loop *loop;
    struct desk *desk;
    struct errands *errands;
    struct directory *directory;
    struct revalidation *revalidation;
    struct loop_timer *timer;
    unsigned under_way; /* of what comes back here: it waits for them to be freed */
    bool stopped, listing;
    bool silent; /* said so in the log */
};

/* ---- logins ---- */

struct login {
    struct directory_desk *desk;
    struct request *request;
    desk_ran_fn *done;
    void *data;
};

static void on_login(void *data, const struct errand_entry *entry)
{
    struct login *login = data;
    login->request->entry = malloc(sizeof *entry);
    if (login->request->entry)
        *login->request->entry = *entry;
    login->done(login->data);
    login->desk->under_way--;
    free(login);
}

static int ask(struct directory_desk *self, uint16_t type, const char *user, const char *secret, errand_done_fn *done,
               void *data)
{
    struct errand_directory directory;
    directory_get(self->directory, &directory);
    int r = directory.n_urls ? errands_ask(self->errands, type, &directory, user, secret, done, data) : -ENOENT;
    explicit_bzero(&directory, sizeof directory);
    return r;
}

/* As desk_directory_fn. */
static int log_in(void *data, struct request *request, desk_ran_fn *done, void *done_data)
{
    struct directory_desk *self = data;
    struct login *login = self->stopped ? NULL : malloc(sizeof *login);
    if (!login)
        return -EAGAIN;
    *login = (struct login){.desk = self, .request = request, .done = done, .data = done_data};
    int r = ask(self, ERRAND_DIRECTORY_LOGIN, request->user, request->password, on_login, login);
    explicit_bzero(request->password, sizeof request->password);
    if (r < 0)
        free(login);
    else
        self->under_way++;
    return r;
}

/* ---- those who are in ---- */

struct look {
    struct directory_desk *desk;
    struct book_directory_user user;
    struct errand_entry entry;
};

static void pump(struct directory_desk *self);

static void work_change(void *data, struct book *book, struct request *request, struct instant now)
{
    struct look *look = data;
    book_directory_changed(book, request, now, look->user.name, &look->entry);
}

static void done_change(void *data)
{
    struct look *look = data;
    look->desk->under_way--;
    free(look);
}

/* Takes look. */
static void tell_book(struct directory_desk *self, struct look *look)
{
    if (desk_run(self->desk, work_change, done_change, look) < 0)
        done_change(look); /* it comes again */
}

/* Once when it begins and once when it is over. */
static void note_silence(struct directory_desk *self, bool silent, const char *why)
{
    if (silent && !self->silent)
        log_warn("keeper", "the directory does not vouch for its users just now: %s; they go on for %lld h at most",
                 why, REVALIDATION_TRUST_US / 3600000000ll);
    if (!silent && self->silent)
        log_info("keeper", "the directory vouches for its users again");
    self->silent = silent;
}

/* Takes look. */
static void answered(struct look *look)
{
    struct directory_desk *self = look->desk;
    bool over;
    bool heard = revalidation_answered(self->revalidation, look->user.name, look->entry.error, instant_now().us, &over);
    note_silence(self, !heard && look->entry.error, look->entry.why);
    if (over) {
        log_error("keeper", "the directory was silent for too long: what its user %s had ends", look->user.name);
        look->entry = (struct errand_entry){.error = -EACCES};
        text_copy(look->entry.why, sizeof look->entry.why, "The directory was silent for too long.");
    }
    if ((heard || over) && !self->stopped)
        tell_book(self, look);
    else
        done_change(look);
}

static void on_look(void *data, const struct errand_entry *entry)
{
    struct look *look = data;
    struct directory_desk *self = look->desk;
    look->entry = *entry;
    answered(look);
    pump(self);
}

/* False: no more questions now. */
static bool look_at(struct directory_desk *self, const struct book_directory_user *user)
{
    struct look *look = calloc(1, sizeof *look);
    bool over;
    if (!look) {
        revalidation_answered(self->revalidation, user->name, -EHOSTUNREACH, instant_now().us, &over);
        return false;
    }
    *look = (struct look){.desk = self, .user = *user};
    self->under_way++;
    int r = ask(self, ERRAND_DIRECTORY_LOOK, user->name, user->dn, on_look, look);
    if (r == 0)
        return true;
    /* a directory that was taken out of the configuration vouches for nobody */
    look->entry.error = r == -ENOENT ? -EACCES : -EHOSTUNREACH;
    text_copy(look->entry.why, sizeof look->entry.why, "Too many questions are under way.");
    answered(look);
    return r == -ENOENT;
}

static void pump(struct directory_desk *self)
{
    struct book_directory_user user;
    while (!self->stopped && revalidation_next(self->revalidation, instant_now().us, &user))
        if (!look_at(self, &user))
            return;
}

struct listing {
    struct directory_desk *desk;
    struct book_directory_user users[KEEPER_MAX_USERS];
    unsigned n;
    bool worked;
};

static void work_list(void *data, struct book *book, struct request *request, struct instant now)
{
    struct listing *listing = data;
    (void)request, (void)now;
    listing->n = book_directory_users(book, "", listing->users, KEEPER_MAX_USERS);
    listing->worked = true;
}

static void done_list(void *data)
{
    struct listing *listing = data;
    struct directory_desk *self = listing->desk;
    self->listing = false;
    self->under_way--;
    if (listing->worked && !self->stopped &&
        revalidation_list(self->revalidation, listing->users, listing->n, instant_now().us) == 0)
        pump(self);
    free(listing);
}

static void on_timer(void *data)
{
    struct directory_desk *self = data;
    struct listing *listing = self->listing ? NULL : calloc(1, sizeof *listing);
    loop_timer_arm_in(self->timer, LIST_EVERY_US);
    if (!listing)
        return;
    listing->desk = self;
    if (desk_run(self->desk, work_list, done_list, listing) < 0) {
        free(listing);
        return;
    }
    self->listing = true;
    self->under_way++;
}

/* ---- life ---- */

void directory_desk_changed(struct directory_desk *self)
{
    revalidation_hurry(self->revalidation, instant_now().us);
    loop_timer_arm_in(self->timer, 0);
}

int directory_desk_create(struct loop *loop, struct desk *desk, struct errands *errands, struct directory *directory,
                          struct directory_desk **ret)
{
    struct directory_desk *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct directory_desk){.loop = loop, .desk = desk, .errands = errands, .directory = directory};
    int r = revalidation_create(&self->revalidation);
    r = r ? r : loop_timer_add(loop, on_timer, self, &self->timer);
    if (r < 0) {
        revalidation_destroy(self->revalidation);
        free(self);
        return r;
    }
    loop_timer_arm_in(self->timer, FIRST_LIST_US);
    desk_ask_directory(desk, log_in, self);
    *ret = self;
    return 0;
}

void directory_desk_stop(struct directory_desk *self)
{
    if (!self || self->stopped)
        return;
    self->stopped = true;
    self->timer = loop_timer_remove(self->timer);
}

struct directory_desk *directory_desk_destroy(struct directory_desk *self)
{
    if (!self)
        return NULL;
    directory_desk_stop(self);
    assert(self->under_way == 0); /* errands and desk are gone, and have given all back */
    revalidation_destroy(self->revalidation);
    free(self);
    return NULL;
}
