/* bson_layout.h -- numbers of BSON's layout that writing and reading share. Inside sink/ only. */
#ifndef SINK_BSON_LAYOUT_H
#define SINK_BSON_LAYOUT_H

/* An element's first byte. */
enum bson_layout_type {
    BSON_LAYOUT_DOUBLE = 0x01,
    BSON_LAYOUT_STRING = 0x02,
    BSON_LAYOUT_DOCUMENT = 0x03,
    BSON_LAYOUT_ARRAY = 0x04,
    BSON_LAYOUT_BINARY = 0x05,
    BSON_LAYOUT_OBJECT_ID = 0x07,
    BSON_LAYOUT_BOOLEAN = 0x08,
    BSON_LAYOUT_DATE = 0x09,
    BSON_LAYOUT_NULL = 0x0A,
    BSON_LAYOUT_INT32 = 0x10,
    BSON_LAYOUT_TIMESTAMP = 0x11,
    BSON_LAYOUT_INT64 = 0x12,
    BSON_LAYOUT_DECIMAL128 = 0x13
};

#define BSON_LAYOUT_UUID 4 /* a binary's subtype */

#define DECIMAL128_DIGITS_MAX 34
#define DECIMAL128_EXPONENT_BIAS 6176

#endif
