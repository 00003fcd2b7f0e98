/* task_restore.c -- what a task keeps, read back from its changelogs: a bounded amount a turn, so
 * that whoever asks meanwhile gets an answer. */
#include "flow/budget.h"
#include "flow/changelog.h"
#include "flow/query.h"
#include "flow/task.h"

static enum err finish(struct task *task, struct why *why);

enum err task_restore_begin(struct task *task, struct why *why)
{
    task->restoring = true;
    for (uint32_t i = 0; i < task->changelog_count; i++) {
        const enum err err = changelog_find_ends(task->changelogs[i], why);
        if (err != OK)
            return err;
        task->restore_total += changelog_left(task->changelogs[i]);
    }
    if (task->restore_total == 0)
        return finish(task, why);
    const struct log_member_options options = {.name = task->query->id};
    return log_join(task->query->flow->options.log, &options, &task->restorer, why);
}

enum err task_restore(struct task *task, struct why *why)
{
    int64_t left = 0;
    bool has_loaded = false;
    for (uint32_t i = 0; i < task->changelog_count; i++) {
        struct changelog *changelog = task->changelogs[i];
        if (!has_loaded && changelog_left(changelog) > 0) {
            const enum err err = changelog_load(changelog, task->restorer, why);
            if (err != OK)
                return err;
            has_loaded = true;
        }
        left += changelog_left(changelog);
    }
    task->restore_done = task->restore_total - left;
    return left == 0 ? finish(task, why) : OK;
}

static enum err finish(struct task *task, struct why *why)
{
    log_leave(task->restorer);
    task->restorer = NULL;
    for (uint32_t i = 0; i < task->operator_count; i++) {
        const enum err err = task->operators[i]->ops->restore(task->operators[i], why);
        if (err != OK)
            return err;
    }
    budget_settle(task);
    task->restoring = false;
    if (task_failed(task) && why)
        *why = task->why;
    return task->err;
}
