/** dead_letters.ts -- records nobody could use, why, and a way to send them once more. */
import { h, setText } from '../dom.ts';
import { fetchJson, Failure, post } from '../http.ts';
import { count as wholeNumber, dateTime } from '../number.ts';
import type { Cell } from '../protocol.ts';

const REFRESH_MS = 5000;

interface Letter {
    topic: string;
    partition: number;
    offset: number;
    timestamp_ms: number;
    reason: string;
    from: string;
    by: string;
    value: Cell;
}

function placeOf(letter: Letter): string {
    return `${letter.topic}/${letter.partition}/${letter.offset}`;
}

function textOf(value: Cell): string {
    return typeof value === 'string' ? value : JSON.stringify(value);
}

function shorten(text: string): string {
    return text.length > 44 ? `${text.slice(0, 43)}…` : text;
}

export interface DeadLetters {
    element: HTMLElement;
    update(): void;
    close(): void;
}

export function deadLetters(): DeadLetters {
    const body = h('tbody');
    const note = h('p', { class: 'muted small', role: 'status' });
    const table = h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Dead letters, rows', hidden: true }, h('table', { class: 'rows' },
        h('thead', {}, h('tr', {}, ...['When', 'Reason', 'From', 'Refused by', 'Record', ''].map((name) => h('th', { scope: 'col' }, name || h('span', { class: 'hidden' }, 'Action'))))), body));
    const element = h('section', { class: 'card width-4', 'aria-labelledby': 'letters-title' }, h('header', { class: 'card-head' }, h('h2', { id: 'letters-title' }, 'Dead letters')), note, table);
    const sent = new Set<string>();
    let loaded_ms = 0;
    let closed = false;

    async function load(): Promise<void> {
        loaded_ms = Date.now();
        try {
            const { letters, count } = await fetchJson<{ letters: Letter[]; count: number }>('/api/dead-letters?limit=50');
            if (closed || body.contains(document.activeElement)) return;
            table.hidden = letters.length === 0;
            setText(note, letters.length ? `${wholeNumber(count)} in all; the newest ${letters.length}.` : 'None: every record could be read, joined and written.');
            body.replaceChildren(...letters.map(row));
        } catch (error) {
            setText(note, error instanceof Failure ? error.message : String(error));
        }
    }

    function row(letter: Letter): HTMLTableRowElement {
        const was_sent = sent.has(placeOf(letter));
        const button = h('button', { disabled: was_sent, type: 'button', class: 'quiet', 'aria-label': `Replay offset ${letter.offset} of ${letter.topic}`, onclick: () => void replay(letter, button) }, was_sent ? 'Sent' : 'Replay');
        return h('tr', {}, h('td', {}, dateTime(letter.timestamp_ms)), h('td', { class: 'wrap' }, letter.reason), h('td', {}, letter.from), h('td', {}, letter.by),
            h('td', { class: 'mono', title: textOf(letter.value).slice(0, 500) }, shorten(textOf(letter.value))), h('td', {}, button));
    }

    async function replay(letter: Letter, button: HTMLButtonElement): Promise<void> {
        button.disabled = true;
        try {
            await post('/api/dead-letters/replay', { topic: letter.topic, partition: letter.partition, offset: letter.offset });
            sent.add(placeOf(letter));
            button.textContent = 'Sent';
        } catch (error) {
            button.disabled = false;
            setText(note, error instanceof Failure ? error.message : String(error));
        }
    }

    return {
        element,
        update() {
            if (Date.now() - loaded_ms >= REFRESH_MS) void load();
        },
        close: () => (closed = true),
    };
}
