/* Peer -- the keyed join of bench/peers/join in Kafka Streams, and what is needed around it.
 *
 *     java -cp JARS Peer.java fill BOOTSTRAP SCHEMAS COUNT
 *     java -cp JARS Peer.java join BOOTSTRAP SCHEMAS STATE_DIRECTORY THREADS COMMIT_MS
 *     java -cp JARS Peer.java watch BOOTSTRAP GROUP LOG COMMAND...
 *     java -cp JARS Peer.java compare BOOTSTRAP TOPIC OTHER
 *
 * SCHEMAS has NAME.ID.avsc for each of orders_keyed, payments_keyed, joined. `fill` writes COUNT orders and a
 * payment for each, at most PAIRS_APART_MAX orders later. `join` runs until it is killed: RocksDB stores,
 * exactly_once_v2. `watch` starts the command, whose output goes to LOG, waits until the group whose name begins with
 * GROUP has read both topics to their ends, says how many CPU-seconds the command took for a million records of the
 * second half, and how many came a second, and ends it. `compare` ends with 0 if both topics have
 * the same records, byte for byte, in any order. */
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.StreamJoined;

class Peer {
    static final int PAIRS_APART_MAX = 10000;
    static final List<String> SOURCES = List.of("orders_keyed", "payments_keyed");
    static final double TICKS_A_SECOND = 100; /* of /proc/PID/stat */
    static final long POLL_MS = 100;

    public static void main(String[] arguments) throws Exception {
        String bootstrap = arguments[1];
        switch (arguments[0]) {
        case "fill" -> fill(bootstrap, Path.of(arguments[2]), Integer.parseInt(arguments[3]));
        case "join" -> join(bootstrap, Path.of(arguments[2]), arguments[3], arguments[4], arguments[5]);
        case "watch" -> watch(bootstrap, arguments[2], new File(arguments[3]), Arrays.asList(arguments).subList(4, arguments.length));
        case "compare" -> System.exit(compare(bootstrap, arguments[2], arguments[3]) ? 0 : 1);
        default -> System.exit(2);
        }
    }

    /* One schema's values in Confluent's wire format: byte 0, the schema's id, Avro's binary encoding. Of one
     * thread. */
    static class Codec {
        final Schema schema;
        final byte[] head;
        final GenericDatumReader<GenericRecord> reader;
        final GenericDatumWriter<GenericRecord> writer;
        BinaryDecoder decoder;
        BinaryEncoder encoder;

