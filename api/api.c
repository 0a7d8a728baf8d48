#include "api/api.h"

#include <errno.h>

#include "api/tables.h"

static const struct api_rows *const all_rows[] = {
    &api_export_rows,       &api_session_rows,   &api_setup_rows,       &api_target_rows,    &api_power_rows,
    &api_drive_rows,        &api_image_rows,     &api_screen_rows,      &api_input_rows,     &api_user_rows,
    &api_event_rows,        &api_system_rows,    &api_usb_rows,         &api_capture_rows,   &api_raw_rows,
    &api_upload_rows,       &api_seat_rows,      &api_certificate_rows, &api_account_rows,   &api_sessions_rows,
    &api_token_rows,        &api_directory_rows, &api_audit_rows,       &api_recording_rows, &api_recording_file_rows,
    &api_config_rows,       &api_backup_rows,    &api_macro_rows,       &api_jiggler_rows,   &api_typing_rows,
    &api_target_event_rows, &api_device_rows,
};
_Static_assert(ARRAY_SIZE(all_rows) <= API_MAX_TABLES, "api_context has no room for all tables");

const struct route_table *api_tables(struct api_context *context, size_t *ret_n)
{
    for (size_t i = 0; i < ARRAY_SIZE(all_rows); i++)
        context->tables[i] =
            (struct route_table){.rows = all_rows[i]->rows, .n_rows = all_rows[i]->n, .context = context};
    *ret_n = ARRAY_SIZE(all_rows);
    return context->tables;
}

struct target *api_target(const struct api_context *context, struct route_call *call)
{
    struct target *target = target_find(context->targets, call->params[0]);
    if (!target)
        route_reply_error(call, 404, "no-such-target", ROUTE_NO_SUCH_TARGET, call->params[0]);
    return target;
}

void api_reply_port_error(struct route_call *call, int error, const char *why, const char *busy_code)
{
    const char *sentence = why && *why ? why : "The target did not do it.";
    switch (error) {
    case -EBUSY:
    case -EAGAIN:
        route_reply_error(call, 409, busy_code, "%s", sentence);
        break;
    case -ENODEV:
    case -ENOTCONN:
    case -ECONNRESET:
        route_reply_error(call, 409, "not-there", "%s", sentence);
        break;
    case -ENOTSUP:
        route_reply_error(call, 501, "not-supported", "%s", sentence);
        break;
    case -ETIMEDOUT:
        route_reply_error(call, 504, "no-answer", "%s", sentence);
        break;
    default:
        route_reply_error(call, 500, "failed", "%s", sentence);
    }
}
