/** server_card.ts -- who is connected, and what the server has counted: refusals, timeouts, slow clients. */
import { fill, h } from '../dom.ts';
import { fetchJson, Failure } from '../http.ts';
import { count } from '../number.ts';
import type { Pipeline } from '../pipeline.ts';

const REFRESH_MS = 5000;

export interface ServerCard {
    element: HTMLElement;
    update(): void;
    close(): void;
}

export function serverCard(): ServerCard {
    const facts = h('dl', { class: 'facts counts' });
    const element = h('section', { class: 'card width-4', 'aria-labelledby': 'server-title' },
        h('header', { class: 'card-head' }, h('h2', { id: 'server-title' }, 'Server')), facts);
    let loaded_ms = 0;
    let closed = false;

    async function load(): Promise<void> {
        loaded_ms = Date.now();
        try {
            const { server } = await fetchJson<Pipeline>('/api/pipeline');
            if (closed) return;
            const now = [{ help: 'streams of the page that are open', count: server.feed_clients }, { help: 'push queries that are being answered', count: server.push_queries }];
            fill(facts, ...[...now, ...server.counters].flatMap((one) => [h('dt', {}, one.help), h('dd', {}, count(one.count))]));
        } catch (error) {
            if (!(error instanceof Failure)) throw error;
            fill(facts, h('dt', {}, error.message));
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