        Codec(Path schemas, String name) {
            try (var files = Files.newDirectoryStream(schemas, name + ".*.avsc")) {
                Path file = files.iterator().next();
                int id = Integer.parseInt(file.getFileName().toString().split("\\.")[1]);
                schema = new Schema.Parser().parse(Files.readString(file));
                head = ByteBuffer.allocate(5).put((byte)0).putInt(id).array();
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
            reader = new GenericDatumReader<>(schema);
            writer = new GenericDatumWriter<>(schema);
        }

        byte[] encode(GenericRecord value) {
            try {
                ByteArrayOutputStream out = new ByteArrayOutputStream(128);
                out.write(head);
                encoder = EncoderFactory.get().directBinaryEncoder(out, encoder);
                writer.write(value, encoder);
                return out.toByteArray();
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }

        GenericRecord decode(byte[] bytes) {
            try {
                decoder = DecoderFactory.get().binaryDecoder(bytes, head.length, bytes.length - head.length, decoder);
                return reader.read(null, decoder);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
    }

    static void fill(String bootstrap, Path schemas, int count) {
        Random random = new Random(1);
        Codec orders = new Codec(schemas, "orders_keyed"), payments = new Codec(schemas, "payments_keyed");
        long start = System.currentTimeMillis() - 3600000L;
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("linger.ms", "5");
        settings.put("batch.size", "200000");
        Map<Integer, List<Integer>> due = new HashMap<>(); /* after which order which are paid */
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < count; i++) {
                int later = Math.min(count - 1, i + random.nextInt(PAIRS_APART_MAX));
                due.computeIfAbsent(later, at -> new ArrayList<>()).add(i);
                GenericRecord order = new GenericData.Record(orders.schema);
                order.put("customer_id", "C-" + random.nextInt(100000));
                order.put("order_total", random.nextInt(10000) / 100.0);
                order.put("store_id", "S-" + random.nextInt(500));
                producer.send(new ProducerRecord<>("orders_keyed", null, start + i, id(i), orders.encode(order)));
                for (int each : due.getOrDefault(i, List.of())) {
                    GenericRecord payment = new GenericData.Record(payments.schema);
                    payment.put("payment_id", "P-" + each);
                    payment.put("payment_amount", random.nextInt(10000) / 100.0);
                    payment.put("payment_method", each % 3 == 0 ? "cash" : "card");
                    producer.send(new ProducerRecord<>("payments_keyed", null, start + i, id(each), payments.encode(payment)));
                }
                due.remove(i);
            }
        }
    }

    static String id(int number) { return String.format("O-%010d", number); }

    static void join(String bootstrap, Path schemas, String state, String threads, String commitMs) {
        Properties settings = new Properties();
        settings.put("application.id", "peer");
        settings.put("bootstrap.servers", bootstrap);
        settings.put("state.dir", state);
        settings.put("num.stream.threads", threads);
        settings.put("processing.guarantee", "exactly_once_v2");
        settings.put("commit.interval.ms", commitMs);
        settings.put("consumer.auto.offset.reset", "earliest");
        settings.put("replication.factor", "1");
        var builder = new StreamsBuilder();
        var orders = builder.stream("orders_keyed", Consumed.with(Serdes.String(), serde(schemas, "orders_keyed")));
        var payments = builder.stream("payments_keyed", Consumed.with(Serdes.String(), serde(schemas, "payments_keyed")));
        Schema out = new Codec(schemas, "joined").schema;
        orders
            .join(payments, (order, payment) -> pair(out, order, payment),
                  JoinWindows.ofTimeDifferenceAndGrace(Duration.ofHours(24), Duration.ofHours(24)),
                  StreamJoined.with(Serdes.String(), serde(schemas, "orders_keyed"), serde(schemas, "payments_keyed")))
            .to("peer_joined", Produced.with(Serdes.String(), serde(schemas, "joined")));
        new KafkaStreams(builder.build(), settings).start();
    }

    static Serde<GenericRecord> serde(Path schemas, String name) {
        ThreadLocal<Codec> codec = ThreadLocal.withInitial(() -> new Codec(schemas, name));
        return Serdes.serdeFrom((topic, value) -> value == null ? null : codec.get().encode(value),
                                (topic, bytes) -> bytes == null ? null : codec.get().decode(bytes));
    }

    static GenericRecord pair(Schema out, GenericRecord order, GenericRecord payment) {
        GenericRecord row = new GenericData.Record(out);
        for (GenericRecord each : List.of(order, payment))
            for (Schema.Field field : each.getSchema().getFields())
                row.put(field.name().toUpperCase(), each.get(field.pos()));
        return row;
    }

    static void watch(String bootstrap, String group, File log, List<String> command) throws Exception {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("key.deserializer", ByteArrayDeserializer.class.getName());
        settings.put("value.deserializer", ByteArrayDeserializer.class.getName());
        try (var admin = Admin.create(settings); var consumer = new KafkaConsumer<byte[], byte[]>(settings)) {
            List<TopicPartition> partitions = partitions(consumer, SOURCES);
            long end = consumer.endOffsets(partitions).values().stream().mapToLong(each -> each).sum();
            progress(admin, group, partitions); /* has all classes loaded */
            Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log).start();
            Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
            long done = 0, halfDone = 0, now = 0, halfNow = 0;
            double cpu = 0, halfCpu = 0;
            while (done < end) {
                Thread.sleep(POLL_MS);
                if (!process.isAlive()) {
                    System.err.println("it ended by itself: see " + log);
                    System.exit(1);
                }
                now = System.nanoTime();
                cpu = cpuSeconds(process.pid());
                done = progress(admin, group, partitions);
                if (halfDone == 0 && done >= end / 2) {
                    halfDone = done;
                    halfCpu = cpu;
                    halfNow = now;
                }
            }
            if (halfDone == end)
                System.out.println("too few records: all were read at once");
            else
                System.out.printf("%.2f CPU-seconds a million records, %.0f records a second%n",
                                  (cpu - halfCpu) / (end - halfDone) * 1e6, (end - halfDone) * 1e9 / (now - halfNow));
            process.destroy();
            process.waitFor();
        }
    }

    /* Records the group has read, by what it has committed. */
    static long progress(Admin admin, String prefix, List<TopicPartition> partitions) throws Exception {
        long done = 0;
        for (var listing : admin.listGroups().all().get()) {
            if (!listing.groupId().startsWith(prefix))
                continue;
            var offsets = admin.listConsumerGroupOffsets(listing.groupId()).partitionsToOffsetAndMetadata().get();
            for (TopicPartition each : partitions)
                if (offsets.get(each) != null)
                    done += offsets.get(each).offset();
        }
        return done;
    }

    static double cpuSeconds(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_A_SECOND;
    }

    static List<TopicPartition> partitions(KafkaConsumer<byte[], byte[]> consumer, List<String> topics) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (String topic : topics)
            for (var info : consumer.partitionsFor(topic))
                partitions.add(new TopicPartition(topic, info.partition()));
        return partitions;
    }

    record Sum(long count, long hash) {}

    static boolean compare(String bootstrap, String topic, String other) {
        Sum one = sum(bootstrap, topic), two = sum(bootstrap, other);
        System.out.printf("%s: %d records, %s: %d records, %s%n", topic, one.count, other, two.count,
                          one.equals(two) ? "the same" : "NOT the same");
        return one.count > 0 && one.equals(two);
    }

    /* The same for the same committed records in any order. */
    static Sum sum(String bootstrap, String topic) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("isolation.level", "read_committed");
        settings.put("enable.auto.commit", "false");
        long count = 0, hash = 0;
        try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = partitions(consumer, List.of(topic));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            var ends = consumer.endOffsets(partitions);
            while (partitions.stream().anyMatch(each -> consumer.position(each) < ends.get(each)))
                for (var record : consumer.poll(Duration.ofMillis(POLL_MS))) {
                    count++;
                    hash += mix(Arrays.hashCode(record.key()) * 31L + record.timestamp()) ^ mix(Arrays.hashCode(record.value()));
                }
        }
        return new Sum(count, hash);
    }

    static long mix(long bits) {
        bits = (bits ^ (bits >>> 33)) * 0xff51afd7ed558ccdL;
        return bits ^ (bits >>> 29);
    }
}
