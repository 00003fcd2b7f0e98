"""use_confluent_kafka -- PyPI's confluent-kafka: its registry client and Avro serialisers."""
import os

from confluent_kafka.schema_registry import (
    Schema, SchemaReference, SchemaRegistryClient, header_schema_id_serializer)
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

# The schema comes with its guid in a header; the writer's schema refers to another subject's.
client.register_schema("cup-value", Schema(text, "AVRO"))
rack = Schema('{"type":"record","name":"rack","fields":[{"name":"cups","type":{"type":"array","items":"cup"}}]}',
              "AVRO", [SchemaReference("cup", "cup-value", 1)])
headers = {}
context = SerializationContext("racks", MessageField.VALUE, headers)
writer = AvroSerializer(client, rack, conf={"schema.id.serializer": header_schema_id_serializer})
data = writer({"cups": [{"size": 1}, {"size": 2}, {"size": 3}, {"size": 4}]}, context)
assert "__value_schema_id" in headers, headers
assert AvroDeserializer(SchemaRegistryClient({"url": os.environ["REGISTRY_URL"]}))(
    data, context) == {"cups": [{"size": 1}, {"size": 2}, {"size": 3}, {"size": 4}]}
guid = client.lookup_schema("racks-value", rack).guid
assert guid and client.get_schema_by_guid(guid).schema_str == rack.schema_str
assert client.get_referenced_by("cup-value", 1)

# An older reader's schema takes what a newer writer wrote, and the other way round.
old = AvroDeserializer(client, text)
new = AvroDeserializer(client, wider)
context = SerializationContext("lids", MessageField.VALUE)
assert old(AvroSerializer(client, wider)({"size": 4, "lid": "tin"}, context), context) == {"size": 4}
assert new(AvroSerializer(client, text, conf={"subject.name.strategy": lambda c, n: "old-value"})(
    {"size": 5}, context), context) == {"size": 5, "lid": "none"}

# Deleted softly, then for good.
assert client.delete_version(subject, 2) == 2
assert client.get_versions(subject) == [1]
assert client.delete_subject(subject) == [1]
assert subject not in client.get_subjects() and subject in client.get_subjects(deleted=True)
client.delete_subject(subject, permanent=True)
assert subject not in client.get_subjects(deleted=True)
