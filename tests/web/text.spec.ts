/** text.spec.ts -- 200 hostile strings as names of items, customers and channels: shown as text, never run. */
import { expect, test } from '@playwright/test';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostile } from './hostile.ts';
import { Program } from './program.ts';

const pipeline = mkdtempSync(join(tmpdir(), 'drivethru-hostile-'));
mkdirSync(join(pipeline, 'schemas'));
writeFileSync(join(pipeline, '01-hostile.sql'), `SET 'auto.offset.reset'='earliest';
CREATE STREAM sales (item STRING, customer STRING, channel STRING) WITH (KAFKA_TOPIC='sales', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE by_item AS SELECT item, COUNT(*) AS sold FROM sales GROUP BY item EMIT CHANGES;`);
writeFileSync(join(pipeline, 'dashboard.json'), JSON.stringify({
    title: hostile[0],
    tiles: [
        { title: hostile[1], kind: 'bars', sql: 'SELECT item, sold FROM by_item;' },
        { title: 'Latest', kind: 'latest', rows: 250, sql: 'SELECT item, customer, channel FROM sales EMIT CHANGES;' },
    ],
}));

const program = new Program(pipeline);

test.beforeAll(async () => {
    await program.start('--no-generate');
    const quote = (text: string): string => `'${text.replace(/'/g, "''")}'`;
    const statements = hostile.map((text) => `INSERT INTO sales (item, customer, channel) VALUES (${quote(text)}, ${quote(text)}, ${quote(text)});`);
    for (let i = 0; i < statements.length; i += 25) await program.ksql(statements.slice(i, i + 25).join('\n'));
    await expect.poll(async () => (await program.pull('SELECT item, sold FROM by_item;')).length).toBe(hostile.length);
});
test.afterAll(async () => {
    await program.stop();
    rmSync(pipeline, { recursive: true });
});

test('all are shown as they are; none runs', async ({ page }) => {
    test.setTimeout(60_000);
    let run = 0;
    expect(new Set(hostile).size).toBe(200);
    page.on('dialog', (dialog) => (run++, dialog.dismiss()));
    await page.exposeFunction('hit', () => run++);
    page.on('request', (request) => !request.url().startsWith(program.url) && run++);
    await page.goto(program.url);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(hostile[0]!, { useInnerText: false });
    await expect(page.locator('.kind-latest tbody tr')).toHaveCount(200);
    const shown = (selector: string): Promise<string[]> => page.locator(selector).evaluateAll((cells) => cells.map((cell) => cell.textContent ?? ''));
    for (const column of [1, 2, 3]) expect((await shown(`.kind-latest tbody td:nth-child(${column})`)).sort()).toEqual([...hostile].sort());
    await page.locator('.kind-bars .quiet').click();
    expect((await shown('.kind-bars tbody td:first-child')).sort()).toEqual([...hostile].sort());
    await page.goto(`${program.url}#pipeline?topic=sales`);
    await expect(page.locator('.message')).toHaveCount(50);
    await page.goto(`${program.url}#sql?sql=${encodeURIComponent('SELECT * FROM by_item;')}`);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await expect(page.locator('.results tbody tr')).toHaveCount(200);
    expect((await shown('.results tbody td:first-child')).sort()).toEqual([...hostile].sort());
    expect(await page.locator('main :is(script, iframe, object, embed, img, style, link, form[action])').count()).toBe(0);
    expect(run).toBe(0);
});
