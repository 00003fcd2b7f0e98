/** states.spec.ts -- what the page says when things are not well: it never calls the old live. */
import { expect, type Locator, test } from '@playwright/test';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expectAccessible } from './accessible.ts';
import { Program } from './program.ts';

let program: Program;

test.beforeEach(() => void (program = new Program()));
test.afterEach(() => program.stop());

test('empty: says what to do', async ({ page }) => {
    await program.start('--no-generate');
    await page.goto(program.url);
    await expect(page.locator('html')).toHaveAttribute('data-state', 'live');
    await expect(page.locator('.empty')).toContainText('drivethru generate');
    await expectAccessible(page, 'empty');
});

test('connecting, and an error with its cause', async ({ page }) => {
    await program.start('--no-generate');
    await page.route('**/api/snapshot', () => {});
    await page.addInitScript(() => Object.defineProperty(window, 'SharedWorker', { value: undefined }));
    await page.addInitScript(() => Object.defineProperty(window, 'EventSource', { value: class extends EventTarget { close(): void {} } }));
    await page.goto(program.url);
    await expect(page.locator('html')).toHaveAttribute('data-state', 'connecting');
    await expectAccessible(page, 'connecting');
    await page.unroute('**/api/snapshot');
    await page.route('**/api/snapshot', (route) => route.fulfill({ status: 503, body: '{"message":"the log is full"}' }));
    await page.reload();
    await expect(page.locator('html')).toHaveAttribute('data-state', 'error');
    await expect(page.locator('.banner')).toContainText('the log is full');
    await expectAccessible(page, 'error');
});

test('refused: says why, counts down, then shows what comes', async ({ page }) => {
    await program.start('--rate', '20');
    let refuses = true;
    const between = createServer((asked, answer) => {
        if (refuses && asked.url?.startsWith('/api/')) {
            answer.writeHead(503, { 'Content-Type': 'application/json' }).end('{"message":"too many feeds are open"}');
            return;
        }
        const { host } = new URL(program.url);
        const passed = request(new URL(asked.url ?? '/', program.url), { method: asked.method, headers: { ...asked.headers, host } }, (got) => {
            answer.writeHead(got.statusCode ?? 502, got.headers);
            got.pipe(answer);
        });
        passed.on('error', () => answer.destroy());
        answer.on('close', () => passed.destroy());
        asked.pipe(passed);
    });
    await new Promise<void>((done) => between.listen(0, '127.0.0.1', done));
    await page.goto(`http://127.0.0.1:${(between.address() as AddressInfo).port}/`);
    await expect(page.locator('html')).toHaveAttribute('data-state', 'error');
    await expect(page.locator('.banner')).toContainText(/too many feeds are open\. Next try in \d+ s/);
    refuses = false;
    await page.getByRole('button', { name: 'Try now' }).click();
    await expect(page.locator('html')).toHaveAttribute('data-state', 'live', { timeout: 20_000 });
    await page.goto('about:blank');
    between.closeAllConnections();
    between.close();
});

test('stopped: stale after three seconds, live when it goes on', async ({ page }) => {
    await program.start('--rate', '20');
    await page.goto(program.url);
    await expect(page.locator('html')).toHaveAttribute('data-state', 'live');
    program.signal('SIGSTOP');
    await expect(page.locator('html')).toHaveAttribute('data-state', 'stale');
    await expect(page.locator('.banner')).toContainText('nothing was heard for');
    await expectAccessible(page, 'stale');
    program.signal('SIGCONT');
    await expect(page.locator('html')).toHaveAttribute('data-state', 'live');
    await expect(page.locator('.banner')).toBeHidden();
});

test('killed: counts down, comes back by itself with what is new', async ({ page }) => {
    test.setTimeout(60_000);
    await program.start('--rate', '20');
    await page.goto(program.url);
    await expect(page.locator('html')).toHaveAttribute('data-state', 'live');
    await program.kill();
    await expect(page.locator('html')).toHaveAttribute('data-state', 'reconnecting');
    await expect(page.locator('.banner')).toContainText(/Next try in \d+ s/);
    await expectAccessible(page, 'reconnecting');
    await program.start('--rate', '20');
    await expect(page.locator('html')).toHaveAttribute('data-state', 'live', { timeout: 20_000 });
    const figure = page.locator('.kind-total .figure').first();
    const before = await figure.textContent();
    await expect(figure).not.toHaveText(before ?? '');
});

