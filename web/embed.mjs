// embed.mjs -- built files to a C table of struct net_file: node embed.mjs DIST OUTPUT.c DEPFILE
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const [dist, output, depfile] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const types = {
    '.css': 'text/css; charset=utf-8',
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.svg': 'image/svg+xml',
};

function array(name, bytes) {
    const lines = [];
    for (let i = 0; i < bytes.length; i += 24) lines.push(`    ${[...bytes.subarray(i, i + 24)].join(',')},`);
    return `static const unsigned char ${name}[] = {\n${lines.join('\n')}\n};\n`;
}

const files = readdirSync(dist).sort().map((name, index) => {
    const body = readFileSync(join(dist, name));
    const packed = gzipSync(body, { level: 9 });
    return { name, index, body, gzip: packed.length < body.length ? packed : null };
});

const bodies = files.map(({ index, body, gzip }) => array(`body_${index}`, body) + (gzip ? array(`gzip_${index}`, gzip) : ''));
const bytes = (name, data) => `{(const char *)${name}, ${data.length}}`;
const rows = files.map(({ name, index, body, gzip }) => `    {.path = "${name === 'index.html' ? '/' : `/${name}`}",
     .content_type = "${types[extname(name)]}",
     .etag = "\\"${createHash('sha256').update(body).digest('hex').slice(0, 20)}\\"",
     .body = ${bytes(`body_${index}`, body)},
     .gzip = ${gzip ? bytes(`gzip_${index}`, gzip) : '{"", 0}'}},`);

writeFileSync(output, `/* page_files.c -- the page, made by web/embed.mjs. */
#include "api/api.h"

${bodies.join('\n')}
const struct net_file page_files[] = {
${rows.join('\n')}
};
const uint32_t page_file_count = ${files.length};
`);

function sources(directory) {
    return readdirSync(directory).flatMap((name) => {
        const path = join(directory, name);
        return statSync(path).isDirectory() ? sources(path) : [path];
    });
}
const inputs = [...sources(join(here, 'src')), ...['package-lock.json', 'tsconfig.json', 'build.mjs', 'embed.mjs', 'build'].map((name) => join(here, name))];
writeFileSync(depfile, `${output}: ${inputs.map((path) => relative(process.cwd(), path)).join(' ')}\n`);
