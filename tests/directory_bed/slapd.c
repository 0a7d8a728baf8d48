#include "directory_bed/slapd.h"

#include <errno.h>
#include <fcntl.h>
#include <ldap.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "directory_bed/slapd_entries.h"
#include "free_port/free_port.h"
#include "lying_server/lying_tls.h"

#define ADMIN "cn=admin," SLAPD_BASE
#define ADMIN_PASSWORD "of-this-test"
#define UP_S 30

struct slapd {
    char folder[64], ldaps[64], ldap[64], misnamed[64];
    char *authority;
    pid_t pid;
};

/* ---- files ---- */

static FILE *open_file(const struct slapd *self, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", self->folder, name);
    return fopen(path, "we");
}

static bool write_certificate(struct slapd *self)
{
    SSL_CTX *context = lying_tls_create(&self->authority);
    FILE *certificate = open_file(self, "certificate.pem"), *key = open_file(self, "key.pem");
    bool good = certificate && key && fputs(self->authority, certificate) >= 0 &&
                PEM_write_PrivateKey(key, SSL_CTX_get0_privatekey(context), NULL, NULL, 0, NULL, NULL) == 1;
    if (certificate)
        fclose(certificate);
    if (key)
        fclose(key);
    SSL_CTX_free(context);
    return good;
}

static bool write_configuration(const struct slapd *self, const struct slapd_ways *ways)
{
    static const char *const schemas[] = {"core", "cosine", "nis", "inetorgperson"};
    static const char *const switches[] = {"userAccountControl", "msDS-User-Account-Control-Computed",
                                           "accountExpires",     "pwdLastSet",
                                           "nsAccountLock",      "sAMAccountName"};
    FILE *out = open_file(self, "slapd.conf");
    if (!out)
        return false;
    for (unsigned i = 0; i < sizeof schemas / sizeof *schemas; i++)
        fprintf(out, "include /etc/ldap/schema/%s.schema\n", schemas[i]);
    /* what other directories say of an account */
    for (unsigned i = 0; i < sizeof switches / sizeof *switches; i++)
        fprintf(out,
                "attributetype ( 1.3.6.1.4.1.4203.666.77.%u NAME '%s' EQUALITY caseIgnoreMatch SYNTAX "
                "1.3.6.1.4.1.1466.115.121.1.15 )\n",
                i + 1, switches[i]);
    fputs("objectclass ( 1.3.6.1.4.1.4203.666.77.99 NAME 'switches' AUXILIARY MAY ( userAccountControl $ "
          "msDS-User-Account-Control-Computed $ accountExpires $ pwdLastSet $ nsAccountLock $ sAMAccountName ) )\n",
          out);
    fprintf(out, "modulepath /usr/lib/ldap\nmoduleload back_mdb\nmoduleload memberof\n");
    fprintf(out, "TLSCertificateFile %s/certificate.pem\nTLSCertificateKeyFile %s/key.pem\n", self->folder,
            self->folder);
    if (ways->no_anonymous)
        fputs("disallow bind_anon\nrequire authc\n", out);
    if (ways->loose_anonymous)
        fputs("allow bind_anon_cred bind_anon_dn\n", out);
    fputs("access to attrs=userPassword by anonymous auth by * none\naccess to * by * read\n", out);
    fputs(ways->more ? ways->more : "", out);
    fprintf(out,
            "\ndatabase mdb\nmaxsize 16777216\nsuffix \"" SLAPD_BASE "\"\nrootdn \"" ADMIN
            "\"\nrootpw \"" ADMIN_PASSWORD
            "\"\ndirectory %s\ndbnosync\nindex objectClass,uid,member eq\noverlay memberof\n",
            self->folder);
    fputs(ways->more_of_it ? ways->more_of_it : "", out);
    return fclose(out) == 0;
}

/* Where AppArmor is, its profile of /usr/sbin/slapd lets that one read no folder of ours. */
static bool copy_program(const struct slapd *self)
{
    char path[128], bytes[65536];
    size_t n;
    FILE *in = fopen("/usr/sbin/slapd", "re"), *out = open_file(self, "slapd");
    bool good = in && out;
    while (good && (n = fread(bytes, 1, sizeof bytes, in)) > 0)
        good = fwrite(bytes, 1, n, out) == n;
    if (in)
        fclose(in);
    if (out)
        good = fclose(out) == 0 && good;
    snprintf(path, sizeof path, "%s/slapd", self->folder);
    return good && chmod(path, 0700) == 0;
}

