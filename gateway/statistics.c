/* GET /statistics: what was counted, as JSON. */
#include <jansson.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>

#include "encode/audience.h"
#include "gateway/console/console.h"
#include "transport/statistics.h"

static json_t *number(uint64_t v)
{
    return json_integer((json_int_t)v);
}

static json_t *transport_json(const struct transport_statistics *s)
{
    json_t *callbacks = json_array();
    for (unsigned i = 0; i < TRANSPORT_BUCKETS; i++) {
        json_t *bucket = json_object();
        json_object_set_new(bucket, "below_us",
                            i < TRANSPORT_BUCKETS - 1 ? number(transport_bucket_us[i]) : json_null());
        json_object_set_new(bucket, "count", number(s->callbacks[i]));
        json_array_append_new(callbacks, bucket);
    }
    json_t *o = json_object();
    json_object_set_new(o, "callbacks", callbacks);
    json_object_set_new(o, "callback_longest_us", number(s->callback_longest_us));
    json_object_set_new(o, "rounds", number(s->rounds));
    json_object_set_new(o, "connections", number(s->connections));
    json_object_set_new(o, "redirects", number(s->redirects));
    json_object_set_new(o, "refused", number(s->refused));
    json_object_set_new(o, "evicted", number(s->evicted));
    json_object_set_new(o, "limited", number(s->limited));
    json_object_set_new(o, "requests", number(s->requests));
    json_object_set_new(o, "request_bytes", number(s->request_bytes));
    json_object_set_new(o, "reply_bytes", number(s->reply_bytes));
    json_object_set_new(o, "viewers", number(s->viewers));
    json_object_set_new(o, "updates", number(s->updates));
    json_object_set_new(o, "pieces", number(s->pieces));
    json_object_set_new(o, "update_bytes", number(s->update_bytes));
    json_object_set_new(o, "text_bytes", number(s->class_bytes[CONSOLE_TEXT]));
    json_object_set_new(o, "photo_bytes", number(s->class_bytes[CONSOLE_PHOTO]));
    json_object_set_new(o, "video_bytes", number(s->class_bytes[CONSOLE_VIDEO]));
    json_object_set_new(o, "settle_bytes", number(s->class_bytes[CONSOLE_SETTLE]));
    json_object_set_new(o, "header_bytes", number(s->header_bytes));
    json_object_set_new(o, "partial_writes", number(s->partial_writes));
    json_object_set_new(o, "messages_in", number(s->messages_in));
    json_object_set_new(o, "protocol_errors", number(s->protocol_errors));
    return o;
}

static json_t *encode_json(const struct audience_statistics *s)
{
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {
        {"encodes", s->encodes},
        {"chases", s->chases},
        {"empty", s->empty},
        {"stale", s->stale},
        {"dropped", s->dropped},
        {"errors", s->errors},
        {"encode_us", s->encode_us},
        {"longest_us", s->longest_us},
        {"cohorts", s->cohorts},
        {"members", s->members},
        {"joins", s->joins},
        {"merges", s->merges},
        {"leaves", s->leaves},
        {"refreshes", s->refreshes},
        {"restored", s->restored},
        {"bytes", s->bytes},
        {"sent_bytes", s->sent_bytes},
        {"text_bytes", s->class_bytes[COHORT_TEXT]},
        {"photo_bytes", s->class_bytes[COHORT_PHOTO]},
        {"video_bytes", s->class_bytes[COHORT_VIDEO]},
        {"settle_bytes", s->class_bytes[COHORT_SETTLE]},
        {"cells", s->cells},
        {"cells_copied", s->cells_copied},
        {"cells_shown", s->cells_shown},
        {"cells_solid", s->cells_solid},
        {"cells_lossy", s->cells_lossy},
    };
    json_t *o = json_object();
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        json_object_set_new(o, numbers[i].name, number(numbers[i].value));
    return o;
}

