/* The configuration: what the one file says, typed and range-checked. docs/configuration.md is its manual. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "auth/keeper/directory.h"
#include "core/cleanup.h"
#include "gateway/config/config_dongle.h"
#include "manage/target.h"
#include "media/outward/address_policy.h"
#include "usbgadget/layout.h"

#define CONFIG_MAX_TARGETS 256
#define CONFIG_MAX_LISTEN 16
#define CONFIG_MAX_NAMES 16
#define CONFIG_NAME_MAX 254 /* of a DNS name, with the NUL */
#define CONFIG_PATH_MAX 1024
#define CONFIG_MAX_DISKS 4
#define CONFIG_MAX_EXTRA 64
#define CONFIG_USER_MAX 33
#define CONFIG_MAX_KEYS 128 /* rows of the key table */
#define CONFIG_PROXY_MAX 320
#define CONFIG_BASE_MAX 64 /* of base-path */

enum config_machine { CONFIG_QEMU, CONFIG_TESTCARD, CONFIG_REPLAY, CONFIG_DONGLE };
/* What the test card is drawn in, in the order of config_format_word. */
#define CONFIG_FORMATS 10
enum config_firmware { CONFIG_BIOS, CONFIG_UEFI, CONFIG_UEFI_SECURE };
enum config_bus { CONFIG_BUS_SATA, CONFIG_BUS_VIRTIO, CONFIG_BUS_NVME };
enum config_nic { CONFIG_NIC_NONE, CONFIG_NIC_USER, CONFIG_NIC_TAP };
enum config_lifetime { CONFIG_LIFETIME_VM, CONFIG_LIFETIME_SUPERVISOR };
enum config_seat { CONFIG_SEAT_EXCLUSIVE, CONFIG_SEAT_SHARED };
enum config_accel { CONFIG_ACCEL_AUTO, CONFIG_ACCEL_KVM, CONFIG_ACCEL_TCG };

enum config_listen_kind {
    CONFIG_LISTEN_ADDRESS,   /* also "[fe80::1%eth0]:443": the scope's name is in `interface` */
    CONFIG_LISTEN_ALL,       /* "*:443": all addresses of both kinds */
    CONFIG_LISTEN_INTERFACE, /* "eth0:443": what this interface has, now and later */
};

struct config_listen {
    enum config_listen_kind kind;
    struct sockaddr_storage address; /* of CONFIG_LISTEN_ADDRESS */
    socklen_t size;
    uint16_t port;
    char interface[16]; /* "": none */
    char text[80];      /* as people write it: "127.0.0.1:8443", "[::1]:8443" */
};

struct config_listens {
    struct config_listen list[CONFIG_MAX_LISTEN];
    unsigned n;
};

struct config_names {
    char list[CONFIG_MAX_NAMES][CONFIG_NAME_MAX]; /* lower case; an IPv6 address without brackets */
    uint16_t ports[CONFIG_MAX_NAMES];             /* 0: that of `listen`; else a proxy's */
    unsigned n;
};

struct config_disk {
    char path[CONFIG_PATH_MAX]; /* relative: to the target's folder in the state folder; "" when there is no disk */
    enum config_bus bus;
    bool raw;      /* else qcow2; never guessed from the contents, which the guest writes */
    uint64_t size; /* bytes of a disk that is still to be created; 0: it must exist */
};

struct config_interface {
    enum config_nic kind;
    char tap[16];
};

struct config_arguments {
    char *list[CONFIG_MAX_EXTRA + 1]; /* NULL ends */
    unsigned n;
};

/* Who said what of a key: the owner's file wins over the page, and the page over what counts otherwise. */
enum config_origin { CONFIG_BY_DEFAULT, CONFIG_BY_FILE, CONFIG_BY_PAGE };

struct config_said {
    uint8_t origin; /* enum config_origin */
    char *text;     /* as it was written, several lines with \n between them; NULL by default. Owned */
};
void config_said_free(struct config_said said[CONFIG_MAX_KEYS]);
bool config_said_copy(struct config_said to[CONFIG_MAX_KEYS], const struct config_said from[CONFIG_MAX_KEYS]);

