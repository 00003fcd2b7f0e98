"""use_kafka -- PyPI's confluent-kafka beside us: Avro records of its own go in, our joined rows come out.

Its registry client asks the registry at REGISTRY_URL, its producer and consumer the brokers at BOOTSTRAP.
"""
import os
import time

from confluent_kafka import DeserializingConsumer, SerializingProducer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import StringDeserializer, StringSerializer

COUNT = 50
PATIENCE_S = 120

registry = SchemaRegistryClient({"url": os.environ["REGISTRY_URL"]})
bootstrap = os.environ["BOOTSTRAP"]
now_ms = int(time.time() * 1000)


def producer(subject):
    """Its records have the subject's latest schema, as it is in the registry."""
    serializer = AvroSerializer(registry, conf={"auto.register.schemas": False, "use.latest.version": True})
    assert registry.get_latest_version(subject)
    return SerializingProducer({
        "bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "compression.type": "zstd",
        "key.serializer": StringSerializer(), "value.serializer": serializer})


def order(number):
    return {"order_id": f"python-{number}", "customer_id": f"C-{number}", "order_total": number + 0.25,
            "order_items": [{"item_name": "Tea", "quantity": number, "price": 1.5}], "order_time": now_ms + number,
            "channel": "kiosk", "store_id": "S-1"}


def payment(number):
    return {"payment_id": f"P-python-{number}", "order_id": f"python-{number}", "payment_amount": number + 0.25,
            "payment_method": "cash", "payment_time": now_ms + number + 1000}


orders, payments = producer("mcd_orders-value"), producer("mcd_payments-value")
for i in range(COUNT):
    orders.produce("mcd_orders", key=f"C-{i}", value=order(i))
    payments.produce("mcd_payments", key=f"P-{i}", value=payment(i))
assert orders.flush(30) == 0 and payments.flush(30) == 0

consumer = DeserializingConsumer({
    "bootstrap.servers": bootstrap, "group.id": "use_kafka", "auto.offset.reset": "earliest",
    "isolation.level": "read_committed",
    "key.deserializer": StringDeserializer(), "value.deserializer": AvroDeserializer(registry)})
consumer.subscribe(["MCD_ORDERS_PAYMENTS_JOINED"])
joined = {}
deadline = time.time() + PATIENCE_S
while len(joined) < COUNT and time.time() < deadline:
    message = consumer.poll(1)
    if message is None or message.error() or not message.key().startswith("python-"):
        continue
    assert message.key() not in joined, message.key()
    joined[message.key()] = message.value()
consumer.close()
assert len(joined) == COUNT, f"{len(joined)} of {COUNT} rows came"
for i in range(COUNT):
    row = joined[f"python-{i}"]
    assert row["CUSTOMER_ID"] == f"C-{i}" and row["ORDER_TOTAL"] == i + 0.25, row
    assert row["ORDER_ITEMS"] == [{"ITEM_NAME": "Tea", "QUANTITY": i, "PRICE": 1.5}], row
    assert row["PAYMENT_ID"] == f"P-python-{i}" and row["PAYMENT_METHOD"] == "cash", row
    assert row["ORDER_TIME"].timestamp() * 1000 == now_ms + i, row
    assert row["PAYMENT_TIME"].timestamp() * 1000 == now_ms + i + 1000, row
