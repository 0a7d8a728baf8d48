/* One table of rows per resource file; api.c puts them together. */
#pragma once

#include "api/api.h"

struct api_rows {
    const struct route *rows;
    size_t n;
};

extern const struct api_rows api_session_rows, api_setup_rows, api_target_rows, api_power_rows, api_drive_rows,
    api_image_rows, api_screen_rows, api_input_rows, api_user_rows, api_event_rows, api_system_rows, api_usb_rows,
    api_capture_rows, api_raw_rows, api_upload_rows, api_seat_rows, api_certificate_rows;

extern const struct api_rows api_account_rows, api_export_rows, api_sessions_rows, api_token_rows, api_directory_rows;
extern const struct api_rows api_recording_rows, api_recording_file_rows;
extern const struct api_rows api_target_event_rows;
extern const struct api_rows api_audit_rows, api_config_rows, api_backup_rows, api_typing_rows;
extern const struct api_rows api_device_rows;
extern const struct api_rows api_macro_rows, api_jiggler_rows;

/* The target that the path names. Replies 404 and gives NULL when there is none. Whether the caller may see it was
 * checked before the handler ran. */
struct target *api_target(const struct api_context *context, struct route_call *call);

/* Somebody at the console keeps the keyboard unless the caller insists (force), and could take it over as well. Replies
 * and gives false then. What is typed keeps a holder of the caller's own from counting as idle. */
bool api_seat_is_open(const struct api_context *api, struct target *t, struct route_call *call, bool force);

/* Replies with the status that fits a port's error. what: short code for -EBUSY ("drive-busy", "not-now"). */
void api_reply_port_error(struct route_call *call, int error, const char *why, const char *busy_code);

/* One audit line in the name of the caller; before the reply, which waits until the line is on disk. */
void api_audit(const struct api_context *context, struct route_call *call, const char *what, const char *target,
               const char *detail);
