/* Jobs and wake-ups across threads; also run under the thread sanitizer. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/worker.h"

#define JOBS 500

struct job {
    struct worker_pool **pool; /* destroyed by this job's done */
    int number, worked, done;
    bool on_loop_thread;
};

static struct loop *loop;
static pthread_t loop_thread;
static struct job jobs[JOBS];
static unsigned done_count, order[JOBS];
static atomic_uint begun;
static atomic_bool hold;

static int set_up(attr_unused void **state)
{
    loop_thread = pthread_self();
    done_count = 0;
    atomic_store(&begun, 0);
    atomic_store(&hold, false);
    for (int i = 0; i < JOBS; i++)
        jobs[i] = (struct job){.number = i};
    return loop_create(&loop);
}

static int tear_down(attr_unused void **state)
{
    loop_destroy(loop);
    return 0;
}

static void work(void *data)
{
    struct job *job = data;
    unsigned place = atomic_fetch_add(&begun, 1);
    order[place] = (unsigned)job->number;
    job->worked++;
    job->on_loop_thread = pthread_equal(pthread_self(), loop_thread);
    while (atomic_load(&hold))
        sched_yield();
}

static void done(void *data)
{
    struct job *job = data;
    assert_true(pthread_equal(pthread_self(), loop_thread));
    job->done++;
    done_count++;
    if (job->pool)
        *job->pool = worker_pool_destroy(*job->pool);
}

static void dispatch_until_done(unsigned wanted)
{
    uint64_t give_up = clock_now_us() + 120 * 1000000ull;
    while (done_count < wanted && clock_now_us() < give_up)
        assert_int_equal(loop_dispatch(loop, 1000), 0);
    assert_int_equal(done_count, wanted);
}

static void each_job_works_on_a_pool_thread_and_is_done_here(attr_unused void **state)
{
    struct worker_pool *pool;
    assert_int_equal(worker_pool_create(loop, "test", 4, &pool), 0);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(worker_pool_submit(pool, work, done, &jobs[i]), 0);
    dispatch_until_done(JOBS);
    worker_pool_destroy(pool);
    for (int i = 0; i < JOBS; i++) {
        assert_int_equal(jobs[i].worked, 1);
        assert_int_equal(jobs[i].done, 1);
        assert_false(jobs[i].on_loop_thread);
    }
}

static void one_thread_begins_jobs_in_order(attr_unused void **state)
{
    struct worker_pool *pool;
    assert_int_equal(worker_pool_create(loop, "test", 1, &pool), 0);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(worker_pool_submit(pool, work, i % 2 ? NULL : done, &jobs[i]), 0);
    dispatch_until_done(JOBS / 2);
    worker_pool_destroy(pool);
    assert_int_equal(atomic_load(&begun), JOBS);
    for (unsigned i = 0; i < JOBS; i++)
        assert_int_equal(order[i], i);
}

static void *let_go(attr_unused void *data)
{
    atomic_store(&hold, false);
    return NULL;
}

static void destroying_is_done_with_every_job_once(attr_unused void **state)
{
    struct worker_pool *pool;
    assert_int_equal(worker_pool_create(loop, "test", 1, &pool), 0);
    atomic_store(&hold, true);
    for (int i = 0; i < 10; i++)
        assert_int_equal(worker_pool_submit(pool, work, done, &jobs[i]), 0);
    while (atomic_load(&begun) == 0)
        sched_yield();

    /* destroy waits for the first job, so somebody else must let it go. */
    pthread_t helper;
    assert_int_equal(pthread_create(&helper, NULL, let_go, NULL), 0);
    worker_pool_destroy(pool);
    pthread_join(helper, NULL);
    assert_int_equal(done_count, 10);
    int worked = 0;
    for (int i = 0; i < 10; i++) {
        worked += jobs[i].worked;
        assert_int_equal(jobs[i].done, 1);
    }
    assert_true(worked >= 1);
}

static void done_may_destroy_the_pool(attr_unused void **state)
{
    struct worker_pool *pool;
    assert_int_equal(worker_pool_create(loop, "test", 2, &pool), 0);
    jobs[0].pool = &pool;
    for (int i = 0; i < 20; i++)
        assert_int_equal(worker_pool_submit(pool, work, done, &jobs[i]), 0);
    dispatch_until_done(20);
    assert_null(pool);
    for (int i = 0; i < 20; i++)
        assert_int_equal(jobs[i].done, 1);
}

static struct worker_pool *late_pool;
static int late_result;

static void hand_in_another(attr_unused void *data)
{
    late_result = worker_pool_submit(late_pool, work, done, &jobs[1]);
}

static void pool_that_is_destroyed_takes_no_job(attr_unused void **state)
{
    assert_int_equal(worker_pool_create(loop, "test", 1, &late_pool), 0);
    assert_int_equal(worker_pool_submit(late_pool, work, hand_in_another, &jobs[0]), 0);
    worker_pool_destroy(late_pool);
    assert_int_equal(late_result, -ESHUTDOWN);
    assert_int_equal(jobs[1].done + jobs[1].worked, 0);
}

static void block_of_signals(void *data)
{
    sigset_t set;
    pthread_sigmask(SIG_BLOCK, NULL, &set);
    *(int *)data = sigismember(&set, SIGTERM);
}

static void pool_threads_take_no_signals(attr_unused void **state)
{
    struct worker_pool *pool;
    int blocked = -1;
    assert_int_equal(worker_pool_create(loop, "test", 1, &pool), 0);
    assert_int_equal(worker_pool_submit(pool, block_of_signals, NULL, &blocked), 0);
    assert_int_equal(worker_pool_submit(pool, work, done, &jobs[0]), 0);
    dispatch_until_done(1);
    worker_pool_destroy(pool);
    assert_int_equal(blocked, 1);
    sigset_t set;
    pthread_sigmask(SIG_BLOCK, NULL, &set);
    assert_false(sigismember(&set, SIGTERM));
}

static atomic_uint signalled;
static unsigned seen, runs;

static void *signal_often(void *data)
{
    for (int i = 0; i < 2000; i++) {
        atomic_fetch_add(&signalled, 1);
        loop_wake_signal(data);
    }
    return NULL;
}

static void look(attr_unused void *data)
{
    seen = atomic_load(&signalled);
    runs++;
}

/* What was done before a signal is seen by the run that follows it. */
static void no_wake_up_is_lost(attr_unused void **state)
{
    struct loop_wake *wake;
    pthread_t threads[3];
    uint64_t give_up = clock_now_us() + 120 * 1000000ull;
    assert_int_equal(loop_wake_add(loop, look, NULL, &wake), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, signal_often, wake), 0);
    while (seen < 6000 && clock_now_us() < give_up)
        assert_int_equal(loop_dispatch(loop, 1000), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(seen, 6000);
    assert_true(runs <= 6000);
    loop_wake_remove(wake);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_job_works_on_a_pool_thread_and_is_done_here),
        TEST(one_thread_begins_jobs_in_order),
        TEST(destroying_is_done_with_every_job_once),
        TEST(done_may_destroy_the_pool),
        TEST(pool_that_is_destroyed_takes_no_job),
        TEST(pool_threads_take_no_signals),
        TEST(no_wake_up_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
