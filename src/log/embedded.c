/* embedded.c -- the embedded log: opens it over a store, and closes it. */
#include "log/embedded.h"
#include "log/embedded_catalog.h"
#include "log/embedded_claim.h"
#include "log/embedded_committer.h"
#include "log/embedded_member.h"

#include "base/condition.h"
#include "base/memory.h"
#include "log/embedded_lows.h"
#include "log/lock_file.h"

#include <unistd.h>

#define COMMIT_INTERVAL_MS_DEFAULT 5
#define COMMIT_BYTES_DEFAULT (1 << 20)

static enum err open_databases(struct embedded_log *log, struct why *why);
static enum log_health embedded_health(struct log *log, struct why *why);
static void embedded_close(struct log *log);
static void log_free(struct embedded_log *log);
static void init_conditions(struct embedded_log *log);

const struct log_ops embedded_ops = {
    .create = embedded_create,
    .topic = embedded_topic,
    .describe = embedded_describe,
    .list = embedded_list,
    .remove = embedded_remove,
    .find = embedded_find,
    .readers = embedded_readers,
    .join = embedded_join,
    .group = embedded_group,
    .claim = embedded_claim,
    .append_at = embedded_append_at,
    .forget = log_forget_by_step,
    .health = embedded_health,
    .close = embedded_close,
};

const struct log_member_ops embedded_member_ops = {
    .read = embedded_read,
    .release = embedded_release,
    .wait = embedded_wait,
    .wake = embedded_wake,
    .commit = embedded_commit,
    .committed = embedded_committed,
    .load = embedded_load,
    .leave = embedded_leave,
};

enum err log_embedded_open(struct store *store, const struct log_embedded_options *options,
                           struct log **ret_log, struct why *why)
{
    must(store != NULL);
    must(options != NULL);
    must(ret_log != NULL);
    must(options->commit_interval_ms >= LOG_COMMIT_AT_ONCE);
    struct embedded_log *log = MEMORY_NEW(struct embedded_log);
    const int64_t interval_ms =
        options->commit_interval_ms ? options->commit_interval_ms : COMMIT_INTERVAL_MS_DEFAULT;
    log->base.ops = &embedded_ops;
    log->lows.look = embedded_look;
    log->store = store;
    log->commit_interval_ns = interval_ms == LOG_COMMIT_AT_ONCE ? 0 : interval_ms * 1000000;
    log->commit_bytes = options->commit_bytes ? options->commit_bytes : COMMIT_BYTES_DEFAULT;
    log->runs_queries = options->runs_queries;
    log->read_only = store_is_read_only(store);
    log->lock_file = -1;
    log->tasks_stale = true;
    init_conditions(log);
    enum err err = OK;
    if (options->runs_queries)
        err = lock_file_take(options->directory, &log->lock_file, why);
    if (!err)
        err = open_databases(log, why);
    atomic_init(&log->txn_seen, store_last_txn(store));
    if (!err)
        err = topics_open_all(log, why);
    if (!err && !log->read_only) {
        const int code = pthread_create(&log->committer, NULL, committer_run, log);
        log->committer_runs = code == 0;
        if (code)
            err = why_set(why, ERR_IO, "cannot start the log's committer: %s", strerror(code));
    }
    if (err) {
        log_free(log);
        return err;
    }
    *ret_log = &log->base;
    return OK;
}

struct embedded_log *embedded_of(struct log *log)
{
    must(log != NULL);
    must(log->ops == &embedded_ops);
    return (struct embedded_log *)log;
}

struct embedded_member *embedded_member_of(struct log_member *member)
{
    must(member != NULL);
    must(member->ops == &embedded_member_ops);
    return (struct embedded_member *)member;
}

struct embedded_topic *embedded_topic_of(struct log_topic *topic)
{
    must(topic != NULL);
    return (struct embedded_topic *)topic;
}

static void init_conditions(struct embedded_log *log)
{
    pthread_mutex_init(&log->lock, NULL);
    pthread_mutex_init(&log->claim_lock, NULL);
    condition_init(&log->work);
    condition_init(&log->changed);
}

/* Reads first, so that a log that is there already costs no transaction. */
static enum err open_databases(struct embedded_log *log, struct why *why)
{
    const struct {
        struct str name;
        enum store_key key;
        store_database *database;
    } databases[] = {
        {STR("topics"), STORE_KEY_BYTES, &log->topics_database},
        {STR("begins"), STORE_KEY_INTEGER, &log->begins_database},
        {STR("tasks"), STORE_KEY_BYTES, &log->tasks_database},
    };
    enum err err = OK;
    for (int writes = 0; writes <= (log->read_only ? 0 : 1); writes++) {
        struct store_txn *txn = NULL;
        err = store_begin(log->store, writes != 0, &txn);
        for (size_t i = 0; i < 3 && !err; i++)
            err = store_database_open(txn, databases[i].name, databases[i].key,
                                      databases[i].database);
        if (err || !writes) {
            store_abort(txn);
        } else {
            err = store_commit(txn);
        }
        if (err != ERR_NOT_FOUND)
            break;
    }
    if (!err && !log->read_only)
        err = topics_sweep(log);
    return err ? why_set(why, err, "cannot open the log: %s", err_text(err)) : OK;
}

static enum log_health embedded_health(struct log *base, struct why *why)
{
    struct embedded_log *log = embedded_of(base);
    pthread_mutex_lock(&log->lock);
    const enum log_health health = log->ledger.health;
    pthread_mutex_unlock(&log->lock);
    return store_is_broken(log->store) ? LOG_BROKEN : health;
}

static void embedded_close(struct log *base)
{
    struct embedded_log *log = embedded_of(base);
    pthread_mutex_lock(&log->lock);
    must(log->ledger.accounts == NULL);
    log->closing = true;
    pthread_cond_broadcast(&log->work);
    pthread_mutex_unlock(&log->lock);
    log_free(log);
}

static void log_free(struct embedded_log *log)
{
    if (log->committer_runs)
        pthread_join(log->committer, NULL);
    for (struct embedded_topic *topic = log->handles; topic;) {
        struct embedded_topic *next = topic->next;
        topic_free(topic);
        topic = next;
    }
    map_release(&log->topics);
    task_table_release(&log->tasks);
    cleaner_free(log->cleaner);
    if (log->lock_file >= 0)
        close(log->lock_file);
    pthread_cond_destroy(&log->work);
    pthread_cond_destroy(&log->changed);
    pthread_mutex_destroy(&log->lock);
    pthread_mutex_destroy(&log->claim_lock);
    free(log);
}
