/** topic_panel.ts -- a topic's messages: the newest, from an offset or a time, or a live tail. */
import { h, setText } from '../dom.ts';
import { fetchJson, Failure } from '../http.ts';
import { bytes, count, rate } from '../number.ts';
import type { Pipeline } from '../pipeline.ts';
import { link } from '../router.ts';
import { store } from '../store.ts';
import { openDrawer, type Drawer } from './drawer.ts';
import { messageView, type Message } from './message.ts';

const TAIL_MS = 1000;
const TAIL_ROWS = 50;
const KEPT = 200;

interface Messages {
    messages: Message[];
    /** Where to go on, by partition. */
    next: number[];
    /** Newer than asked for and left out. */
    skipped: number;
}

export function openTopic(name: string, pipeline: Pipeline): Drawer {
    const drawer = openDrawer(name, 'Topic');
    const topic = pipeline.topics.find((one) => one.name === name);
    const list = h('div', { class: 'messages' });
    const note = h('p', { class: 'muted small', role: 'status' });
    const from = h('select', { class: 'field', 'aria-label': 'From' }, h('option', { value: 'newest' }, 'the newest'), h('option', { value: 'offset' }, 'an offset'), h('option', { value: 'time' }, 'a time'));
    const partition = h('input', { class: 'field narrow', type: 'number', min: 0, value: 0, 'aria-label': 'Partition' });
    const offset = h('input', { class: 'field narrow', type: 'number', min: 0, value: 0, 'aria-label': 'Offset' });
    const time = h('input', { class: 'field', type: 'datetime-local', step: 1, 'aria-label': 'Time' });
    const tail = h('input', { type: 'checkbox', id: 'tail' });
    const form = h('form', { class: 'toolbar', onsubmit: (event: SubmitEvent) => { event.preventDefault(); void load(); } },
        h('label', { class: 'check' }, 'From ', from), partition, offset, time, h('button', { class: 'primary' }, 'Show'),
        h('label', { class: 'check', for: 'tail' }, tail, ' live tail'));
    const path = `/api/topics/${encodeURIComponent(name)}/messages`;
    let next: number[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;

    drawer.body.append(
        h('dl', { class: 'facts' },
            h('dt', {}, 'Partitions'), h('dd', {}, topic?.partitions ?? '–'),
            h('dt', {}, 'Records'), h('dd', {}, `${count(store.topics[name] ?? 0)}, ${rate(store.rates.rate(`topic ${name}`))} a second`),
            h('dt', {}, 'Size'), h('dd', {}, topic ? bytes(topic.bytes) : '–'),
            h('dt', {}, 'Known as'), h('dd', {}, topic?.sources.join(', ') || 'nothing in SQL'),
            h('dt', {}, 'Schema'), h('dd', {}, topic?.subject ? h('a', { href: link('pipeline', { schema: topic.subject }) }, topic.subject) : 'none')),
        h('h3', {}, 'Messages'), form, note, list);
    drawer.on_close = () => clearTimeout(timer);
    from.addEventListener('change', showFields);
    tail.addEventListener('change', () => { clearTimeout(timer); if (tail.checked) void follow(); });
    showFields();
    void load();
    return drawer;

    function showFields(): void {
        partition.hidden = offset.hidden = from.value !== 'offset';
        time.hidden = from.value !== 'time';
    }

    function where(): string {
        if (from.value === 'offset') return `partition=${Number(partition.value)}&offset=${Number(offset.value)}`;
        if (from.value === 'time') return `time=${new Date(time.value || 0).getTime()}`;
        return 'newest=true';
    }

    async function ask(query: string): Promise<Messages | null> {
        try {
            return await fetchJson<Messages>(`${path}?${query}&limit=${TAIL_ROWS}`);
        } catch (error) {
            setText(note, error instanceof Failure ? error.message : String(error));
            return null;
        }
    }

    async function load(): Promise<void> {
        const answer = await ask(where());
        if (!answer) return;
        next = answer.next;
        list.replaceChildren(...answer.messages.map((message) => messageView(message)));
        setText(note, answer.messages.length ? `${answer.messages.length} messages` : 'No messages here.');
    }

    async function follow(): Promise<void> {
        const answer = await ask(next.length ? `after=${next.join()}` : 'newest=true');
        if (!tail.checked || !list.isConnected) return;
        if (answer) {
            next = answer.next;
            list.prepend(...answer.messages.map((message) => messageView(message)));
            while (list.childElementCount > KEPT) list.lastElementChild?.remove();
            setText(note, `${answer.messages.length} new${answer.skipped ? `, ${count(answer.skipped)} skipped` : ''}`);
        }
        timer = setTimeout(() => void follow(), TAIL_MS);
    }
}
