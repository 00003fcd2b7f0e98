// use_confluentinc_schemaregistry -- npm's @confluentinc/schemaregistry against REGISTRY_URL.
"use strict";
const assert = require("assert");
const {
    AvroDeserializer, AvroSerializer, Compatibility, SchemaRegistryClient, SerdeType,
} = require("@confluentinc/schemaregistry");

const record = (...fields) => ({
    schemaType: "AVRO",
    schema: JSON.stringify({ type: "record", name: "Spoon", namespace: "test", fields }),
});

async function main() {
    const client = new SchemaRegistryClient({ baseURLs: [process.env.REGISTRY_URL] });
    const subject = "spoons-value";
    const narrow = record({ name: "length", type: "double" });
    const wide = record({ name: "length", type: "double" }, { name: "metal", type: "string", default: "steel" });
    const other = record({ name: "length", type: "string" });

    const id = await client.register(subject, narrow);
    assert.strictEqual(await client.getId(subject, narrow), id);
    assert.strictEqual(await client.getVersion(subject, narrow), 1);
    assert.strictEqual(await client.testSubjectCompatibility(subject, wide), true);
    assert.strictEqual(await client.testCompatibility(subject, 1, other), false);
    await assert.rejects(client.register(subject, other), /409|incompatible/i);
    await client.register(subject, wide);
    assert.deepStrictEqual(await client.getAllVersions(subject), [1, 2]);
    assert.strictEqual((await client.getLatestSchemaMetadata(subject)).version, 2);
    assert.strictEqual((await client.getSchemaMetadata(subject, 1)).id, id);
    assert((await client.getAllSubjects()).includes(subject));

    assert.strictEqual(await client.updateCompatibility(subject, Compatibility.FULL), "FULL");
    assert.strictEqual(await client.getCompatibility(subject), "FULL");
    assert.strictEqual(await client.getDefaultCompatibility(), "BACKWARD");

    const serializer = new AvroSerializer(client, SerdeType.VALUE, { useLatestVersion: true });
    const deserializer = new AvroDeserializer(
        new SchemaRegistryClient({ baseURLs: [process.env.REGISTRY_URL] }), SerdeType.VALUE, {});
    const bytes = await serializer.serialize("spoons", { length: 17.5, metal: "silver" });
    assert.strictEqual(bytes[0], 0);
    const back = await deserializer.deserialize("spoons", bytes);
    assert.strictEqual(back.length, 17.5);
    assert.strictEqual(back.metal, "silver");

    const registering = new AvroSerializer(client, SerdeType.VALUE, { autoRegisterSchemas: true });
    const made = await registering.serialize("forks", { length: 1.5, tines: 4 });
    assert.deepStrictEqual({ ...(await deserializer.deserialize("forks", made)) }, { length: 1.5, tines: 4 });

    assert.strictEqual(await client.deleteSubjectVersion(subject, 2), 2);
    assert.deepStrictEqual(await client.deleteSubject(subject), [1]);
    await client.deleteSubject(subject, true);
    await assert.rejects(client.getAllVersions(subject), /404|not found/i);
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
