/** accessible.ts -- axe-core over a page in both themes: no violation is a small one. */
import { expect, type Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResults {
    violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
}

export async function expectAccessible(page: Page, what: string): Promise<void> {
    for (const theme of ['light', 'dark']) {
        await page.evaluate((one) => (document.documentElement.dataset['theme'] = one), theme);
        /* Colours are on their way for a moment; what is taken away meanwhile has none. */
        await page.evaluate(() => Promise.allSettled(document.getAnimations().map((one) => one.effect?.getComputedTiming().iterations === Infinity || one.finished)));
        const results = await runAxe(page);
        const found = results.violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.html.slice(0, 200)} ${node.failureSummary}`).join(' | ')}`);
        expect(found, `${what}, ${theme}`).toEqual([]);
    }
}

/** Evaluated over the debugger's protocol: the page's own policy lets no foreign script in. */
async function runAxe(page: Page): Promise<AxeResults> {
    await page.evaluate(axe);
    return page.evaluate(() => (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run()) as Promise<AxeResults>;
}
