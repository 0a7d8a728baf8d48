/* The attack stub: the whole of lightsoutd, but in each process that it starts somebody else's code runs once the real
 * one is up: behind its walls, with its descriptors, while it serves. The linker puts these functions in front of those
 * that the product calls (CMakeLists.txt). Never installed, and never part of lightsoutd. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "auth/keeper/keeper.h"
#include "core/clock.h"
#include "core/loop.h"
#include "gateway/helper/helper_sandbox.h"
#include "gateway/options.h"
#include "gateway/outward/outward_jobs.h"
#include "gateway/role.h"
#include "gateway/sandbox/sandbox.h"
#include "gateway/supervisor/supervisor.h"
#include "gateway/supervisor/supervisor_reader.h"
#include "tests/walls/attack.h"
#include "tests/walls/weaken.h"
#include "transport/server.h"

#define POLL_US 5000
#define WANT_US 100000

int __real_server_run(struct server *self);
int __wrap_server_run(struct server *self);
int __real_loop_create(struct loop **ret);
int __wrap_loop_create(struct loop **ret);
int __real_ready_send(struct ipc *ipc, const struct keeper_ready *ready);
int __wrap_ready_send(struct ipc *ipc, const struct keeper_ready *ready);
int __real_outward_jobs_create(struct loop *loop, const struct remote_settings *settings, uint64_t keep_us,
                               void (*lost)(void *data), void *data, struct outward_jobs **ret);
int __wrap_outward_jobs_create(struct loop *loop, const struct remote_settings *settings, uint64_t keep_us,
                               void (*lost)(void *data), void *data, struct outward_jobs **ret);
int __real_helper_sandbox_enter(const char *config, const char *settings);
int __wrap_helper_sandbox_enter(const char *config, const char *settings);
int __real_sandbox_enter(enum sandbox_role role, const struct sandbox_path *paths, size_t n_paths);
int __wrap_sandbox_enter(enum sandbox_role role, const struct sandbox_path *paths, size_t n_paths);
int __real_reader_link_create(struct loop *loop, const struct uid_choice *user, const char *units,
                              const struct reader_link_owner *owner, void *data, struct reader_link **ret);
int __wrap_reader_link_create(struct loop *loop, const struct uid_choice *user, const char *units,
                              const struct reader_link_owner *owner, void *data, struct reader_link **ret);
struct reader_link *__real_reader_link_destroy(struct reader_link *self);
struct reader_link *__wrap_reader_link_destroy(struct reader_link *self);

static struct board *board;
static enum board_role me;
static struct loop *first_loop;
static struct loop_timer *timer;

static bool may_begin(void)
{
    return __atomic_load_n(&board->go, __ATOMIC_SEQ_CST) & 1u << me;
}

static void say_ready(void)
{
    __atomic_fetch_or(&board->ready, 1u << me, __ATOMIC_SEQ_CST);
}

/* --- the gateway: on its net thread, which alone reads its channels --- */

int __wrap_loop_create(struct loop **ret)
{
    int r = __real_loop_create(ret);
    if (r == 0 && !first_loop)
        first_loop = *ret;
    return r;
}

static void on_poll(void *data)
{
    (void)data;
    if (may_begin())
        attack_run(board, me);
    else
        loop_timer_arm_in(timer, POLL_US);
}

int __wrap_server_run(struct server *self)
{
    if (board && loop_timer_add(first_loop, on_poll, NULL, &timer) == 0) {
        say_ready();
        loop_timer_arm_in(timer, POLL_US);
    }
    int r = __real_server_run(self);
    timer = loop_timer_remove(timer);
    return r;
}

/* --- the others: on a thread of their own --- */

static void *attacker(void *data)
{
    const struct timespec pause = {.tv_nsec = POLL_US * 1000};
    /* one that ends before it has said that it is ready is started again late */
    const struct timespec settled = {.tv_nsec = 60000000};
    (void)data;
    nanosleep(&settled, NULL);
    say_ready();
    while (!may_begin())
        nanosleep(&pause, NULL);
    attack_run(board, me);
    return NULL;
}

static void begin_thread(void)
{
    pthread_t thread;
    if (board && pthread_create(&thread, NULL, attacker, NULL) == 0)
        pthread_detach(thread);
}

int __wrap_ready_send(struct ipc *ipc, const struct keeper_ready *ready)
{
    int r = __real_ready_send(ipc, ready);
    begin_thread();
    return r;
}

int __wrap_outward_jobs_create(struct loop *loop, const struct remote_settings *settings, uint64_t keep_us,
                               void (*lost)(void *data), void *data, struct outward_jobs **ret)
{
    int r = __real_outward_jobs_create(loop, settings, keep_us, lost, data, ret);
    begin_thread();
    return r;
}

int __wrap_helper_sandbox_enter(const char *config, const char *settings)
{
    int r = __real_helper_sandbox_enter(config, settings);
    begin_thread();
    return r;
}

int __wrap_sandbox_enter(enum sandbox_role role, const struct sandbox_path *paths, size_t n_paths)
{
    int r = __real_sandbox_enter(role, paths, n_paths);
    if (role == SANDBOX_READER)
        begin_thread();
    return r;
}

/* --- the supervisor: it wants a reader as if the gateway asked, until the reader's attacker has tried everything ---
 */

static void on_want(void *data)
{
    reader_link_want(data);
    if (!(__atomic_load_n(&board->done, __ATOMIC_SEQ_CST) & BY_READER))
        loop_timer_arm_in(timer, WANT_US);
}

int __wrap_reader_link_create(struct loop *loop, const struct uid_choice *user, const char *units,
                              const struct reader_link_owner *owner, void *data, struct reader_link **ret)
{
    int r = __real_reader_link_create(loop, user, units, owner, data, ret);
    if (r == 0 && board && loop_timer_add(loop, on_want, *ret, &timer) == 0)
        loop_timer_arm_in(timer, WANT_US);
    return r;
}

struct reader_link *__wrap_reader_link_destroy(struct reader_link *self)
{
    timer = loop_timer_remove(timer);
    return __real_reader_link_destroy(self);
}

/* --- the program --- */

static const struct {
    const char *name;
    enum board_role role;
    int (*main)(const struct options *options);
} roles[] = {
    {"gateway", BOARD_GATEWAY, gateway_role_main}, {"keeper", BOARD_KEEPER, keeper_role_main},
    {"outward", BOARD_OUTWARD, outward_role_main}, {"helper", BOARD_HELPER, helper_role_main},
    {"reader", BOARD_READER, reader_role_main},
};

int main(int argc, char **argv)
{
    struct options options;
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "attack-executed") == 0) {
            attack_was_executed(argv[argc - 1]);
            return 0;
        }
    if (options_parse(argc, argv, &options) < 0)
        return EXIT_USAGE;
    board = attack_board();
    weaken(board);
    for (size_t i = 0; options.role && i < sizeof roles / sizeof roles[0]; i++)
        if (strcmp(options.role, roles[i].name) == 0) {
            me = roles[i].role;
            return roles[i].main(&options);
        }
    return supervisor_main(&options);
}
