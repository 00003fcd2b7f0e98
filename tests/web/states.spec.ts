/** states.spec.ts -- what the page says when things are not well: it never calls the old live. */
import { expect, test } from '@playwright/test';
import { readFileSync, writeFileSync } from 'node:fs';
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
    const dialect = new Intl.NumberFormat('en-US');
    const midnight = new Date().setHours(0, 0, 0, 0);
    const minutes = (await program.pull('SELECT windowstart, orders FROM orders_placed_per_minute;')) as number[][];
    const today = minutes.filter(([at]) => (at ?? 0) >= midnight).reduce((sum, [, count]) => sum + (count ?? 0), 0);
    await expect(page.locator('.card', { has: page.getByRole('heading', { name: 'Orders placed' }) }).locator('.figure')).toHaveText(dialect.format(today));
    const methods = (await program.pull('SELECT payment_method, orders FROM orders_by_payment_method;')) as [string, number][];
    const card = page.locator('.card', { has: page.getByRole('heading', { name: 'By payment method' }) });
    await card.getByRole('button', { name: 'Orders', exact: true }).click();
    for (const [method, count] of methods) await expect(card.locator('.bar-row', { hasText: method })).toContainText(dialect.format(count));
    await program.kill('SIGTERM');
    expect(program.run('verify')).toContain(String(orders));
});
