/** playwright.config.ts -- Debian's Chromium, one program at a time. */
import { defineConfig } from '@playwright/test';

export default defineConfig({
    testDir: '.',
    workers: 1,
    fullyParallel: false,
    timeout: 30_000,
    expect: { timeout: 10_000 },
    reporter: [['list']],
    outputDir: process.env['WEB_RESULTS'] ?? '/tmp/drivethru-web-results',
    use: {
        browserName: 'chromium',
        launchOptions: { executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox'] },
        viewport: { width: 1400, height: 900 },
        trace: 'off',
    },
});
