// measure.mjs -- what the page costs and how soon it shows: node measure.mjs [ORDERS_PER_SECOND]
//
// Starts a release on an empty directory and prints a line a goal. Not a test: it needs a quiet machine.
// Times on the wall grow with the load, which it prints; processor times say what the page costs itself.
import { chromium } from '@playwright/test';
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const program = process.env.RELEASE_PROGRAM ?? join(root, 'build/release/drivethru');
const rate = process.argv[2] ?? '5000';

async function start(orders_per_second) {
    const directory = mkdtempSync(join(tmpdir(), 'drivethru-measure-'));
    const pipeline = join(directory, 'pipeline');
    cpSync(join(root, 'pipeline'), pipeline, { recursive: true });
    const dashboard = JSON.parse(readFileSync(join(pipeline, 'dashboard.json'), 'utf8'));
    dashboard.tiles.push({ title: 'Probe', kind: 'latest', view: 'orders', sql: 'SELECT id FROM probed EMIT CHANGES;' });
    writeFileSync(join(pipeline, 'dashboard.json'), JSON.stringify(dashboard));
    writeFileSync(join(pipeline, '09-probe.sql'), `CREATE STREAM probe (id STRING) WITH (KAFKA_TOPIC='probe', VALUE_FORMAT='JSON', PARTITIONS=1);
        CREATE STREAM probed AS SELECT id FROM probe EMIT CHANGES;`);
    const child = spawn(program, ['up', '--data', join(directory, 'data'), '--pipeline', pipeline, '--listen', '127.0.0.1:0', '--quiet', '--rate', orders_per_second], { stdio: ['ignore', 'ignore', 'pipe'] });
    const url = await new Promise((resolve) => child.stderr.on('data', (bytes) => {
        const found = /http:\/\/[\d.:]+\//.exec(bytes.toString());
        if (found) resolve(found[0]);
    }));
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const stop = async () => {
        child.kill('SIGTERM');
        await new Promise((resolve) => child.once('exit', resolve));
        rmSync(directory, { recursive: true, force: true });
    };
    return { url, stop };
}

const say = (what, value, goal) => console.log(`${what.padEnd(52)} ${value.padStart(12)}   goal ${goal}`);
const percentile = (numbers, share) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length * share)];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });

let { url, stop } = await start(rate);

async function opening() {
    const page = await context.newPage();
    await page.addInitScript(() => {
        new MutationObserver((_, observer) => {
            const figure = document.querySelector('.kind-total .figure');
            if (!figure || figure.textContent === '–') return;
            window.firstData = performance.now();
            observer.disconnect();
        }).observe(document, { subtree: true, childList: true, characterData: true });
    });
    await page.goto(url);
    await page.waitForFunction(() => window.firstData !== undefined && performance.getEntriesByName('first-contentful-paint').length > 0);
    const found = await page.evaluate(() => [performance.getEntriesByName('first-contentful-paint')[0].startTime, window.firstData]);
    await page.close();
    return found;
}

const openings = [];
for (let i = 0; i < 5; i++) openings.push(await opening());
say('first paint, median of 5', `${Math.round(percentile(openings.map((one) => one[0]), 0.5))} ms`, '<= 300 ms');
say('first data, median of 5', `${Math.round(percentile(openings.map((one) => one[1]), 0.5))} ms`, '<= 500 ms');

const page = await context.newPage();
await page.addInitScript(() => {
    window.longest = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.longest = Math.max(window.longest, entry.duration)))).observe({ type: 'longtask', buffered: false });
});
await page.goto(url);
await page.waitForTimeout(3000);
const debug = await context.newCDPSession(page);
await debug.send('Performance.enable', { timeDomain: 'threadTicks' });
/** The longest task of the page's thread by the wall and by the processor, from a trace. */
async function traceTasks(seconds) {
    const tracing = await browser.newBrowserCDPSession();
    const events = [];
    tracing.on('Tracing.dataCollected', ({ value }) => events.push(...value));
    await tracing.send('Tracing.start', { traceConfig: { includedCategories: ['toplevel'] }, transferMode: 'ReportEvents' });
    await page.waitForTimeout(seconds * 1000);
    const complete = new Promise((resolve) => tracing.once('Tracing.tracingComplete', resolve));
    await tracing.send('Tracing.end');
    await complete;
    const threads = new Set(events.filter((one) => one.name === 'thread_name' && one.args.name === 'CrRendererMain').map((one) => `${one.pid} ${one.tid}`));
    const tasks = events.filter((one) => one.ph === 'X' && /RunTask$/.test(one.name) && threads.has(`${one.pid} ${one.tid}`));
    return Math.max(...tasks.map((one) => (one.tdur ?? 0) / 1000));
}

const busy = async () => Object.fromEntries((await debug.send('Performance.getMetrics')).metrics.map((one) => [one.name, one.value])).TaskDuration;
await page.evaluate(() => (window.longest = 0));
const records = async () => {
    const { topics } = await (await fetch(`${url}api/snapshot`)).json();
    return topics.mcd_orders + topics.mcd_payments;
};
const [before, began, count] = [await busy(), Date.now(), await records()];
await page.waitForTimeout(Number(process.env.MEASURE_SECONDS ?? 30) * 1000);
const seconds = (Date.now() - began) / 1000;
say('events a second meanwhile', `${Math.round(((await records()) - count) / seconds)}`, '10000');
say('renderer TaskDuration (CPU) over 30 s', `${(((await busy()) - before) / seconds * 100).toFixed(1)} %`, '<= 10 %');
say('longest task', `${Math.round(await page.evaluate(() => window.longest)) || '< 50'} ms`, '<= 50 ms');
say('longest task, processor time, over 10 s', `${Math.round(await traceTasks(10))} ms`, '<= 50 ms');

/* Through a query of its own, into a tile of its own. */
await stop();
({ url, stop } = await start('20'));
await page.goto(`${url}#orders`);
await page.waitForTimeout(1000);
const delays = [];
for (let i = 0; i < 40; i++) {
    const id = `probe-${i}.`;
    const seen = page.waitForFunction((one) => [...document.querySelectorAll('.kind-latest tbody')].some((body) => body.textContent.includes(one)), id, { polling: 'raf' });
    const at = Date.now();
    await fetch(`${url}ksql`, { method: 'POST', body: JSON.stringify({ ksql: `INSERT INTO probe (id) VALUES ('${id}');`, streamsProperties: {} }) });
    await seen;
    delays.push(Date.now() - at);
    await page.waitForTimeout(100 + Math.random() * 250);
}
say('event produced to seen, p95 of 40', `${percentile(delays, 0.95)} ms`, '<= 300 ms');

say('load average', loadavg().map((one) => one.toFixed(1)).join(' '), '< 2');

await browser.close();
await stop();
