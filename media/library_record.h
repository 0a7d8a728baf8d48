/* Writing a record of facts; reading one is in media/library_facts.h. Pure. */
#pragma once

#include "media/field_text.h"
#include "media/library_facts.h"

void library_record_write(const struct library_record *self, struct field_writer *ret);
