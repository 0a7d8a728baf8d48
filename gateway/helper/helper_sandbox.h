/* What is left of root for the helper: three capabilities, the system calls of its role, and the files that a gadget
 * and its devices need. What has to be mounted is mounted before. */
#pragma once

/* config: the file that stays readable; settings: the folder with what the page has set, too. 0, or -errno: the helper
 * must not go on. */
int helper_sandbox_enter(const char *config, const char *settings);
