"""use_confluent_kafka -- PyPI's confluent-kafka: its registry client and Avro serialisers."""
import os

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.serialization import MessageField, SerializationContext

client = SchemaRegistryClient({"url": os.environ["REGISTRY_URL"]})
assert "mcd_orders-value" in client.get_subjects()
orders = client.get_latest_version("mcd_orders-value")
assert client.get_schema(orders.schema_id).schema_str == orders.schema.schema_str

text = '{"type":"record","name":"cup","fields":[{"name":"size","type":"int"}]}'
wider = ('{"type":"record","name":"cup","fields":[{"name":"size","type":"int"},'
         '{"name":"lid","type":"string","default":"none"}]}')
narrow = '{"type":"record","name":"cup","fields":[{"name":"size","type":"string"}]}'
subject = "odd/subject name-value"
first = client.register_schema(subject, Schema(text, "AVRO"))
assert client.register_schema(subject, Schema(text, "AVRO")) == first
assert client.test_compatibility(subject, Schema(wider, "AVRO"))
assert not client.test_compatibility(subject, Schema(narrow, "AVRO"))
try:
    client.register_schema(subject, Schema(narrow, "AVRO"))
    raise AssertionError("an incompatible schema was taken")
except SchemaRegistryError as error:
    assert error.http_status_code == 409, error
assert client.register_schema(subject, Schema(wider, "AVRO")) != first
assert client.get_versions(subject) == [1, 2]
assert client.lookup_schema(subject, Schema(text, "AVRO")).version == 1
assert client.get_compatibility() == "BACKWARD"
client.set_compatibility(subject, "FULL")
assert client.get_compatibility(subject) == "FULL"
for missing in (lambda: client.get_schema(99999), lambda: client.get_versions("nobody")):
    try:
        missing()
        raise AssertionError("something that is not there was found")
    except SchemaRegistryError as error:
        assert error.http_status_code == 404, error

context = SerializationContext("cups", MessageField.VALUE)
data = AvroSerializer(client, text)({"size": 3}, context)
assert data[0] == 0 and AvroDeserializer(client)(data, context) == {"size": 3}