/* ---- the process ---- */

static void become_slapd(const struct slapd *self)
{
    char log[128], file[128], urls[256], program[128];
    snprintf(log, sizeof log, "%s/log", self->folder);
    snprintf(file, sizeof file, "%s/slapd.conf", self->folder);
    snprintf(urls, sizeof urls, "%s/ %s/ %s/", self->ldaps, self->ldap, self->misnamed);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(out, 1);
    dup2(out, 2);
    /* -d: it stays the process that was started */
    snprintf(program, sizeof program, "%s/slapd", self->folder);
    execl(program, "slapd", "-d", "0", "-h", urls, "-f", file, (char *)NULL);
    _exit(127);
}

static LDAP *administrator(const struct slapd *self)
{
    const int version = LDAP_VERSION3;
    struct timeval patience = {.tv_sec = 10};
    struct berval password = {.bv_val = (char *)ADMIN_PASSWORD, .bv_len = strlen(ADMIN_PASSWORD)};
    LDAP *ldap = NULL;
    ldap_initialize(&ldap, self->ldap);
    ldap_set_option(ldap, LDAP_OPT_PROTOCOL_VERSION, &version);
    ldap_set_option(ldap, LDAP_OPT_NETWORK_TIMEOUT, &patience);
    ldap_set_option(ldap, LDAP_OPT_TIMEOUT, &patience);
    if (ldap_sasl_bind_s(ldap, ADMIN, LDAP_SASL_SIMPLE, &password, NULL, NULL, NULL) == LDAP_SUCCESS)
        return ldap;
    ldap_unbind_ext_s(ldap, NULL, NULL);
    return NULL;
}

static bool await_up(struct slapd *self)
{
    uint64_t end = clock_now_us() + UP_S * 1000000ull;
    while (clock_now_us() < end) {
        LDAP *ldap = administrator(self);
        if (ldap) {
            ldap_unbind_ext_s(ldap, NULL, NULL);
            return true;
        }
        if (waitpid(self->pid, NULL, WNOHANG) == self->pid) {
            self->pid = 0;
            return false;
        }
        usleep(20000);
    }
    return false;
}

static bool run(struct slapd *self)
{
    self->pid = fork();
    if (self->pid == 0)
        become_slapd(self);
    if (self->pid > 0 && await_up(self))
        return true;
    fprintf(stderr, "slapd does not come up; it says:\n");
    char command[160];
    snprintf(command, sizeof command, "cat %s/log >&2", self->folder);
    if (system(command) != 0)
        fprintf(stderr, "nothing\n");
    return false;
}

struct slapd *slapd_start(const struct slapd_ways *ways)
{
    static const struct slapd_ways plain;
    struct slapd *self = calloc(1, sizeof *self);
    ways = ways ? ways : &plain;
    snprintf(self->folder, sizeof self->folder, "/tmp/lightsout-slapd-XXXXXX");
    bool good = mkdtemp(self->folder) != NULL;
    snprintf(self->ldaps, sizeof self->ldaps, "ldaps://127.0.0.1:%u", free_port());
    snprintf(self->ldap, sizeof self->ldap, "ldap://127.0.0.1:%u", free_port());
    snprintf(self->misnamed, sizeof self->misnamed, "ldaps://127.0.0.2:%u", free_port());
    good = good && write_certificate(self) && write_configuration(self, ways) && copy_program(self) && run(self) &&
           (ways->empty || slapd_add(self, slapd_entries));
    if (good)
        return self;
    slapd_stop(self);
    return NULL;
}

void slapd_kill(struct slapd *self)
{
    if (self->pid <= 0)
        return;
    kill(self->pid, SIGKILL);
    waitpid(self->pid, NULL, 0);
    self->pid = 0;
}

bool slapd_again(struct slapd *self)
{
    return run(self);
}

void slapd_pause(struct slapd *self)
{
    int status = 0;
    kill(self->pid, SIGSTOP);
    while (waitpid(self->pid, &status, WUNTRACED) < 0 && errno == EINTR) /* it may answer until it really stands */
        ;
}

void slapd_go_on(struct slapd *self)
{
    kill(self->pid, SIGCONT);
}

