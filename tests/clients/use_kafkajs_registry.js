// use_kafkajs_registry -- npm's @kafkajs/confluent-schema-registry against REGISTRY_URL.
"use strict";
const assert = require("assert");
const { SchemaRegistry, SchemaType } = require("@kafkajs/confluent-schema-registry");

async function main() {
    const registry = new SchemaRegistry({ host: process.env.REGISTRY_URL });
    const latest = await registry.getLatestSchemaId("mcd_orders-value");
    assert(latest >= 1);
    const schema = JSON.stringify({
        type: "record", name: "lid", namespace: "test", fields: [{ name: "width", type: "double" }],
    });
    const { id } = await registry.register({ type: SchemaType.AVRO, schema }, { subject: "lids-value" });
    assert.strictEqual(await registry.getRegistryId("lids-value", 1), id);
    const encoded = await registry.encode(id, { width: 7.5 });
    assert.strictEqual((await new SchemaRegistry({ host: process.env.REGISTRY_URL }).decode(encoded)).width, 7.5);
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