struct config_target {
    char name[TARGET_NAME_MAX];
    int line;                                              /* of its section in the owner's file; 0: the page made it */
    struct config_said said[CONFIG_MAX_KEYS];              /* by row of the key table */
    unsigned machine;                                      /* enum config_machine */
    char group[TARGET_GROUP_MAX], title[TARGET_TITLE_MAX]; /* for people; "" */
    char recording[CONFIG_PATH_MAX];
    unsigned format; /* a number below CONFIG_FORMATS: what config_format_word names */
    bool noise;      /* the signal is noisy: differences that noise explains are no changes */

    unsigned firmware; /* enum config_firmware */
    unsigned accel;    /* enum config_accel */
    bool tpm;
    unsigned cpus, memory_mb;
    struct config_disk disks[CONFIG_MAX_DISKS];
    struct config_interface nic;
    struct config_bytes6 mac;
    unsigned serial_extra;
    unsigned lifetime; /* enum config_lifetime */
    unsigned drives;
    unsigned
        media_wait_s;     /* how long a read waits for a medium that is away before the machine stands still; 0: ever */
    unsigned seat;        /* enum config_seat */
    unsigned seat_idle_s; /* a holder that does nothing for so long loses the seat; 0: never */
    char layout[LAYOUT_NAME_MAX]; /* of the target's keyboard, for typing text */
    unsigned jiggler_s;           /* the pointer is moved a little when nobody types or points for so long; 0: never */
    struct config_arguments extra;
    struct config_dongle dongle;
};

/* Media of other machines. */
struct config_outward {
    struct address_policy policy;
    char proxy[CONFIG_PROXY_MAX]; /* "": none */
    char ca[CONFIG_PATH_MAX];     /* "": the system's authorities alone */
};

/* Images for others, by NBD through TLS. */
struct config_nbd {
    struct config_listens listen;                               /* none: off */
    char psk_file[CONFIG_PATH_MAX], client_ca[CONFIG_PATH_MAX]; /* "": nobody comes in that way */
};

/* Where the audit log goes besides the keeper's store, and how much of it stays there. */
struct config_syslog {
    char host[CONFIG_NAME_MAX]; /* "": none; a name or a numeric address without brackets */
    uint16_t port;
};
/* What a wall that cannot be put up means: the part does not start, or goes on without and says so. */
enum config_sandbox { CONFIG_SANDBOX_REQUIRE, CONFIG_SANDBOX_BEST };
enum config_audit_full { CONFIG_AUDIT_GO_ON, CONFIG_AUDIT_REFUSE };
struct config_audit {
    char file[CONFIG_PATH_MAX]; /* "": none */
    struct config_syslog syslog;
    char syslog_ca[CONFIG_PATH_MAX]; /* "": the system's authorities */
    unsigned keep;                   /* lines */
    unsigned full;                   /* enum config_audit_full */
};

/* Who vouches for users besides the keeper's own: docs/directory.md. */
struct config_directory {
    struct directory_settings settings; /* without what stands in the files, and with "" for defaults */
    char password_file[CONFIG_PATH_MAX], ca[CONFIG_PATH_MAX];
    unsigned timeout_s;
};

struct config {
    struct config_said said[CONFIG_MAX_KEYS];
    struct config_listens listen;
    struct config_names public_names;
    char base_path[CONFIG_BASE_MAX];         /* "" or "/kvm" */
    struct address_networks trusted_proxies; /* none: nobody's word on whom a request comes from is believed */
    char client_ca[CONFIG_PATH_MAX], client_crl[CONFIG_PATH_MAX]; /* of client certificates; "": none */
    char state[CONFIG_PATH_MAX];
    char library[CONFIG_PATH_MAX]; /* "": library/ in the state folder */
    struct config_outward outward;
    char certificate[CONFIG_PATH_MAX], certificate_key[CONFIG_PATH_MAX]; /* "": one is made */
    uint64_t cache_memory, cache_disk;                                   /* bytes, of media from elsewhere */
    uint64_t recordings_keep;                                            /* bytes; 0: nothing is recorded */
    struct config_nbd nbd;
    struct config_audit audit;
    struct config_directory directory;
    unsigned sandbox;                                                    /* enum config_sandbox */
    char user[CONFIG_USER_MAX];                                          /* "": the default of uid.h */
    char secret_file[CONFIG_PATH_MAX], first_user_file[CONFIG_PATH_MAX]; /* "": none; first_start.h */

