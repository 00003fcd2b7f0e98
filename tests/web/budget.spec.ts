/** budget.spec.ts -- what can be measured without a clock: bytes, headers, contrast. */
import { expect, test } from '@playwright/test';
import { Program } from './program.ts';

const program = new Program();

test.beforeAll(() => program.start('--no-generate'));
test.afterAll(() => program.stop());

test('scripts and styles are at most 60 KB on the wire', async ({ request }) => {
    const { gzipSync } = await import('node:zlib');
    let bytes = 0;
    for (const path of ['/page.js', '/worker.js', '/style.css']) {
        const response = await request.get(program.url + path.slice(1), { headers: { 'accept-encoding': 'gzip' } });
        expect(response.headers()['content-encoding']).toBe('gzip');
        bytes += gzipSync(await response.body(), { level: 9 }).length;
    }
    test.info().annotations.push({ type: 'bytes', description: String(bytes) });
    expect(bytes).toBeLessThanOrEqual(60 * 1024);
});

test('the page is served with its policy, and not sent twice', async ({ request }) => {
    const page = await request.get(program.url, { headers: { accept: 'text/html' } });
    const policy = page.headers()['content-security-policy'] ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(page.headers()['x-content-type-options']).toBe('nosniff');
    const again = await request.get(program.url, { headers: { accept: 'text/html', 'if-none-match': page.headers()['etag'] ?? '' } });
    expect(again.status()).toBe(304);
});

/** Relative luminance and contrast as WCAG 2 defines them. */
function luminance([red, green, blue]: number[]): number {
    const linear = [red, green, blue].map((one) => (one! / 255 <= 0.04045 ? one! / 255 / 12.92 : ((one! / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!;
}

function contrast(one: number[], other: number[]): number {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high! + 0.05) / (low! + 0.05);
}

for (const theme of ['light', 'dark']) {
    test(`colours in ${theme}: graphics 3 to 1, text 4.5 to 1`, async ({ page }) => {
        await page.goto(program.url);
        await page.evaluate((one) => (document.documentElement.dataset['theme'] = one), theme);
        const colour = (name: string): Promise<number[]> => page.evaluate((one) => {
            const probe = document.body.appendChild(document.createElement('i'));
            probe.style.color = `var(--${one})`;
            const rgb = getComputedStyle(probe).color;
            probe.remove();
            return rgb.match(/\d+/g)!.slice(0, 3).map(Number);
        }, name);
        const surface = await colour('surface');
        for (const name of ['series-1', 'series-2', 'series-3', 'series-4', 'edge', 'accent', 'good', 'warn', 'bad'])
            expect(contrast(await colour(name), surface), `${name} on surface`).toBeGreaterThanOrEqual(3);
        for (const [text, ground] of [['text', 'surface'], ['text', 'back'], ['muted', 'surface'], ['muted', 'back'], ['muted', 'sunken'], ['accent-text', 'accent'], ['text', 'bad-soft'], ['text', 'warn-soft'], ['text', 'accent-soft'], ['bad', 'bad-soft'], ['text', 'good-soft']])
            expect(contrast(await colour(text!), await colour(ground!)), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    });
}
