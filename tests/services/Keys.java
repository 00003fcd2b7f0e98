/* Keys -- keys that Java's producer has partitioned, and whether two topics agree on them.
 *
 *     java -cp JARS Keys.java produce BOOTSTRAP SEED     into text_keys, long_keys and int_keys
 *     java -cp JARS Keys.java compare BOOTSTRAP A B COUNT
 *
 * Values are JSON with the key once more. `compare` waits a minute for COUNT records in each topic, and ends
 * with 0 if both have the same keys, byte for byte, as often in each partition. */
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.IntegerSerializer;
import org.apache.kafka.common.serialization.LongSerializer;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringSerializer;

class Keys {
    static final int COUNT = 500;
    static final long PATIENCE_MS = 60000;
    static final String LETTERS = "aZ09 -_./:äß€日本語😀";

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("produce"))
            produce(arguments[1], Long.parseLong(arguments[2]));
        else
            System.exit(compare(arguments[1], arguments[2], arguments[3], Integer.parseInt(arguments[4])) ? 0 : 1);
    }

    static void produce(String bootstrap, long seed) {
        Random random = new Random(seed);
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        try (var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < COUNT; i++) {
                String text = text(random, random.nextInt(40));
                long number = i % 2 == 0 ? random.nextLong() : random.nextInt(1000);
                int small = i % 2 == 0 ? random.nextInt() : random.nextInt(1000);
                send(producer, "text_keys", new StringSerializer(), text, "\"" + text + "\"");
                send(producer, "long_keys", new LongSerializer(), number, Long.toString(number));
                send(producer, "int_keys", new IntegerSerializer(), small, Integer.toString(small));
            }
        }
    }

    static <T> void send(KafkaProducer<byte[], byte[]> producer, String topic, Serializer<T> serializer, T key,
                         String json) {
        byte[] value = ("{\"AGAIN\":" + json + "}").getBytes(java.nio.charset.StandardCharsets.UTF_8);
        producer.send(new ProducerRecord<>(topic, serializer.serialize(topic, key), value));
    }

    static String text(Random random, int length) {
        int[] letters = LETTERS.codePoints().toArray();
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++)
            text.appendCodePoint(letters[random.nextInt(letters.length)]);
        return text.toString();
    }

    static boolean compare(String bootstrap, String a, String b, int count) {
        Map<String, Integer> ours = read(bootstrap, b, count), javas = read(bootstrap, a, count);
        if (ours.equals(javas))
            return true;
        javas.forEach((key, times) -> {
            if (!times.equals(ours.get(key)))
                System.out.println(key + " is there " + times + " times in " + a + ", " + ours.get(key) + " in " + b);
        });
        return false;
    }

    /* "partition/key in hex" to how often. */
    static Map<String, Integer> read(String bootstrap, String topic, int count) {
        Map<String, Integer> keys = new HashMap<>();
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("isolation.level", "read_committed");
        settings.put("enable.auto.commit", "false");
        try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (var info : consumer.partitionsFor(topic))
                partitions.add(new TopicPartition(topic, info.partition()));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            int seen = 0;
            for (long end = System.currentTimeMillis() + PATIENCE_MS; seen < count && System.currentTimeMillis() < end;)
                for (var record : consumer.poll(Duration.ofMillis(100))) {
                    String key = record.key() == null ? "null" : HexFormat.of().formatHex(record.key());
                    keys.merge(record.partition() + "/" + key, 1, Integer::sum);
                    seen++;
                }
            System.out.println(topic + ": " + seen + " records in " + partitions.size() + " partitions");
        }
        return keys;
    }
}