    struct config_target *targets[CONFIG_MAX_TARGETS];
    unsigned n_targets;
};

/* One mistake; the strings live as long as the list. */
struct config_mistake {
    int line;                     /* 0: none in particular */
    char target[TARGET_NAME_MAX]; /* whose key it is; "": the gateway's */
    char key[64];                 /* "" when it is no key's */
    char text[400];               /* what is wrong and what to do */
};

#define CONFIG_MAX_MISTAKES 100

struct config_mistakes {
    struct config_mistake list[CONFIG_MAX_MISTAKES];
    unsigned n;       /* in list */
    unsigned further; /* that found no room */
};

/* All mistakes of a text, not only the first. trusted: extra-arguments and dongles are allowed (the file is root's). 0
 * when there was none; -EINVAL; -ENOMEM. *ret only with 0. Pure. */
int config_parse(const char *text, size_t size, bool trusted, struct config_mistakes *mistakes, struct config **ret);

/* The same with what the page has set below it (config_page.h; NULL: nothing): the text wins key by key. Mistakes in
 * the text refuse; what of the page's cannot be used, alone or with the rest, is left out and told in ignored, one by
 * one. */
struct config_page;
int config_parse_with(const char *text, size_t size, bool trusted, const struct config_page *page,
                      struct config_mistakes *mistakes, struct config_mistakes *ignored, struct config **ret);

/* All that is wrong with both together, with nothing left out; key by key. 0 or -ENOMEM. */
int config_faults(const char *text, size_t size, bool trusted, const struct config_page *page,
                  struct config_mistakes *faults);

struct config *config_destroy(struct config *self); /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct config, config_destroy)

/* Reads a file; a file that cannot be read is a mistake as well (line 0). */
int config_load(const char *path, struct config_mistakes *mistakes, struct config **ret);

/* What stands in a file, for config_parse_with. bytes is the caller's to free. Else as config_load. */
struct config_file {
    char *bytes;
    size_t size;
    bool trusted; /* root's alone */
    bool there;   /* false: there is none, and nothing is said */
};
int config_file_read(const char *path, struct config_mistakes *mistakes, struct config_file *ret);

/* What was read, and what the page has set in the state folder `state` (absolute), where that is root's or this
 * owner's. For parts that only look at it. */
int config_parse_below(const struct config_file *file, const char *state, uid_t owner, struct config_mistakes *mistakes,
                       struct config_mistakes *ignored, struct config **ret);
void config_print_ignored(FILE *out, const struct config_mistakes *ignored);

/* `PATH:LINE: KEY: text`, one line each. */
void config_print_mistakes(FILE *out, const char *path, const struct config_mistakes *mistakes);

/* What the program does without a file: no targets. */
int config_default(struct config **ret);

#define CONFIG_CACHE_MEMORY (64ull << 20)
#define CONFIG_CACHE_DISK (2ull << 30)
#define CONFIG_RECORDINGS_KEEP (2ull << 30)
#define CONFIG_SEAT_IDLE_S 600
#define CONFIG_AUDIT_KEEP 100000
#define CONFIG_MEDIA_WAIT_S 3 /* below the 5 s that firmware gives a command */

#define CONFIG_DIRECTORY_TIMEOUT_S 4 /* below the 5 s in which people begin to think that nothing happens */

const char *config_machine_name(unsigned machine);
const char *config_format_word(unsigned format);
