/** live.spec.ts -- the page over a running pipeline: numbers, views, keys, widths. */
import { expect, test, type Page } from '@playwright/test';
import { difference } from '../../web/src/parts/schema_panel.ts';
import { expectAccessible } from './accessible.ts';
import { Program } from './program.ts';

const program = new Program();

test.beforeAll(async () => {
    test.setTimeout(90_000);
    await program.start('--history', '20m', '--rate', '20', '--malformed-share', '0.01');
    await expect.poll(async () => Object.values((await program.json<{ queries: Record<string, { lag: number }> }>('/api/snapshot')).queries).every((one) => one.lag < 100), { timeout: 60_000 }).toBe(true);
});
test.afterAll(() => program.stop());

async function open(page: Page, view = ''): Promise<string[]> {
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('request', (request) => !request.url().startsWith(program.url) && !request.url().startsWith('blob:') && problems.push(`asked ${request.url()}`));
    await page.goto(program.url + view);
    await expect(page.locator('html')).toHaveAttribute('data-state', 'live');
    return problems;
}

test('shows every tile, asks nobody else, says nothing on the console', async ({ page }) => {
    const problems = await open(page);
    const { dashboard } = await program.json<{ dashboard: { tiles: { title: string; view?: string }[] } }>('/api/snapshot');
    for (const tile of dashboard.tiles.filter((one) => !one.view)) await expect(page.getByRole('heading', { name: tile.title, exact: true })).toBeVisible();
    await expect(page.locator('.problem')).toHaveCount(0);
    await expect(page.locator('.kind-total .figure').first()).not.toHaveText('–');
    expect(problems).toEqual([]);
});

test('numbers move by themselves', async ({ page }) => {
    await open(page);
    const figure = page.locator('.kind-total .figure').first();
    const before = await figure.textContent();
    await expect(figure).not.toHaveText(before ?? '');
});

test('space pauses while a link has the focus, and presses a button that has it', async ({ page }) => {
    await open(page);
    const link = page.locator('a.brand');
    await link.focus();
    await page.keyboard.press(' ');
    await expect(page.locator('html')).toHaveAttribute('data-state', 'paused');
    await expect(link).toBeFocused();
    await page.getByRole('button', { name: /^Resume/ }).focus();
    await page.keyboard.press(' ');
    await expect(page.locator('html')).toHaveAttribute('data-state', 'live');
});

test('space pauses and resumes', async ({ page }) => {
    await open(page);
    const figure = page.locator('.kind-total .figure').first();
    await page.keyboard.press(' ');
    await expect(page.locator('html')).toHaveAttribute('data-state', 'paused');
    const before = await figure.textContent();
    await expect(page.getByRole('button', { name: /^Resume \([2-9] new\)/ })).toBeVisible();
    await expect(figure).toHaveText(before ?? '');
    await expectAccessible(page, 'paused');
    await page.keyboard.press(' ');
    await expect(page.locator('html')).toHaveAttribute('data-state', 'live');
    await expect(figure).not.toHaveText(before ?? '');
});

test('the range is in the address and charts have tables', async ({ page }) => {
    await open(page);
    await page.getByRole('button', { name: 'the last hour' }).click();
    expect(page.url()).toContain('range=1h');
    await page.reload();
    await expect(page.getByRole('button', { name: 'the last hour' })).toHaveAttribute('aria-pressed', 'true');
    await expect(page.locator('.plot').first()).toHaveAttribute('aria-label', /^Line chart, the last hour: now placed [\d,]+ orders/);
    await page.getByRole('button', { name: 'Orders over time as a table' }).click();
    await expect(page.getByRole('region', { name: 'Orders over time, table' }).locator('tbody tr')).toHaveCount(60);
});

for (const view of ['overview', 'pipeline', 'orders', 'sql']) {
    test(`${view} is accessible in both themes`, async ({ page }) => {
        await open(page, `#${view}`);
        await expect(page.locator('h1')).toBeVisible();
        await page.waitForTimeout(1500);
        await expectAccessible(page, view);
    });

    test(`${view} fits a phone`, async ({ page }) => {
        await page.setViewportSize({ width: 360, height: 740 });
        await open(page, `#${view}`);
        await page.waitForTimeout(1000);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    });
}

