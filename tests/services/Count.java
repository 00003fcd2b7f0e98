/* Count -- what a pipeline on Kafka has lost, made twice or made wrong, by Java's own consumer and Avro.
 *
 *     java -cp JARS Count.java BOOTSTRAP SCHEMAS
 *
 * SCHEMAS is a directory with a file ID.avsc for each schema. Reads all committed records of mcd_truth,
 * mcd_orders, mcd_payments and MCD_ORDERS_PAYMENTS_JOINED. What the generator noted as sent must be in the
 * two topics, and each order with each of its payments in the joined one, once and as it was sent.
 * src/generator/truth.h says how a record of mcd_truth is written. Exit 1 unless all is zero. */
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Consumer;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

class Count {
    static final long WINDOW_MS = 24 * 3600 * 1000L;
    static final int EXAMPLES_MAX = 5;

    /* One event as it was sent, or as it is in its topic: fields by which it is compared. */
    record Event(String id, String orderId, long timeMs, double amount, String who, Object lines) {}

    /* A place's numbers. `wanted` and `found` count by a key that says all there is to compare. */
    static class Place {
        final String name;
        final Map<String, Integer> wanted = new HashMap<>();
        final Map<String, Integer> found = new HashMap<>();
        final Map<String, String> whole = new HashMap<>();
        long wrong;

        Place(String name) { this.name = name; }

        void want(String key, String all) {
            wanted.merge(key, 1, Integer::sum);
            whole.put(key, all);
        }

        void find(String key, String all) {
            found.merge(key, 1, Integer::sum);
            if (whole.containsKey(key) && !whole.get(key).equals(all)) {
                if (wrong++ < EXAMPLES_MAX)
                    System.out.println(name + " wrong: " + all + " instead of " + whole.get(key));
            }
        }

        boolean report() {
            long lost = 0, twice = 0, total = 0, examples = 0;
            for (var entry : wanted.entrySet()) {
                total += entry.getValue();
                int missing = entry.getValue() - found.getOrDefault(entry.getKey(), 0);
                lost += Math.max(0, missing);
                if (missing > 0 && examples++ < EXAMPLES_MAX)
                    System.out.println(name + " lost: " + entry.getKey());
            }
            for (var entry : found.entrySet()) {
                int more = entry.getValue() - wanted.getOrDefault(entry.getKey(), 0);
                twice += Math.max(0, more);
                if (more > 0 && examples++ < EXAMPLES_MAX)
                    System.out.println(name + " too many: " + entry.getKey());
            }
            System.out.printf("%s: %d, lost %d, twice %d, wrong %d%n", name, total, lost, twice, wrong);
            return total > 0 && lost == 0 && twice == 0 && wrong == 0;
        }
    }

    final Map<Integer, Schema> schemas = new HashMap<>();
    final Map<Integer, GenericDatumReader<GenericRecord>> readers = new HashMap<>();
    final Properties settings = new Properties();
    final Place orders = new Place("orders"), payments = new Place("payments"), joined = new Place("joined");
    long brokenSent, brokenFound;

    public static void main(String[] arguments) throws Exception {
        System.exit(new Count(arguments[0], Path.of(arguments[1])).run() ? 0 : 1);
    }

    Count(String bootstrap, Path directory) throws Exception {
        settings.put("bootstrap.servers", bootstrap);
        settings.put("isolation.level", "read_committed");
        settings.put("enable.auto.commit", "false");
        settings.put("key.deserializer", ByteArrayDeserializer.class.getName());
        settings.put("value.deserializer", ByteArrayDeserializer.class.getName());
        try (var files = Files.newDirectoryStream(directory, "*.avsc")) {
            for (Path file : files)
                schemas.put(Integer.parseInt(file.getFileName().toString().replace(".avsc", "")),
                            new Schema.Parser().parse(Files.readString(file)));
        }
    }

    boolean run() {
        List<Event> placed = new ArrayList<>();
        Map<String, List<Event>> paid = new HashMap<>();
        read("mcd_truth", record -> {
            if (new String(record.key(), StandardCharsets.UTF_8).equals("sent"))
                readTruth(ByteBuffer.wrap(record.value()).order(ByteOrder.LITTLE_ENDIAN));
        });
        readEvents("mcd_orders", orders, value -> {
            Event event = order(value);
            placed.add(event);
            return event;
        });
        readEvents("mcd_payments", payments, value -> {
            Event event = payment(value);
            paid.computeIfAbsent(event.orderId, id -> new ArrayList<>()).add(event);
            return event;
        });
        for (Event order : placed)
            for (Event payment : paid.getOrDefault(order.orderId, List.of()))
                if (Math.abs(order.timeMs - payment.timeMs) <= WINDOW_MS)
                    joined.want(order.orderId + "/" + payment.id, pair(order, payment));
        read("MCD_ORDERS_PAYMENTS_JOINED", this::readJoined);
        System.out.printf("malformed: %d, found %d%n", brokenSent, brokenFound);
        /* Every place says what it has. */
        boolean good = orders.report();
        good &= payments.report();
        good &= joined.report();
        return good && brokenSent == brokenFound;
    }

