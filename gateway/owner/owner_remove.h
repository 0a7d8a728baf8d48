/* Taking files of the state folder away, by descriptor and without following links. */
#pragma once

/* In the keeper's folder: the device key first, on which all that is sealed hangs. */
static const char *const owner_keys[] = {"device.key", "device.key.new", "audit.key", "tls.key"};

/* Written over, then removed; an absent one is fine. A file system may keep the blocks, and a flash disk will: what
 * counts is that nothing short of a laboratory finds the key again. 0, -errno. */
int owner_shred(int folder, const char *name);
/* Everything in the folder of this name; goes on past what cannot be removed. An absent one is empty. */
int owner_empty(int parent, const char *name);
/* The same, and the folder itself, with its keys shredded first. */
int owner_remove(int parent, const char *name);
