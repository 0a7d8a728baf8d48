/* How the keeper asks the directory: for logins that wait for it, and again for everybody who is in by it. The loop's
 * thread; what it hears goes to the book by the desk. */
#pragma once

#include "auth/keeper/desk.h"
#include "auth/keeper/directory.h"
#include "auth/keeper/errands.h"

struct directory_desk;

/* All of these outlive it, but it is to be stopped before errands and desk go. The desk's logins come here from now
 * on. */
int directory_desk_create(struct loop *loop, struct desk *desk, struct errands *errands, struct directory *directory,
                          struct directory_desk **ret);
/* Asks nobody any more. NULL allowed. */
void directory_desk_stop(struct directory_desk *self);
struct directory_desk *directory_desk_destroy(struct directory_desk *self); /* NULL allowed; returns NULL */

/* Other settings: who is in is asked for again. */
void directory_desk_changed(struct directory_desk *self);