void slapd_stop(struct slapd *self)
{
    static const char *const files[] = {"certificate.pem", "key.pem", "slapd.conf", "slapd", "log",
                                        "data.mdb",        "lock.mdb"};
    char path[128];
    if (!self)
        return;
    slapd_kill(self);
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", self->folder, files[i]);
        unlink(path);
    }
    rmdir(self->folder);
    free(self->authority);
    free(self);
}

const char *slapd_ldaps(const struct slapd *self)
{
    return self->ldaps;
}

const char *slapd_ldap(const struct slapd *self)
{
    return self->ldap;
}

const char *slapd_misnamed(const struct slapd *self)
{
    return self->misnamed;
}

const char *slapd_authority(const struct slapd *self)
{
    return self->authority;
}

/* ---- changes ---- */

#define MOST_LINES 24

/* The attribute of that name, or a new one. */
static LDAPMod *attribute_of(LDAPMod *mods, unsigned *n, char *name)
{
    for (unsigned i = 0; i < *n; i++)
        if (strcmp(mods[i].mod_type, name) == 0)
            return &mods[i];
    mods[*n] =
        (LDAPMod){.mod_op = LDAP_MOD_ADD, .mod_type = name, .mod_values = calloc(MOST_LINES + 1, sizeof(char *))};
    return &mods[(*n)++];
}

static bool add_one(LDAP *ldap, char *text)
{
    LDAPMod mods[MOST_LINES], *list[MOST_LINES + 1];
    char *dn = NULL, *rest = NULL;
    unsigned n = 0;
    for (char *line = strtok_r(text, "\n", &rest); line && n < MOST_LINES; line = strtok_r(NULL, "\n", &rest)) {
        char *value = strstr(line, ": ");
        if (!value)
            return false;
        *value = '\0';
        value += 2;
        if (strcmp(line, "dn") == 0) {
            dn = value;
            continue;
        }
        char **at = attribute_of(mods, &n, line)->mod_values;
        while (*at)
            at++;
        *at = value;
    }
    for (unsigned i = 0; i < n; i++)
        list[i] = &mods[i];
    list[n] = NULL;
    int r = dn ? ldap_add_ext_s(ldap, dn, list, NULL, NULL) : LDAP_PARAM_ERROR;
    if (r != LDAP_SUCCESS)
        fprintf(stderr, "adding %s: %s\n", dn ? dn : "nothing", ldap_err2string(r));
    for (unsigned i = 0; i < n; i++)
        free(mods[i].mod_values);
    return r == LDAP_SUCCESS;
}

bool slapd_add(struct slapd *self, const char *text)
{
    LDAP *ldap = administrator(self);
    char *copy = strdup(text);
    bool good = ldap && copy;
    for (char *at = copy, *next; good && at && *at; at = next) {
        next = strstr(at, "\n\n");
        if (next) {
            *next = '\0';
            next += 2;
        }
        good = add_one(ldap, at);
    }
    free(copy);
    if (ldap)
        ldap_unbind_ext_s(ldap, NULL, NULL);
    return good;
}

static bool modify(struct slapd *self, const char *dn, const char *attribute, const char *value, int op)
{
    char *values[] = {(char *)value, NULL};
    LDAPMod mod = {.mod_op = op, .mod_type = (char *)attribute, .mod_values = value ? values : NULL};
    LDAPMod *list[] = {&mod, NULL};
    LDAP *ldap = administrator(self);
    int r = ldap ? ldap_modify_ext_s(ldap, dn, list, NULL, NULL) : LDAP_SERVER_DOWN;
    if (r != LDAP_SUCCESS)
        fprintf(stderr, "changing %s of %s: %s\n", attribute, dn, ldap_err2string(r));
    if (ldap)
        ldap_unbind_ext_s(ldap, NULL, NULL);
    return r == LDAP_SUCCESS;
}

bool slapd_put(struct slapd *self, const char *dn, const char *attribute, const char *value)
{
    return modify(self, dn, attribute, value, LDAP_MOD_ADD);
}

bool slapd_take(struct slapd *self, const char *dn, const char *attribute, const char *value)
{
    return modify(self, dn, attribute, value, LDAP_MOD_DELETE);
}

bool slapd_remove(struct slapd *self, const char *dn)
{
    LDAP *ldap = administrator(self);
    int r = ldap ? ldap_delete_ext_s(ldap, dn, NULL, NULL) : LDAP_SERVER_DOWN;
    if (ldap)
        ldap_unbind_ext_s(ldap, NULL, NULL);
    return r == LDAP_SUCCESS;
}
