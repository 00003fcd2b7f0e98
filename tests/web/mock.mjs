// mock.mjs -- a server with made-up data, for working on the page: node mock.mjs [PORT] [DIST]
// It knows enough of the API to show every view; what it says is invented.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const port = Number(process.argv[2] ?? 8099);
const dist = process.argv[3] ?? join(here, '../../web/dist');
const dashboard = JSON.parse(readFileSync(join(here, '../../pipeline/dashboard.json'), 'utf8'));
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

const start = Date.now();
let number = 1;
const column = (name, type) => ({ name, type });
const sqls = [...new Set(dashboard.tiles.flatMap((tile) => (typeof tile.sql === 'string' ? [tile.sql] : Object.values(tile.sql ?? {}))))];
const wave = (at, scale) => Math.max(0, scale * (1 + 0.4 * Math.sin(at / 97e3) + 0.25 * Math.sin(at / 13e3)) + Math.random() * scale * 0.2);
const methods = ['Card', 'Cash', 'Mobile Wallet', 'Gift Card'];
const items = ['Big Mac', 'Large Fries', 'Chicken McNuggets', 'McFlurry', 'Coca-Cola', 'Cheeseburger', 'Filet-O-Fish', 'Apple Pie', 'Hash Brown', 'Iced Coffee', 'Egg McMuffin', 'Milkshake'];

function rowsOf(sql) {
    const money = /revenue FROM orders/.test(sql);
    const paid = /paid_per/.test(sql) ? 0.86 : 1;
    if (/per_second/.test(sql)) return Array.from({ length: 900 }, (_, i) => [Math.floor(start / 1000 - 899 + i), Math.floor(start / 1000 - 899 + i) * 1000, Math.round(wave(start - (899 - i) * 1000, 40) * paid * (money ? 21.7 : 1))]);
    if (/per_minute/.test(sql)) return Array.from({ length: 1500 }, (_, i) => [i + 1, Math.floor(start / 60000 - 1499 + i) * 60000, Math.round(wave(start - (1499 - i) * 60000, /unpaid/.test(sql) ? 40 : 2400) * paid * (money ? 21.7 : 1))]);
    if (/histogram/.test(sql)) return Array.from({ length: 40 }, (_, i) => [i + 1, i, Math.round(9000 * Math.exp(-((i - 17) ** 2) / 22)), 500 * 172800 ** (i / 40), 500 * 172800 ** ((i + 1) / 40)]);
    if (/by_payment_method/.test(sql)) return methods.map((name, i) => [i + 1, name, [912034, 401233, 610332, 40233][i], [41020, 20133, 28911, 1800][i]]);
    if (/by_channel/.test(sql)) return ['in_store', 'drive_thru', 'app', 'delivery'].map((name, i) => [i + 1, name, [33000, 41000, 19000, 9000][i], [700000, 890000, 450000, 260000][i]]);
    if (/by_item/.test(sql)) return items.map((name, i) => [i + 1, name, 300000 / (i + 1.5), Math.round(61000 / (i + 1.4))]);
    if (/order_channels/.test(sql)) return Array.from({ length: 50 }, (_, i) => [i + 1, `ORD-${i}`, new Date(start - (50 - i) * 400).toISOString().slice(0, -1), 'drive_thru', 'store-17', 20 + i / 7]);
    return Array.from({ length: 50 }, (_, i) => [i + 1, `ORD-${i}`, new Date(start - (50 - i) * 400).toISOString().slice(0, -1), ...(/customer_id/.test(sql) ? ['CUST-1'] : []), methods[i % 4], 20 + i / 7]);
}

function columnsOf(sql) {
    const names = /SELECT (.*) FROM/.exec(sql)[1].split(/, (?![^(]*\))/).map((one) => (/ AS (\w+)$/.exec(one)?.[1] ?? one).toUpperCase());
    return names.map((name) => column(name, /_TIME$/.test(name) ? 'TIMESTAMP' : 'DOUBLE'));
}

