/** sink_panel.ts -- a sink: its state, pause, resume, restart. */
import { h, setText } from '../dom.ts';
import { Failure, post, fetchJson } from '../http.ts';
import { count, rate } from '../number.ts';
import type { Pipeline } from '../pipeline.ts';
import { link } from '../router.ts';
import { store } from '../store.ts';
import { openDrawer, type Drawer } from './drawer.ts';

const REFRESH_MS = 1000;

export function openSink(name: string, _pipeline: Pipeline): Drawer {
    const drawer = openDrawer(name, 'Sink');
    const facts = h('dl', { class: 'facts' });
    const note = h('p', { class: 'muted small', role: 'status' });
    const actions = ['pause', 'resume', 'restart'].map((action) =>
        h('button', { type: 'button', class: 'tool', onclick: () => void act(action) }, action.charAt(0).toUpperCase() + action.slice(1)));
    drawer.body.append(facts, h('div', { class: 'toolbar' }, ...actions), note);
    const timer = setInterval(() => void show(), REFRESH_MS);
    drawer.on_close = () => clearInterval(timer);
    void show();
    return drawer;

    async function act(action: string): Promise<void> {
        try {
            await post(`/api/sinks/${encodeURIComponent(name)}/${action}`, {});
            setText(note, `${action}: done`);
        } catch (error) {
            setText(note, error instanceof Failure ? error.message : String(error));
        }
        await show();
    }

    async function show(): Promise<void> {
        const pipeline = await fetchJson<Pipeline>('/api/pipeline').catch(() => null);
        const sink = pipeline?.sinks.find((one) => one.name === name);
        if (!sink) return setText(note, 'The sink is not known now.');
        const progress = store.progress.sinks[name];
        facts.replaceChildren(
            h('dt', {}, 'State'), h('dd', {}, `${progress?.state ?? 'unknown'}${sink.why ? `: ${sink.why}` : ''}`),
            h('dt', {}, 'Reads'), h('dd', {}, ...sink.reads.flatMap((topic, i) => [i ? ', ' : '', h('a', { href: link('pipeline', { topic }) }, topic)])),
            h('dt', {}, 'Collections'), h('dd', {}, ...sink.collections.flatMap((one, i) => [i ? ', ' : '', h('a', { href: `/api/documents/${encodeURIComponent(one)}` }, one)])),
            h('dt', {}, 'Documents'), h('dd', {}, `${count(sink.documents)}, ${rate(store.rates.rate(`sink ${name}`))} a second, ${count(progress?.lag ?? 0)} behind`),
            h('dt', {}, 'Dead letters'), h('dd', {}, count(sink.dead_letters)));
    }
}
