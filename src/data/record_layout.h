/* record_layout.h -- where the parts of Kafka's record batch, format 2, lie. Inside data/ only.
 *
 *      0  base offset            int64      35  maximum timestamp    int64
 *      8  length from here + 4   int32      43  producer id          int64
 *     12  partition leader epoch int32      51  producer epoch       int16
 *     16  magic                  int8       53  base sequence        int32
 *     17  CRC32C from 21 on      uint32     57  record count         int32
 *     21  attributes             int16      61  records
 *     23  last offset delta      int32
 *     27  first timestamp        int64
 *
 * A record, all numbers but the attributes zigzag varints: length of what follows, attributes
 * (int8, 0), timestamp delta, offset delta, key size or -1, key, value size or -1, value, header
 * count, and each header's name size, name, value size or -1, value. */
#ifndef DATA_RECORD_LAYOUT_H
#define DATA_RECORD_LAYOUT_H

#define AT_LENGTH 8
#define AT_LEADER_EPOCH 12
#define AT_MAGIC 16
#define AT_CRC 17
#define AT_ATTRIBUTES 21
#define AT_LAST_DELTA 23
#define AT_FIRST_TIMESTAMP 27
#define AT_MAX_TIMESTAMP 35
#define AT_PRODUCER_ID 43
#define AT_PRODUCER_EPOCH 51
#define AT_BASE_SEQUENCE 53
#define AT_RECORD_COUNT 57

#define MAGIC 2
#define ATTRIBUTE_COMPRESSION 0x07
#define ATTRIBUTE_APPEND_TIME 0x08
#define ATTRIBUTE_CONTROL 0x20

#endif
