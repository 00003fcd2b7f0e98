// AvroConverter -- Avro values for Kafka Connect, mapped as Confluent's own converter does, which is not on Maven.
//
// Reads only. schema.registry.url says where schemas are.
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.connect.data.Date;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Time;
import org.apache.kafka.connect.data.Timestamp;
import org.apache.kafka.connect.storage.Converter;

public class AvroConverter implements Converter {
    private final Map<Integer, org.apache.avro.Schema> known = new HashMap<>();
    private String url;

    @Override
    public void configure(Map<String, ?> settings, boolean isKey) {
        url = (String) settings.get("schema.registry.url");
    }

    @Override
    public byte[] fromConnectData(String topic, Schema schema, Object value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public SchemaAndValue toConnectData(String topic, byte[] bytes) {
        if (bytes == null)
            return SchemaAndValue.NULL;
        try {
            ByteBuffer head = ByteBuffer.wrap(bytes);
            if (head.get() != 0)
                throw new org.apache.kafka.connect.errors.DataException("unknown magic byte");
            org.apache.avro.Schema avro = fetch(head.getInt());
            Object value = new GenericDatumReader<Object>(avro).read(
                null, DecoderFactory.get().binaryDecoder(bytes, 5, bytes.length - 5, null));
            Schema schema = schemaOf(avro, false);
            return new SchemaAndValue(schema, valueOf(schema, value));
        } catch (java.io.IOException | InterruptedException e) {
            throw new org.apache.kafka.connect.errors.DataException(e);
        }
    }

    private org.apache.avro.Schema fetch(int id) throws java.io.IOException, InterruptedException {
        if (!known.containsKey(id)) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/schemas/ids/" + id)).build();
            String body = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
            String text = new com.fasterxml.jackson.databind.ObjectMapper().readTree(body).get("schema").asText();
            known.put(id, new org.apache.avro.Schema.Parser().parse(text));
        }
        return known.get(id);
    }

    private static SchemaBuilder builderOf(org.apache.avro.Schema avro) {
        String logical = avro.getLogicalType() == null ? avro.getProp("logicalType") : avro.getLogicalType().getName();
        switch (avro.getType()) {
        case BOOLEAN:
            return SchemaBuilder.bool();
        case INT:
            return "date".equals(logical) ? Date.builder() : "time-millis".equals(logical) ? Time.builder()
                                                                                           : SchemaBuilder.int32();
        case LONG:
            return "timestamp-millis".equals(logical) ? Timestamp.builder() : SchemaBuilder.int64();
        case FLOAT:
            return SchemaBuilder.float32();
        case DOUBLE:
            return SchemaBuilder.float64();
        case BYTES:
        case FIXED:
            return "decimal".equals(logical) ? Decimal.builder((Integer) avro.getObjectProp("scale"))
                                             : SchemaBuilder.bytes();
        case STRING:
        case ENUM:
            return SchemaBuilder.string();
        case ARRAY:
            if (isMapEntry(avro.getElementType()))
                return SchemaBuilder.map(schemaOf(avro.getElementType().getField("key").schema(), false),
                                         schemaOf(avro.getElementType().getField("value").schema(), false));
            return SchemaBuilder.array(schemaOf(avro.getElementType(), false));
        case MAP:
            return SchemaBuilder.map(Schema.STRING_SCHEMA, schemaOf(avro.getValueType(), false));
        case RECORD:
            SchemaBuilder builder = SchemaBuilder.struct().name(avro.getFullName());
            for (org.apache.avro.Schema.Field field : avro.getFields())
                builder.field(field.name(), schemaOf(field.schema(), false));
            return builder;
        default:
            throw new org.apache.kafka.connect.errors.DataException("no schema for " + avro);
        }
    }

    // How a map is written whose keys may be null.
    private static boolean isMapEntry(org.apache.avro.Schema avro) {
        return "MapEntry".equals(avro.getProp("connect.internal.type"));
    }

    private static Schema schemaOf(org.apache.avro.Schema avro, boolean isOptional) {
        if (avro.getType() == org.apache.avro.Schema.Type.UNION) {
            for (org.apache.avro.Schema branch : avro.getTypes())
                if (branch.getType() != org.apache.avro.Schema.Type.NULL)
                    return schemaOf(branch, true);
        }
        SchemaBuilder builder = builderOf(avro);
        return (isOptional ? builder.optional() : builder).build();
    }

    private static Object valueOf(Schema schema, Object value) {
        if (value == null)
            return null;
        if (Decimal.LOGICAL_NAME.equals(schema.name()))
            return Decimal.toLogical(schema, bytesOf(value));
        if (Date.LOGICAL_NAME.equals(schema.name()))
            return Date.toLogical(schema, (Integer) value);
        if (Time.LOGICAL_NAME.equals(schema.name()))
            return Time.toLogical(schema, (Integer) value);
        if (Timestamp.LOGICAL_NAME.equals(schema.name()))
            return Timestamp.toLogical(schema, (Long) value);
        switch (schema.type()) {
        case STRING:
            return value.toString();
        case BYTES:
            return bytesOf(value);
        case ARRAY:
            List<Object> list = new ArrayList<>();
            for (Object item : (Iterable<?>) value)
                list.add(valueOf(schema.valueSchema(), item));
            return list;
        case MAP:
            Map<Object, Object> map = new HashMap<>();
            if (value instanceof Iterable) {
                for (Object entry : (Iterable<?>) value)
                    map.put(((GenericRecord) entry).get("key").toString(),
                            valueOf(schema.valueSchema(), ((GenericRecord) entry).get("value")));
                return map;
            }
            for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet())
                map.put(entry.getKey().toString(), valueOf(schema.valueSchema(), entry.getValue()));
            return map;
        case STRUCT:
            Struct struct = new Struct(schema);
            for (Field field : schema.fields())
                struct.put(field, valueOf(field.schema(), ((GenericRecord) value).get(field.name())));
            return struct;
        default:
            return value;
        }
    }

    private static byte[] bytesOf(Object value) {
        if (value instanceof org.apache.avro.generic.GenericFixed)
            return ((org.apache.avro.generic.GenericFixed) value).bytes();
        ByteBuffer buffer = ((ByteBuffer) value).duplicate();
        return Arrays.copyOfRange(buffer.array(), buffer.position(), buffer.limit());
    }
}