test('keys alone reach everything', async ({ page }) => {
    await open(page);
    await page.keyboard.press('?');
    await expect(page.getByRole('heading', { name: 'Keys' })).toBeVisible();
    await expectAccessible(page, 'help');
    await page.keyboard.press('Escape');
    await page.keyboard.press('2');
    await expect(page.getByRole('heading', { name: 'Pipeline', exact: true })).toBeVisible();
    await page.locator('.node-query').first().focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('dialog')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await page.keyboard.press('3');
    await expect(page.getByRole('heading', { name: 'Orders', exact: true })).toBeVisible();
    await page.keyboard.press('/');
    await expect(page.locator('input:focus')).toHaveCount(1);
    await page.keyboard.press('Escape');
    await page.locator('h1').click();
    for (const word of ['Light', 'Dark', 'Auto']) {
        await page.keyboard.press('t');
        await expect(page.getByRole('button', { name: /^Theme: / })).toHaveText(word);
        if (word !== 'Auto') await expect(page.locator('html')).toHaveAttribute('data-theme', word.toLowerCase());
    }
});

test('the first stop of the tab key leads past the navigation', async ({ page }) => {
    await open(page);
    await page.keyboard.press('Tab');
    await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
});

test('an order’s story: table, records, document', async ({ page }) => {
    await open(page, '#orders?rows=Paid');
    const id = (await page.locator('.rows tbody a').nth(20).textContent()) ?? '';
    await page.getByLabel('Search by id').fill(id);
    await page.keyboard.press('Enter');
    const drawer = page.getByRole('dialog');
    await expect(drawer.getByRole('heading', { name: id })).toBeVisible();
    await expect(drawer.locator('.message')).toHaveCount(2);
    await expect(drawer.locator('.message').first()).toContainText(`"order_id": "${id}"`);
    await expect(drawer.locator('.message').first()).toContainText(/partition \d+.*offset \d+.*schema \d+/);
    await expect(drawer.locator('section', { hasText: 'Document' }).last()).toContainText(`"ORDER_ID": "${id}"`);
    await expectAccessible(page, 'story');
    expect(page.url()).toContain(`id=${id}`);
});

test('an order nobody knows: says so', async ({ page }) => {
    await open(page, "#orders?id=O'--");
    await expect(page.getByRole('dialog')).toContainText("Nothing is known of 'O'--'");
    await expect(page.getByRole('dialog')).toContainText('older than what is kept');
});

test('the filter keeps rows that match', async ({ page }) => {
    await open(page, '#orders');
    await expect(page.locator('.rows tbody tr')).toHaveCount(50);
    await page.locator('[data-filter]').fill('drive_thru');
    await expect(page.locator('.rows tbody tr', { hasNotText: 'drive_thru' })).toHaveCount(0);
    await expect(page.locator('.rows tbody tr', { hasText: 'drive_thru' })).not.toHaveCount(0);
});

test('the picture: queries, topics, schemas, sink', async ({ page }) => {
    await open(page, '#pipeline');
    await page.getByRole('button', { name: /^query CTAS_ORDERS_PAID_\d+: / }).click();
    const drawer = page.getByRole('dialog');
    await expect(drawer).toContainText('CREATE TABLE orders_paid AS');
    await expect(drawer).toContainText('stage 1');
    await drawer.getByRole('link', { name: 'MCD_ORDERS_PAYMENTS_JOINED' }).click();
    await expect(drawer.locator('.message')).toHaveCount(50);
    await drawer.getByLabel('live tail').check();
    await expect(drawer.getByText(/^\d+ new/)).toBeVisible();
    await page.goto(`${program.url}#pipeline?schema=mcd_orders-value`);
    await expect(drawer).toContainText('BACKWARD');
    await expect(drawer.locator('.diff')).toContainText('"name": "order_items"');
    await expectAccessible(page, 'schema');
});

test('the server says what it has counted', async ({ page }) => {
    const refused = await fetch(new URL('/info', program.url), { headers: { Origin: 'http://elsewhere.example' } });
    expect(refused.status).toBe(403);
    await open(page, '#pipeline');
    const card = page.locator('.card', { has: page.getByRole('heading', { name: 'Server' }) });
    await expect(card).toContainText('requests whose head was read');
    const { server } = await program.json<{ server: { feed_clients: number; counters: { name: string; count: number }[] } }>('/api/pipeline');
    const count = (name: string): number => server.counters.find((one) => one.name === name)!.count;
    expect(count('http_refused')).toBeGreaterThan(0);
    expect(count('http_requests')).toBeGreaterThan(count('http_refused'));
    expect(server.feed_clients).toBeGreaterThan(0);
});

