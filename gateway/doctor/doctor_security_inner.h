/* The report while it is made. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "gateway/doctor/doctor_security.h"

struct security {
    FILE *out;    /* NULL: nobody reads it */
    json_t *list; /* instead, when not NULL */
    unsigned n[3];
};
