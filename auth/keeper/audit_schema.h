/* What the audit log needs of step 2 of the store (store_schema.h). */
#pragma once

#define STORE_STEP_2_AUDIT ""