test('a topic’s messages from an offset', async ({ page }) => {
    await open(page, '#pipeline?topic=mcd_orders');
    const drawer = page.getByRole('dialog');
    await drawer.getByLabel('From').selectOption('offset');
    await drawer.getByLabel('Partition').fill('1');
    await drawer.getByLabel('Offset').fill('7');
    await drawer.getByRole('button', { name: 'Show' }).click();
    await expect(drawer.locator('.message').first()).toContainText('partition 1');
    await expect(drawer.locator('.message').first()).toContainText('offset 7');
});

test('the sink pauses, resumes, restarts', async ({ page }) => {
    await open(page, '#pipeline?sink=mcd-documents');
    const drawer = page.getByRole('dialog');
    await drawer.getByRole('button', { name: 'Pause' }).click();
    await expect(drawer.locator('dd').first()).toHaveText('paused');
    await drawer.getByRole('button', { name: 'Resume' }).click();
    await expect(drawer.locator('dd').first()).toHaveText('running');
    await drawer.getByRole('button', { name: 'Restart' }).click();
    await expect(drawer.getByRole('status')).toHaveText('restart: done');
    await expect(drawer.locator('dd').first()).toHaveText('running');
});

test('dead letters have reasons and go back', async ({ page }) => {
    await open(page, '#pipeline');
    const row = page.getByRole('region', { name: 'Dead letters, rows' }).locator('tbody tr').first();
    await expect(row).toContainText(/magic byte|Avro|schema id/);
    const name = (await row.getByRole('button').getAttribute('aria-label'))!;
    const button = page.getByRole('button', { name, exact: true });
    await button.click();
    await expect(button).toHaveText('Sent');
});

test('the SQL box: rows, a push query, an error at its place', async ({ page }) => {
    await open(page, '#sql');
    const box = page.getByLabel('SQL', { exact: true });
    await box.fill('SELECT item_name, quantity FROM revenue_by_item;');
    await page.keyboard.press('Control+Enter');
    await expect(page.getByRole('status').filter({ hasText: /^\d+ rows in/ })).toBeVisible();
    await expect(page.getByRole('region', { name: 'Rows' })).toContainText('Big Mac');
    await box.fill('SELECT order_id FROM mcd_orders_stream EMIT CHANGES;');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await expect(page.getByRole('region', { name: 'Rows' }).locator('tbody tr').nth(5)).toBeVisible();
    await page.getByRole('button', { name: 'Stop' }).click();
    await expect(page.getByText(/^Stopped after \d+ rows/)).toBeVisible();
    await box.fill('SELECT item_name,\n  quantiti FROM revenue_by_item;');
    await page.keyboard.press('Control+Enter');
    await expect(page.getByRole('alert')).toContainText('Line 2, column 3');
    await expect(page.getByRole('alert')).toContainText("did you mean 'QUANTITY'");
    expect(await box.evaluate((one: HTMLTextAreaElement) => one.value.slice(one.selectionStart, one.selectionEnd))).toBe('quantiti');
    await expectAccessible(page, 'SQL error');
});

test('eight tabs are live and the SQL box still answers', async ({ context }) => {
    test.setTimeout(90_000);
    const pages = [];
    for (let i = 0; i < 8; i++) pages.push(await context.newPage());
    await Promise.all(pages.map((page) => page.goto(program.url)));
    for (const page of pages) {
        await page.bringToFront();
        await expect(page.locator('html')).toHaveAttribute('data-state', 'live');
    }
    const last = pages[7]!;
    await last.goto(`${program.url}#sql`);
    await last.getByRole('button', { name: 'Run', exact: true }).click();
    await expect(last.getByRole('status').filter({ hasText: /^\d+ rows in/ })).toBeVisible();
});

test('reduced motion is respected', async ({ page }) => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await open(page);
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
});

test('the difference of two schemas is the lines that differ', () => {
    const shown = difference(['{', 'a', 'b', '}'], ['{', 'b', 'c', 'd', '}']).map(({ sign, line }) => sign + line);
    expect(shown).toEqual([' {', '-a', ' b', '+c', '+d', ' }']);
});
