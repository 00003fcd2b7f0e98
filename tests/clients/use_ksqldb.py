"""use_ksqldb -- PyPI's ksqldb against the server at URL: HTTP/2 by prior knowledge for rows."""
import asyncio
import os

from ksqldb import KSQLdbClient

client = KSQLdbClient(os.environ["URL"])
assert any(p["name"] == "ksql.service.id" for p in client.get_properties())
assert client.ksql("SHOW TABLES;")[0]["@type"] == "tables"

header, *rows = client.query_sync("SELECT * FROM orders_placed WHERE scope = 'all';")
assert header["columnNames"][:2] == ["SCOPE", "ORDERS"], header
assert len(rows) == 1 and rows[0][1] > 100, rows


async def push():
    earliest = {"auto.offset.reset": "earliest"}
    taken = []
    async for row in client.query_async("SELECT order_id FROM mcd_orders_stream EMIT CHANGES;",
                                        earliest):
        taken.append(row)
        if len(taken) == 4:
            break
    assert client.close_query(taken[0]["queryId"])
    return taken


taken = asyncio.run(push())
assert taken[0]["columnNames"] == ["ORDER_ID"] and all(r[0].startswith("O-") for r in taken[1:])

client.ksql("CREATE STREAM lids (id INT KEY, width DOUBLE) "
            "WITH (KAFKA_TOPIC='lids', VALUE_FORMAT='JSON', PARTITIONS=1);")
answers = client.inserts_stream("LIDS", [{"ID": 1, "WIDTH": 7.5}, {"ID": 2, "WIDTH": 9}])
assert answers == [{"status": "ok", "seq": 0}, {"status": "ok", "seq": 1}], answers
