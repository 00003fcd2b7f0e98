/* kafka_copy.c -- the least work a pass from Kafka to Kafka can be: what is read is written,
 * exactly once.
 *
 * usage: bench-kafka-copy BOOTSTRAP COMMIT_MS SINK SOURCE...
 *
 * Reads committed records of the sources in batches, produces their keys and values to the sink,
 * and commits both in one transaction every COMMIT_MS, until it is told to end. Its group is
 * "copy". Ends with 1 on any error. */
#include "base/clock.h"
#include "base/must.h"

#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_MAX 1000
#define CALL_MS_MAX 30000

static volatile sig_atomic_t is_told_to_end;

static void end(int signal)
{
    (void)signal;
    is_told_to_end = 1;
}

static void check(const char *what, rd_kafka_error_t *error)
{
    if (!error)
        return;
    fprintf(stderr, "bench-kafka-copy: %s: %s\n", what, rd_kafka_error_string(error));
    exit(1);
}

/* Pairs of names and values, NULL at the end. */
static rd_kafka_t *client_new(rd_kafka_type_t type, const char *const *settings)
{
    char words[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (; settings[0]; settings += 2)
        must(rd_kafka_conf_set(conf, settings[0], settings[1], NULL, 0) == RD_KAFKA_CONF_OK);
    rd_kafka_t *client = rd_kafka_new(type, conf, words, sizeof(words));
    must(client != NULL);
    return client;
}

static rd_kafka_t *consumer_new(const char *bootstrap, char **sources)
{
    rd_kafka_t *consumer =
        client_new(RD_KAFKA_CONSUMER,
                   (const char *[]){"bootstrap.servers", bootstrap, "group.id", "copy",
                                    "auto.offset.reset", "earliest", "enable.auto.commit", "false",
                                    "isolation.level", "read_committed", "queued.min.messages",
                                    "1000000", "check.crcs", "true", NULL});
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(4);
    for (; *sources; sources++)
        rd_kafka_topic_partition_list_add(list, *sources, RD_KAFKA_PARTITION_UA);
    rd_kafka_poll_set_consumer(consumer);
    must(rd_kafka_subscribe(consumer, list) == RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(list);
    return consumer;
}

static rd_kafka_t *producer_new(const char *bootstrap)
{
    rd_kafka_t *producer = client_new(
        RD_KAFKA_PRODUCER, (const char *[]){"bootstrap.servers", bootstrap, "transactional.id",
                                            "copy", "linger.ms", "5", "batch.num.messages", "10000",
                                            "batch.size", "1000000", "queue.buffering.max.messages",
                                            "1000000", "partitioner", "murmur2_random", NULL});
    check("init", rd_kafka_init_transactions(producer, CALL_MS_MAX));
    check("begin", rd_kafka_begin_transaction(producer));
    return producer;
}

static void copy(rd_kafka_t *producer, rd_kafka_topic_t *sink, rd_kafka_message_t *const *messages,
                 ssize_t count)
{
    for (ssize_t i = 0; i < count; i++) {
        rd_kafka_message_t *message = messages[i];
        while (!message->err &&
               rd_kafka_produce(sink, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, message->payload,
                                message->len, message->key, message->key_len, NULL))
            rd_kafka_poll(producer, 1); /* its queue is full */
        rd_kafka_message_destroy(message);
    }
    rd_kafka_poll(producer, 0);
}

static void commit(rd_kafka_t *producer, rd_kafka_t *consumer)
{
    rd_kafka_topic_partition_list_t *positions = NULL;
    must(rd_kafka_assignment(consumer, &positions) == RD_KAFKA_RESP_ERR_NO_ERROR);
    must(rd_kafka_position(consumer, positions) == RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(consumer);
    check("offsets", rd_kafka_send_offsets_to_transaction(producer, positions, group, CALL_MS_MAX));
    check("commit", rd_kafka_commit_transaction(producer, CALL_MS_MAX));
    check("begin", rd_kafka_begin_transaction(producer));
    rd_kafka_consumer_group_metadata_destroy(group);
    rd_kafka_topic_partition_list_destroy(positions);
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    const int64_t interval_ns = (int64_t)strtol(argv[2], NULL, 10) * 1000000;
    rd_kafka_t *consumer = consumer_new(argv[1], argv + 4);
    rd_kafka_t *producer = producer_new(argv[1]);
    rd_kafka_topic_t *sink = rd_kafka_topic_new(producer, argv[3], NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(consumer);
    rd_kafka_message_t *messages[BATCH_MAX];
    int64_t committed_ns = clock_monotonic_ns();
    signal(SIGTERM, end);
    while (!is_told_to_end) {
        copy(producer, sink, messages,
             rd_kafka_consume_batch_queue(queue, 100, messages, BATCH_MAX));
        if (clock_monotonic_ns() - committed_ns < interval_ns)
            continue;
        commit(producer, consumer);
        committed_ns = clock_monotonic_ns();
    }
    check("abort", rd_kafka_abort_transaction(producer, CALL_MS_MAX));
    rd_kafka_queue_destroy(queue);
    rd_kafka_topic_destroy(sink);
    rd_kafka_destroy(producer);
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    return 0;
}
