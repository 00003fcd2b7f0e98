"""use_ksql_python_ng -- PyPI's ksql-python-ng against the server at URL."""
import json
import os

from ksql import KSQLAPI
from ksql.errors import KSQLError
from ksql.utils import drop_stream, get_all_streams

client = KSQLAPI(os.environ["URL"])
assert client.get_ksql_version()
assert any(p["name"] == "ksql.service.id" for p in client.get_properties())
assert "MCD_ORDERS_STREAM" in get_all_streams(client)

earliest = {"ksql.streams.auto.offset.reset": "earliest"}
query = "SELECT order_id, order_total FROM mcd_orders_stream EMIT CHANGES LIMIT 5"
answer = json.loads("".join(client.query(query, stream_properties=earliest)))
assert [list(part)[0] for part in answer] == ["header"] + ["row"] * 5 + ["finalMessage"], answer
rows = list(client.query(query, stream_properties=earliest, use_http2=True, parse=True))
assert len(rows) == 5, rows
assert all(row["ORDER_ID"].startswith("O-") and row["ORDER_TOTAL"] > 0 for row in rows), rows

client.create_stream("PLATES", ["ID INT KEY", "NAME VARCHAR"], "mcd_orders", "JSON")
drop_stream(client, "PLATES")
client.ksql("CREATE STREAM cups (id INT KEY, name STRING) "
            "WITH (KAFKA_TOPIC='cups', VALUE_FORMAT='JSON', PARTITIONS=1)")
created = client.ksql("CREATE STREAM big_cups AS SELECT * FROM cups WHERE id > 1")
assert created[0]["commandStatus"]["queryId"].startswith("CSAS_BIG_CUPS_"), created
answers = client.inserts_stream("CUPS", [{"ID": 1, "NAME": "small"}, {"ID": 2, "NAME": "large"}])
assert [a["status"] for a in answers] == ["ok", "ok"], answers
rows = list(client.query("SELECT * FROM big_cups EMIT CHANGES LIMIT 1",
                         stream_properties=earliest, use_http2=True, parse=True))
assert rows == [{"ID": 2, "NAME": "large"}], rows
drop_stream(client, "BIG_CUPS")
drop_stream(client, "CUPS")
assert "CUPS" not in get_all_streams(client)

assert client.close_query("nobody") is False
try:
    client.ksql("SHOW STREAM")
    raise AssertionError("a syntax error was taken")
except KSQLError as error:
    assert error.error_code == 40001 and "line 1:6" in str(error), error
