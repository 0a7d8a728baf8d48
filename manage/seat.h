/* Who may type on one target. Exclusive: at most one party holds the seat; others ask for it, and the holder answers,
 * or loses it when it is idle and does not. Shared: all who may type do. Everybody sees how it stands. Pure: time is a
 * parameter (microseconds of one clock that never goes back), rights are the caller's to check, and every change is
 * told to the caller, who lets go of keys, tells viewers and writes it down. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEAT_NAME_MAX 64
#define SEAT_ASKERS 6              /* that are kept; one for each session */
#define SEAT_ANSWER_US 30000000ull /* how long an idle holder has to answer */
#define SEAT_QUIET_US 30000000ull  /* from then on a holder is shown as idle */

/* Who sits or asks: a console, or a session that asks over REST. */
struct seat_party {
    uint64_t session; /* never 0 */
    uint32_t viewer;  /* number of the console; 0: none, the session itself */
    char name[SEAT_NAME_MAX];
};

struct seat_asker {
    struct seat_party party;
    uint32_t number; /* of this request, on this seat; never 0 */
    uint64_t since_us;
};

struct seat {
    bool shared;
    uint64_t idle_us; /* a holder that did nothing for so long loses the seat; 0: never */

    /* seat.c's */
    struct seat_party holder; /* session 0: free */
    uint64_t used_us;         /* when the holder did something last */
    bool quiet;               /* it is shown as idle */
    struct seat_asker askers[SEAT_ASKERS];
    unsigned n_askers;
    uint32_t last_number;
};

enum seat_change {
    SEAT_SAME,      /* nothing changed */
    SEAT_TAKEN,     /* `who` has a seat that was free, or its own session's */
    SEAT_OVERTAKEN, /* `who` took it from `former` by right */
    SEAT_GRANTED,   /* `former` gave it to `who`, who had asked */
    SEAT_PASSED,    /* `former` left it, and `who` had asked first */
    SEAT_LAPSED,    /* `former` was idle and did not answer `who` */
    SEAT_RELEASED,  /* `former` left it free */
    SEAT_IDLED,     /* `former` was idle for too long: free */
    SEAT_ASKED,     /* `who` asks `former` */
    SEAT_REFUSED,   /* `former` refused `who` */
    SEAT_WITHDRAWN, /* `who` does not ask any more */
    SEAT_SHARED,    /* by `who`; `former` held it, if anybody */
    SEAT_EXCLUSIVE, /* by `who`: free */
    SEAT_STILL,     /* the holder counts as idle from now on: to be shown, nothing else */
};

struct seat_news {
    enum seat_change change;
    struct seat_party former, who; /* session 0 where the change names none */
};

/* Each gives 0 and fills *ret, or an error and nothing has changed.
 * Asks for the seat: `who` has it at once when it is free or held by the same session. -EBUSY: too many ask. */
int seat_request(struct seat *self, const struct seat_party *who, uint64_t now_us, struct seat_news *ret);
/* Takes it, from whoever holds it: that wants may_take_over, else -EPERM. */
int seat_take(struct seat *self, const struct seat_party *who, bool may_take_over, uint64_t now_us,
              struct seat_news *ret);
/* The holder grants or refuses a request. number 0: the first one. -EPERM: `by` does not hold it. -ENOENT: nobody asks
 * (any more) under that number. */
int seat_answer(struct seat *self, const struct seat_party *by, uint32_t number, bool grant, uint64_t now_us,
                struct seat_news *ret);
/* The party gives up what it has: the seat, or its request. The same when it goes away. */
void seat_leave(struct seat *self, const struct seat_party *who, uint64_t now_us, struct seat_news *ret);
/* Switches between shared and exclusive. Nobody holds or asks afterwards. */
void seat_share(struct seat *self, const struct seat_party *by, bool shared, struct seat_news *ret);

/* The party typed or pointed. True: it was shown as idle, and is so no longer. */
bool seat_used(struct seat *self, const struct seat_party *who, uint64_t now_us);
/* What time has brought; to be called from seat_next_us on, until it gives SEAT_SAME. */
void seat_tick(struct seat *self, uint64_t now_us, struct seat_news *ret);
uint64_t seat_next_us(const struct seat *self); /* UINT64_MAX: never */

bool seat_free(const struct seat *self); /* exclusive, and nobody holds it */
bool seat_holds(const struct seat *self, const struct seat_party *who);
/* It may type now: it holds the seat, or the seat is shared. */
bool seat_admits(const struct seat *self, const struct seat_party *who);
/* The party of this session that holds the seat or asks for it; NULL: none. */
const struct seat_party *seat_of_session(const struct seat *self, uint64_t session);

/* What people ask for, with stable names for API and command line. */
enum seat_action {
    SEAT_DO_REQUEST,
    SEAT_DO_GRANT,
    SEAT_DO_REFUSE,
    SEAT_DO_TAKE,
    SEAT_DO_RELEASE,
    SEAT_DO_SHARE,
    SEAT_DO_EXCLUSIVE,
};
bool seat_action_parse(const char *word, enum seat_action *ret); /* "request", "grant" ... */

/* True: what is pressed must be let go, of `former` or, when `former` is nobody, of all. */
bool seat_moved(enum seat_change change);
/* The change as a line of the audit log: who did it ("gateway" for time itself), and what, in words. False: not worth a
 * line. */
bool seat_words(const struct seat_news *news, const char **ret_who, char *ret_words, size_t size);
