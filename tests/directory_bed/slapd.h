/* A real directory for tests: Debian's slapd as a process of its own, on loopback, in a folder of its own, with a
 * certificate for localhost and 127.0.0.1. What stands in it is in slapd_entries.h. */
#pragma once

#include <stdbool.h>

struct slapd_ways {
    bool no_anonymous;      /* nobody may ask without a name */
    bool loose_anonymous;   /* names without passwords and passwords without names are taken, as nobody */
    const char *more;       /* of slapd.conf, before the database */
    const char *more_of_it; /* behind the database's own */
    bool empty;             /* no entries */
};

struct slapd;

/* NULL and a line on stderr when it does not come up. */
struct slapd *slapd_start(const struct slapd_ways *ways);
void slapd_stop(struct slapd *self); /* NULL allowed */

const char *slapd_ldaps(const struct slapd *self); /* "ldaps://127.0.0.1:PORT" */
const char *slapd_ldap(const struct slapd *self);
const char *slapd_misnamed(const struct slapd *self);  /* the first, by an address that is not in its certificate */
const char *slapd_authority(const struct slapd *self); /* PEM */

/* As its administrator. text: "dn: X", then lines "attribute: value"; empty lines between entries. */
bool slapd_add(struct slapd *self, const char *text);
bool slapd_remove(struct slapd *self, const char *dn);
/* value NULL: all of the attribute's. */
bool slapd_put(struct slapd *self, const char *dn, const char *attribute, const char *value);
bool slapd_take(struct slapd *self, const char *dn, const char *attribute, const char *value);

void slapd_pause(struct slapd *self); /* takes connections, says nothing */
void slapd_go_on(struct slapd *self);
void slapd_kill(struct slapd *self);  /* SIGKILL; stop it nevertheless */
bool slapd_again(struct slapd *self); /* after a kill: at the same ports, with what was in it */
