/* What people want to know of a certificate. Pure. */
#pragma once

#include "api/certificate.h"

/* Of the first one in the PEM text; source and on_trial are left alone. False: there is none. */
bool certificate_facts(const char *pem, struct api_certificate *ret);
