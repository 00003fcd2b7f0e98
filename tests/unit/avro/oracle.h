/* oracle.h -- libavro, asked for random values; behind a door of its own, for its names are ours.
 */
#ifndef TESTS_UNIT_AVRO_ORACLE_H
#define TESTS_UNIT_AVRO_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A random value of a schema as libavro writes it, and what it is in words:
 *     null N · boolean T F · numbers in decimal, floating ones as %a · text, bytes, fixed and
 * symbols in hexadecimal after x · arrays [ , ] · maps { = , } · records ( , ) Both are malloc'ed.
 * False when libavro refuses the schema. */
bool oracle_make(const char *schema, uint64_t seed, char **ret_body, size_t *ret_size,
                 char **ret_words);
/* The same words for a body of the writer's, read by the reader's schema. False when libavro cannot
 * resolve the two, or not this body. */
bool oracle_resolve(const char *writer, const char *reader, const char *body, size_t size,
                    char **ret_words);

#endif