test('dashboard.json: a saved change shows, a mistake is named and changes nothing', async ({ page }) => {
    await program.start('--rate', '20');
    await page.goto(program.url);
    await expect(page.locator('html')).toHaveAttribute('data-state', 'live');
    const path = join(program.pipeline, 'dashboard.json');
    const dashboard = JSON.parse(readFileSync(path, 'utf8')) as { tiles: unknown[] };
    dashboard.tiles.unshift(
        { title: 'A tile of mine', kind: 'bars', sql: 'SELECT channel, orders FROM orders_by_channel;' },
        { title: 'Without a table', kind: 'bars', sql: 'SELECT a, b FROM no_such_table;' },
        { title: 'Of no kind', kind: 'barz', sql: 'SELECT channel, orders FROM orders_by_channel;' });
    writeFileSync(path, JSON.stringify(dashboard));
    await expect(page.locator('.card', { hasText: 'A tile of mine' })).toContainText('drive_thru');
    await expect(page.locator('.card', { hasText: 'Without a table' })).toContainText(/no_such_table/i);
    await expect(page.locator('.card', { hasText: 'Of no kind' })).toContainText("No kind of tile is called 'barz'");
    await expectAccessible(page, 'tiles with mistakes');
    writeFileSync(path, '{"tiles": [}');
    await expect(page.locator('.banner')).toContainText('line 1');
    await expect(page.locator('.card', { hasText: 'A tile of mine' })).toBeVisible();
});

test('numbers equal those of verify and of pull queries', async ({ page }) => {
    test.setTimeout(60_000);
    const start = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 3_600_000).toISOString();
    await program.start('--orders', '3000', '--history', '30m', '--rate', '20', '--no-live', '--start', start);
    const counted = async (): Promise<number> => Number((await program.pull('SELECT orders FROM orders_placed;'))[0]?.[0] ?? 0);
    await expect.poll(counted, { timeout: 30_000 }).toBeGreaterThanOrEqual(3000);
    const orders = await counted();
    await page.goto(program.url);
    const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
    const money = (value: number): string => new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD', maximumFractionDigits: value < 1000 ? 2 : 0 }).format(value);
    const share = new Intl.NumberFormat('en-US', { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
    const card = (title: string): Locator => page.locator('.card', { has: page.getByRole('heading', { name: title, exact: true }) });
    const midnight = new Date().setHours(0, 0, 0, 0);
    const today = async (table: string, column: string): Promise<number> =>
        ((await program.pull(`SELECT windowstart, ${column} FROM ${table};`)) as number[][]).filter(([at]) => (at ?? 0) >= midnight).reduce((sum, [, value]) => sum + (value ?? 0), 0);
    /* All there is has been read when the pipeline stands still; until then both sides move. */
    await expect.poll(async () => {
        const { queries, sinks } = await program.json<{ queries: Record<string, { lag: number }>; sinks: Record<string, { lag: number }> }>('/api/snapshot');
        return [...Object.values(queries), ...Object.values(sinks)].reduce((sum, one) => sum + one.lag, 0);
    }, { timeout: 30_000 }).toBe(0);
    const [placed, paid, revenue] = [await today('orders_placed_per_minute', 'orders'), await today('orders_paid_per_minute', 'orders'), await today('orders_paid_per_minute', 'revenue')];
    await expect(card('Orders placed').locator('.figure')).toHaveText(whole.format(placed));
    await expect(card('Orders paid').locator('.figure')).toHaveText(whole.format(paid));
    await expect(card('Paid share').locator('.figure')).toHaveText(placed ? share.format(paid / placed) : '–');
    await expect(card('Revenue').locator('.figure')).toHaveText(money(revenue));
    await expect(card('Average order value').locator('.figure')).toHaveText(paid ? money(revenue / paid) : '–');
    const bars = async (title: string, sql: string, column: string, text: (value: number) => string): Promise<void> => {
        await card(title).getByRole('button', { name: column, exact: true }).click();
        for (const [name, value] of (await program.pull(sql)) as [string, number][]) await expect(card(title).locator('.bar-row', { hasText: name })).toContainText(text(value));
    };
    await bars('By payment method', 'SELECT payment_method, orders FROM orders_by_payment_method;', 'Orders', whole.format);
    await bars('By channel', 'SELECT channel, revenue FROM orders_by_channel;', 'Revenue', money);
    await bars('Top items', 'SELECT item_name, quantity FROM revenue_by_item;', 'Quantity', whole.format);
    const delays = (await program.pull('SELECT delay_class, orders FROM payment_delay_histogram;')) as number[][];
    await expect(card('Delay from order to payment')).toContainText(`${whole.format(delays.reduce((sum, [, count]) => sum + (count ?? 0), 0))} in ${delays.length} classes`);
    await program.kill('SIGTERM');
    expect(program.run('verify')).toContain(String(orders));
});
