/* group_alone.h -- a group nobody else can be in: what it names is its own, for good. */
#ifndef LOG_GROUP_ALONE_H
#define LOG_GROUP_ALONE_H

#include "log/log.h"

/* Assigns every partition before it returns, and takes nothing back. */
enum err group_alone_join(const struct log_group_options *options, struct log_group **ret_group);

#endif
