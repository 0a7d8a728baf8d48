/* Log lines on stderr: `LEVEL module: text`, one write each. Under systemd (JOURNAL_STREAM set) a <N> priority stands
 * in front instead of the level's name. Any thread; never blocks longer than one write on stderr. Control characters
 * and bytes that are not UTF-8 in the text come out as \xNN, so that a peer cannot forge lines. */
#pragma once

#include "core/attrs.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Messages above this level are dropped. Default LOG_INFO; the environment variable LIGHTSOUT_LOG=debug sets it at
 * log_init. role is printed in each line (supervisor, gateway, keeper) and must live for ever. */
void log_init(const char *role);
void log_set_level(enum log_level level);

void log_write(enum log_level level, const char *module, const char *format, ...) attr_printf(3, 4);

#define log_error(module, ...) log_write(LOG_ERROR, module, __VA_ARGS__)
#define log_warn(module, ...) log_write(LOG_WARN, module, __VA_ARGS__)
#define log_info(module, ...) log_write(LOG_INFO, module, __VA_ARGS__)
#define log_debug(module, ...) log_write(LOG_DEBUG, module, __VA_ARGS__)