    /* All that is committed, partition by partition. */
    void read(String topic, Consumer<ConsumerRecord<byte[], byte[]>> onRecord) {
        try (var consumer = new KafkaConsumer<byte[], byte[]>(settings)) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (var info : consumer.partitionsFor(topic))
                partitions.add(new TopicPartition(topic, info.partition()));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (partitions.stream().anyMatch(each -> consumer.position(each) < ends.get(each)))
                consumer.poll(Duration.ofMillis(200)).forEach(onRecord);
        }
    }

    interface Maker { Event make(GenericRecord value); }

    /* What cannot be decoded must have been sent so. */
    void readEvents(String topic, Place place, Maker maker) {
        read(topic, record -> {
            Event event;
            try {
                event = maker.make(decode(record.value()));
            } catch (RuntimeException malformed) {
                brokenFound++;
                return;
            }
            place.find(event.id, sent(event));
        });
    }

    void readJoined(ConsumerRecord<byte[], byte[]> record) {
        String orderId = new String(record.key(), StandardCharsets.UTF_8);
        GenericRecord row = decode(record.value());
        Event order = new Event(orderId, orderId, (long)row.get("ORDER_TIME"), (double)row.get("ORDER_TOTAL"),
                                row.get("CUSTOMER_ID").toString(), lines(row.get("ORDER_ITEMS")));
        Event payment = new Event(row.get("PAYMENT_ID").toString(), orderId, (long)row.get("PAYMENT_TIME"),
                                  (double)row.get("PAYMENT_AMOUNT"), row.get("PAYMENT_METHOD").toString(), null);
        joined.find(orderId + "/" + payment.id, pair(order, payment));
    }

    static Event order(GenericRecord value) {
        String id = value.get("order_id").toString();
        return new Event(id, id, (long)value.get("order_time"), (double)value.get("order_total"),
                         value.get("customer_id").toString(), lines(value.get("order_items")));
    }

    static Event payment(GenericRecord value) {
        return new Event(value.get("payment_id").toString(), value.get("order_id").toString(),
                         (long)value.get("payment_time"), (double)value.get("payment_amount"),
                         value.get("payment_method").toString(), null);
    }

    /* Item names, quantities and prices, whatever the fields are called. */
    static String lines(Object array) {
        StringBuilder text = new StringBuilder();
        for (Object each : (List<?>)array) {
            GenericRecord line = (GenericRecord)each;
            for (int i = 0; i < line.getSchema().getFields().size(); i++)
                text.append(line.get(i)).append('|');
        }
        return text.toString();
    }

    /* What the truth knows of an event. */
    static String sent(Event event) { return event.orderId + " " + event.timeMs + " " + event.amount; }

    static String pair(Event order, Event payment) { return order + " " + payment; }

    /* Byte 0, the schema's id, Avro's binary encoding: Confluent's wire format. */
    GenericRecord decode(byte[] bytes) {
        ByteBuffer head = ByteBuffer.wrap(bytes);
        if (head.get() != 0)
            throw new IllegalArgumentException("no schema id");
        int id = head.getInt();
        if (!schemas.containsKey(id))
            throw new IllegalArgumentException("schema " + id + " is unknown");
        try {
            return readers.computeIfAbsent(id, each -> new GenericDatumReader<>(schemas.get(each)))
                .read(null, DecoderFactory.get().binaryDecoder(bytes, 5, bytes.length - 5, null));
        } catch (java.io.IOException error) {
            throw new IllegalArgumentException(error);
        }
    }

    void readTruth(ByteBuffer at) {
        if (at.get() != 1)
            throw new IllegalStateException("mcd_truth is of another version");
        while (at.hasRemaining()) {
            byte kind = at.get();
            if (kind == 3) {
                brokenSent++;
                at.get();
                continue;
            }
            long timeMs = number(at);
            double amount = at.getDouble();
            at.get(); /* channel or method */
            String first = text(at), second = text(at);
            int linesSize = kind == 1 ? 2 * at.get() : 0;
            at.position(at.position() + linesSize);
            String orderId = kind == 1 ? first : second;
            (kind == 1 ? orders : payments).want(first, sent(new Event(first, orderId, timeMs, amount, null, null)));
        }
    }

    static long number(ByteBuffer at) {
        long bits = 0;
        byte next;
        int shift = 0;
        do {
            next = at.get();
            bits |= (next & 0x7fL) << shift;
            shift += 7;
        } while (next < 0);
        return (bits >>> 1) ^ -(bits & 1);
    }

    static String text(ByteBuffer at) {
        byte[] bytes = new byte[at.get() & 0xff];
        at.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
