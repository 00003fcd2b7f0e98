/* pipeline.c -- what the names of a pipeline's files say. */
#include "cli/pipeline.h"

struct str pipeline_subject(struct str file)
{
    const struct str stem = {file.data, file.size - strlen(".avsc")};
    size_t size = stem.size;
    while (size > 0 && stem.data[size - 1] >= '0' && stem.data[size - 1] <= '9')
        size--;
    const bool is_numbered = size > 1 && size < stem.size && stem.data[size - 1] == '.';
    return is_numbered ? (struct str){stem.data, size - 1} : stem;
}

struct str pipeline_topic(struct str subject)
{
    if (!str_ends_with(subject, STR("-value")))
        return (struct str){0};
    return (struct str){subject.data, subject.size - strlen("-value")};
}
