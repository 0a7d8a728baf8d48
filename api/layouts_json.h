/* The keyboard layouts as GET /layouts and GET /layouts/{layout} tell them. */
#pragma once

#include <jansson.h>

/* name NULL: all of them. A new reference; NULL: there is none of that name, or no memory. */
json_t *layouts_json(const char *name);
