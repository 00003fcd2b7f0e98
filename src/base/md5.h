/* md5.h -- the digest MD5 (RFC 1321). */
#ifndef BASE_MD5_H
#define BASE_MD5_H

#include "base/str.h"

#include <stdint.h>

#define MD5_BYTES 16

void md5(struct str bytes, uint8_t ret_digest[MD5_BYTES]);

#endif
