/* Finding again what was begun before a restart. */
#pragma once

#include "media/upload_internal.h"

/* Fills the list. Files without a state, and states that cannot be read, are removed. */
int uploads_load(struct uploads *self);
