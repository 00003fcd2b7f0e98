/** pipeline.ts -- the pipeline itself: topics, queries and sinks as a picture, and dead letters. */
import { h } from '../dom.ts';
import { fetchJson, Failure } from '../http.ts';
import { closeDrawer } from '../parts/drawer.ts';
import { makeGraph, type Graph } from '../parts/graph.ts';
import { deadLetters } from '../parts/dead_letters.ts';
import { serverCard } from '../parts/server_card.ts';
import { openQuery } from '../parts/query_panel.ts';
import { openSchema } from '../parts/schema_panel.ts';
import { openSink } from '../parts/sink_panel.ts';
import { openTopic } from '../parts/topic_panel.ts';
import { edgesTable, type Pipeline } from '../pipeline.ts';
import { tableOf } from '../parts/table.ts';
import { go, place } from '../router.ts';
import { store } from '../store.ts';
import type { View } from './view.ts';

export function pipeline(): View {
    const picture = h('div', { class: 'graph-holder' }, h('p', { class: 'muted', role: 'status' }, 'Asking for it…'));
    const letters = deadLetters();
    const server = serverCard();
    const toggle = h('button', { type: 'button', class: 'quiet', 'aria-pressed': 'false', 'aria-label': 'Pipeline as a table', onclick: () => {
        as_table = !as_table;
        toggle.setAttribute('aria-pressed', String(as_table));
        draw();
    } }, 'Table');
    const element = h('div', {}, h('div', { class: 'view-head' }, h('h1', {}, 'Pipeline')),
        h('section', { class: 'card width-4', 'aria-labelledby': 'picture-title' },
            h('header', { class: 'card-head' }, h('h2', { id: 'picture-title' }, 'From topics to documents'), toggle), picture), letters.element, server.element);
    let known: Pipeline | null = null;
    let graph: Graph | null = null;
    let as_table = false;
    let asked_for = '';
    let opened = '';

    /** Asks again when the server names a query, a sink or a topic that the picture does not have. */
    function load(): void {
        const names = [...Object.keys(store.progress.queries), ...Object.keys(store.progress.sinks), ...Object.keys(store.topics)].sort().join();
        if (names === asked_for) return;
        asked_for = names;
        fetchJson<Pipeline>('/api/pipeline').then((pipeline) => {
            known = pipeline;
            draw();
            showPanel();
        }, (error: unknown) => {
            asked_for = '';
            picture.replaceChildren(h('div', { class: 'problem' }, h('strong', {}, 'Cannot draw it'), h('p', {}, error instanceof Failure ? error.message : String(error))));
        });
    }

    function draw(): void {
        if (!known) return;
        graph = as_table ? null : makeGraph(known, (kind, name) => go('pipeline', { [kind]: name }));
        picture.replaceChildren(graph ? graph.element : tableOf(edgesTable(known), 'Pipeline'));
        graph?.update();
    }

    function showPanel(): void {
        const { choices } = place();
        const kind = ['topic', 'query', 'schema', 'sink'].find((one) => choices.get(one));
        const wanted = kind ? `${kind} ${choices.get(kind)}` : '';
        if (!known || wanted === opened) return;
        opened = wanted;
        if (!kind) return closeDrawer();
        const name = choices.get(kind) ?? '';
        const drawer = { topic: openTopic, query: openQuery, schema: openSchema, sink: openSink }[kind as 'topic'](name, known);
        const on_close = drawer.on_close;
        drawer.on_close = () => {
            on_close();
            if (opened !== wanted) return;
            opened = '';
            if (place().view === 'pipeline') go('pipeline', {}, true);
        };
    }

    return {
        element,
        update() {
            if (!store.id) return;
            load();
            graph?.update();
            letters.update();
            server.update();
            showPanel();
        },
        close() {
            closeDrawer();
            letters.close();
            server.close();
        },
    };
}
