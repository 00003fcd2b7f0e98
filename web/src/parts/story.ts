/** story.ts -- what is known of one id: the table's row, the records it came from, its document. */
import { h } from '../dom.ts';
import { fetchJson, Failure } from '../http.ts';
import { dateTime, duration, format, instant } from '../number.ts';
import type { Cell, Search } from '../protocol.ts';
import { pull, type PullResult } from '../query.ts';
import { wordsOf } from '../tiles/tile.ts';
import { cellView } from './cell.ts';
import { openDrawer } from './drawer.ts';
import { messageView, type Message } from './message.ts';

interface Documents {
    documents: Record<string, Cell>[];
}

export function openStory(search: Search, id: string, on_close: () => void): void {
    const drawer = openDrawer(id, search.title);
    drawer.on_close = on_close;
    drawer.body.append(h('p', { class: 'muted' }, 'Looking it up…'));
    load(search, id).then(
        (parts) => drawer.body.replaceChildren(...parts),
        (error: unknown) => drawer.body.replaceChildren(h('div', { class: 'problem' }, h('strong', {}, 'Cannot look it up'), h('p', {}, error instanceof Failure ? error.message : String(error)))),
    );
}

async function load(search: Search, id: string): Promise<Element[]> {
    const quoted = `'${id.replace(/'/g, "''")}'`;
    const result = await pull(search.sql.replace('${id}', () => quoted));
    const row = result.rows[0];
    if (!row) {
        return [h('div', { class: 'problem' }, h('strong', {}, `Nothing is known of '${id}'`),
            h('p', {}, 'No such id, or it is older than what is kept: records leave their topic and rows leave their table after the retention time.'))];
    }
    const value = (name: string): Cell => row[result.columns.findIndex((column) => column.name === name)] ?? null;
    const records = await Promise.all((search.records ?? []).map((record) => recordPart(record.title, record.topic, value(record.partition), value(record.offset))));
    return [summary(search, result, row), ...timeline(result, row), ...records, await documentPart(search, id, value)];
}

function cellWords(cell: Cell, type: string, unit?: string): Node | string {
    if (cell === null) return 'not yet';
    if (type === 'TIMESTAMP') return dateTime(instant(cell));
    if (typeof cell === 'number') return unit ? format(cell, unit) : String(cell);
    return cellView(cell);
}

function summary(search: Search, result: PullResult, row: Cell[]): HTMLElement {
    return h('dl', { class: 'facts' }, ...result.columns.flatMap((column, i) => [
        h('dt', {}, wordsOf(column.name)), h('dd', {}, cellWords(row[i] ?? null, column.type, search.unit?.[column.name])),
    ]));
}

/** Its times in order, with what passed between them. */
function timeline(result: PullResult, row: Cell[]): HTMLElement[] {
    const times = result.columns
        .map((column, i) => ({ name: wordsOf(column.name.replace(/_TIME$/, '')), type: column.type, cell: row[i] ?? null }))
        .filter((one) => one.type === 'TIMESTAMP' && one.cell !== null)
        .map((one) => ({ name: one.name, at_ms: instant(one.cell) }))
        .sort((a, b) => a.at_ms - b.at_ms);
    if (times.length === 0) return [];
    return [h('h3', {}, 'When'), h('ol', { class: 'timeline' }, ...times.map((time, i) => {
        const before = times[i - 1];
        return h('li', {}, h('strong', {}, time.name), ` ${dateTime(time.at_ms)}`, before ? h('span', { class: 'muted' }, ` ${duration(time.at_ms - before.at_ms)} later`) : null);
    }))];
}

async function recordPart(title: string, topic: string, partition: Cell, offset: Cell): Promise<HTMLElement> {
    const part = h('section', {}, h('h3', {}, title));
    if (partition === null || offset === null) {
        part.append(h('p', { class: 'muted' }, `No record of ${topic} yet.`));
        return part;
    }
    const found = await fetchJson<{ messages: Message[] }>(`/api/topics/${encodeURIComponent(topic)}/messages?partition=${partition}&offset=${offset}&limit=1`).catch(() => null);
    const message = found?.messages.find((one) => String(one.offset) === String(offset));
    part.append(message ? messageView(message, topic) : h('p', { class: 'muted' }, `${topic}, partition ${partition}, offset ${offset}: the record has left the topic (older than kept).`));
    return part;
}

/** Documents are found by time, of which their record had one of the row's. */
async function documentPart(search: Search, id: string, value: (name: string) => Cell): Promise<HTMLElement> {
    const part = h('section', {}, h('h3', {}, 'Document'));
    const where = search.document;
    const times = (where?.times ?? []).map(value).filter((cell) => cell !== null).map(instant);
    const at_ms = Math.max(...times);
    if (!where || times.length < where.times.length) {
        part.append(h('p', { class: 'muted' }, 'None yet.'));
        return part;
    }
    const found = await fetchJson<Documents>(`/api/documents/${encodeURIComponent(where.collection)}?from=${at_ms}&to=${at_ms + 1}&limit=1000`).catch(() => null);
    const mine = (found?.documents ?? []).filter((one) => one[where.field] === id);
    part.append(...(mine.length ? mine.map((one) => h('pre', { class: 'code', tabindex: 0 }, JSON.stringify(one, null, 2))) : [h('p', { class: 'muted' }, `Not in collection ${where.collection}.`)]));
    return part;
}