const views = sqls.map((sql) => ({ sql, columns: columnsOf(sql), error: null, left_out: 0, rows: process.env.EMPTY ? [] : rowsOf(sql) }));
const chain = [['mcd_orders', 'CSAS_JOIN', 'MCD_ORDERS_PAYMENTS_JOINED'], ['mcd_payments', 'CSAS_JOIN', null], ['MCD_ORDERS_PAYMENTS_JOINED', 'CTAS_PAID_5', 'ORDERS_PAID'], ['MCD_ORDERS_PAYMENTS_JOINED', 'CSAS_DELAYS_6', 'PAYMENT_DELAYS'], ['PAYMENT_DELAYS', 'CTAS_HISTOGRAM_7', 'HISTOGRAM'], ['mcd_orders', 'CTAS_PLACED_3', 'ORDERS_PLACED']];
const numbers = () => ({
    topics: Object.fromEntries(['mcd_orders', 'mcd_payments', 'MCD_ORDERS_PAYMENTS_JOINED', 'ORDERS_PAID', 'ORDERS_PLACED', 'PAYMENT_DELAYS', 'HISTOGRAM'].map((name, i) => [name, Math.floor(90000 + ((Date.now() - start) * (9 - i)) / 100)])),
    queries: Object.fromEntries(chain.map(([, id], i) => [id, { state: 'running', read: Math.floor((Date.now() - start) / (20 + i)), lag: i === 3 ? 812 : 0 }])),
    sinks: { 'mcd-documents': { state: 'running', read: Math.floor((Date.now() - start) / 11), lag: 0 } },
});
const pipeline = {
    topics: Object.keys(numbers().topics).map((name) => ({ name, partitions: 4, bytes: 12e6, sources: [name.toUpperCase()], subject: `${name}-value` })),
    queries: [...new Set(chain.map(([, id]) => id))].map((id) => ({ id, sql: 'CREATE STREAM x AS SELECT ...', reads: chain.filter((one) => one[1] === id).map(([from]) => from), writes: chain.find((one) => one[1] === id && one[2])[2], why: null, state_rows: 10, state_bytes: 1000 })),
    sinks: [{ name: 'mcd-documents', reads: ['MCD_ORDERS_PAYMENTS_JOINED'], collections: ['orders_payments'], documents: 80000, dead_letters: 2, why: null }],
    server: { feed_clients: 1, push_queries: 0, counters: [{ name: 'http_requests', help: 'requests whose head was read', count: 812 }] },
};
const head = () => ({ id: `${start}-${number}`, now_ms: Date.now() });
const snapshot = () => ({ ...head(), dashboard, dashboard_error: null, rows: views, ...numbers() });

const followers = new Set();
setInterval(() => {
    number++;
    const rows = {};
    views.forEach((view, index) => {
        if (process.env.EMPTY || !/per_second/.test(view.sql)) return;
        const at = Math.floor(Date.now() / 1000);
        const row = [at, at * 1000, Math.round(wave(Date.now(), 40) * (/revenue/.test(view.sql) ? 21.7 : 1))];
        view.rows.push(row);
        rows[index] = [row];
    });
    const text = `id: ${start}-${number}\nevent: update\ndata: ${JSON.stringify({ ...head(), rows, ...numbers() })}\n\n`;
    followers.forEach((follower) => follower.write(text));
}, 250);

createServer((request, response) => {
    const path = new URL(request.url, 'http://x').pathname;
    const json = (value) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (path === '/api/snapshot') return json(snapshot());
    if (path === '/api/pipeline') return json(pipeline);
    if (path === '/api/dead-letters') return json({ count: 1, letters: [{ topic: 'drivethru-dlq', partition: 0, offset: 3, timestamp_ms: Date.now(), reason: 'not Avro: byte 0 is 7, not 0', from: 'mcd_orders/2/881', by: 'CSAS_JOIN', value: '07aa' }] });
    if (path === '/api/feed') {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(`event: snapshot\ndata: ${JSON.stringify(snapshot())}\n\n`);
        followers.add(response);
        return response.on('close', () => followers.delete(response));
    }
    try {
        const file = path === '/' ? '/index.html' : path;
        response.writeHead(200, { 'content-type': types[extname(file)], 'content-security-policy': policy }).end(readFileSync(join(dist, file)));
    } catch {
        response.writeHead(404).end('{"message":"nothing here"}');
    }
}).listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/`));
