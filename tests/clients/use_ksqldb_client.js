// use_ksqldb_client -- npm's ksqldb-client against the server at URL: all of it by HTTP/2.
"use strict";
const assert = require("assert");
const KsqldbClient = require("ksqldb-client");

async function main() {
    const url = new URL(process.env.URL);
    const client = new KsqldbClient({ host: `http://${url.hostname}`, port: Number(url.port) });
    await client.connect();

    assert((await client.listStreams()).some((s) => s.name === "MCD_ORDERS_STREAM"));
    assert((await client.listTables()).some((t) => t.name === "ORDERS_PLACED"));
    assert((await client.listTopics()).some((t) => t.name === "mcd_orders"));
    assert((await client.listQueries()).some((q) => q.id.startsWith("CTAS_ORDERS_PLACED")));
    const description = await client.describeSource("ORDERS_PLACED");
    assert.strictEqual(description.fields[0].name, "SCOPE");

    const pulled = await client.query("SELECT * FROM ${table} WHERE scope = 'all';",
        { sessionVariables: { table: "orders_placed" } });
    assert.strictEqual(pulled.status, 200);
    assert.strictEqual(pulled.data.metadata.columnNames[1], "ORDERS");
    assert.strictEqual(pulled.data.rows.length, 1);

    const rows = [];
    const pushed = await client.streamQuery(
        "SELECT order_id FROM mcd_orders_stream EMIT CHANGES LIMIT 3;",
        (data) => rows.push(...(data.rows || [])),
        { streamsProperties: { "auto.offset.reset": "earliest" } });
    assert.strictEqual(pushed.status, 200);
    assert.strictEqual(rows.length, 3);

    let terminated;
    const ended = await client.streamQuery(
        "SELECT order_id FROM mcd_orders_stream EMIT CHANGES;",
        (data) => {
            terminated = terminated || client.terminatePushQuery(data.metadata.queryId);
        });
    assert.strictEqual(ended.status, 200);
    assert(!(await terminated).error);

    const created = await client.executeStatement(
        "CREATE STREAM straws (id INT KEY, note STRING) " +
        "WITH (KAFKA_TOPIC='straws', VALUE_FORMAT='JSON', PARTITIONS=1);");
    assert(!created.error, JSON.stringify(created.error));
    const inserted = await client.insertInto("STRAWS", { ID: 1, NOTE: "paper" });
    assert.strictEqual(inserted.data.rows[0].status, "ok");
    const wrong = await client.query("SELECT * FROM nowhere;");
    assert.strictEqual(wrong.status, 400);
    assert(wrong.error);
    await client.disconnect();
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