/* All targets' numbers as one; the longest of the longest. */
static void add_up(struct audience_statistics *sum, const struct audience_statistics *s)
{
    sum->encodes += s->encodes;
    sum->chases += s->chases;
    sum->empty += s->empty;
    sum->stale += s->stale;
    sum->dropped += s->dropped;
    sum->errors += s->errors;
    sum->encode_us += s->encode_us;
    sum->longest_us = MAX(sum->longest_us, s->longest_us);
    sum->cohorts += s->cohorts;
    sum->members += s->members;
    sum->joins += s->joins;
    sum->merges += s->merges;
    sum->leaves += s->leaves;
    sum->refreshes += s->refreshes;
    sum->restored += s->restored;
    sum->bytes += s->bytes;
    sum->sent_bytes += s->sent_bytes;
    for (size_t i = 0; i < ARRAY_SIZE(sum->class_bytes); i++)
        sum->class_bytes[i] += s->class_bytes[i];
    sum->cells += s->cells;
    sum->cells_copied += s->cells_copied;
    sum->cells_shown += s->cells_shown;
    sum->cells_solid += s->cells_solid;
    sum->cells_lossy += s->cells_lossy;
}

static json_t *all_encodes_json(const struct gateway *self)
{
    struct audience_statistics sum = {0};
    for (size_t i = 0; i < self->target_list.n; i++) {
        const struct audience_statistics *s = console_statistics(self->targets[i]);
        if (s)
            add_up(&sum, s);
    }
    return encode_json(&sum);
}

static json_t *input_json(struct input *input)
{
    struct input_statistics s = {0};
    if (input && input->ops->statistics)
        input->ops->statistics(input, &s);
    json_t *o = json_object();
    json_object_set_new(o, "answers", number(s.answers));
    json_object_set_new(o, "answer_us", number(s.answer_us));
    json_object_set_new(o, "longest_us", number(s.longest_us));
    json_object_set_new(o, "last_us", number(s.last_us));
    json_object_set_new(o, "last_at_us", number(s.last_at_us));
    return o;
}

static json_t *targets_json(const struct gateway *self)
{
    json_t *list = json_array();
    for (size_t i = 0; i < self->target_list.n; i++) {
        const struct gateway_target *target = self->targets[i];
        struct feed_statistics s = {0};
        if (target->feed)
            feed_statistics(target->feed, &s);
        json_t *o = json_object();
        json_object_set_new(o, "name", json_string(target->target.name));
        json_object_set_new(o, "viewers", number(target->target.viewers));
        json_object_set_new(o, "frames", number(s.frames));
        json_object_set_new(o, "pictures", number(s.pictures));
        json_object_set_new(o, "errors", number(s.errors));
        const struct audience_statistics *encode = console_statistics(target);
        json_object_set_new(o, "encode", encode ? encode_json(encode) : json_null());
        json_object_set_new(o, "keys", input_json(target->target.input));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *process_json(void)
{
    struct rusage usage;
    json_t *o = json_object();
    if (getrusage(RUSAGE_SELF, &usage) < 0)
        return o;
    json_object_set_new(o, "user_us",
                        number((uint64_t)usage.ru_utime.tv_sec * 1000000 + (uint64_t)usage.ru_utime.tv_usec));
    json_object_set_new(o, "system_us",
                        number((uint64_t)usage.ru_stime.tv_sec * 1000000 + (uint64_t)usage.ru_stime.tv_usec));
    json_object_set_new(o, "peak_rss_kib", number((uint64_t)usage.ru_maxrss));
    return o;
}

/* What the process stands on; without what cannot be told. */
static json_t *machine_json(const struct gateway *self)
{
    json_t *o = json_object();
    struct sysinfo info;
    struct statvfs space;
    if (sysinfo(&info) == 0) {
        const double one = 1 << SI_LOAD_SHIFT;
        json_object_set_new(o, "load",
                            json_pack("[f, f, f]", (double)info.loads[0] / one, (double)info.loads[1] / one,
                                      (double)info.loads[2] / one));
    }
    if (statvfs(self->setup.state, &space) == 0) {
        json_object_set_new(o, "state_bytes", number((uint64_t)space.f_frsize * space.f_blocks));
        json_object_set_new(o, "state_free_bytes", number((uint64_t)space.f_frsize * space.f_bavail));
    }
    return o;
}

char *gateway_statistics(void *context)
{
    struct gateway *self = context;
    json_t *o = json_object();
    json_object_set_new(o, "process", process_json());
    json_object_set_new(o, "machine", machine_json(self));
    if (self->server)
        json_object_set_new(o, "transport", transport_json(server_statistics(self->server)));
    json_object_set_new(o, "encode", all_encodes_json(self));
    json_object_set_new(o, "targets", targets_json(self));
    char *text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    return text;
}
