// build.mjs -- src/ to the few files the program serves: node build.mjs [OUTPUT] [--watch]
import { context, build } from 'esbuild';
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const watch = process.argv.includes('--watch');
const output = process.argv.slice(2).find((word) => !word.startsWith('--')) ?? join(here, 'dist');

const options = {
    absWorkingDir: here,
    entryPoints: { page: 'src/main.ts', worker: 'src/worker.ts', style: 'src/style/style.css' },
    outdir: output,
    bundle: true,
    minify: !watch,
    format: 'iife',
    target: ['es2022', 'chrome110', 'firefox115', 'safari16'],
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
};

mkdirSync(output, { recursive: true });
for (const name of ['index.html', 'icon.svg']) copyFileSync(join(here, 'src', name), join(output, name));
if (watch) await (await context(options)).watch();
else await build(options);
