/** message.ts -- one record of a topic: coordinates, key, headers, value. */
import { h } from '../dom.ts';
import { dateTime } from '../number.ts';
import type { Cell } from '../protocol.ts';

export interface Message {
    partition: number;
    offset: number;
    timestamp_ms: number;
    key: Cell;
    value: Cell;
    headers: [string, string | null][];
    key_schema_id: number | null;
    value_schema_id: number | null;
    bytes: number;
}

export function messageView(message: Message, topic?: string): HTMLElement {
    return h('article', { class: 'message' },
        h('p', { class: 'message-place' },
            topic ? h('span', {}, topic) : null,
            h('span', {}, `partition ${message.partition}`), h('span', {}, `offset ${message.offset}`),
            h('span', {}, dateTime(message.timestamp_ms)),
            message.value_schema_id === null ? null : h('span', {}, `schema ${message.value_schema_id}`),
            h('span', {}, `${message.bytes} bytes`)),
        message.key === null ? null : h('p', { class: 'message-key' }, h('span', { class: 'muted' }, 'key '), shortText(message.key)),
        message.headers.length ? h('p', { class: 'message-key' }, h('span', { class: 'muted' }, 'headers '), message.headers.map(([name, value]) => `${name}=${value ?? 'null'}`).join(', ')) : null,
        h('pre', { class: 'code', tabindex: 0 }, message.value === null ? 'null (a tombstone)' : JSON.stringify(message.value, null, 2)));
}

function shortText(cell: Cell): string {
    return typeof cell === 'string' ? cell : JSON.stringify(cell);
}
