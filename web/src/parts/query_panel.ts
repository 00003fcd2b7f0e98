/** query_panel.ts -- a query: its SQL, its plan, what it reads and writes. */
import { h } from '../dom.ts';
import { Failure } from '../http.ts';
import { bytes, count, rate } from '../number.ts';
import type { Pipeline } from '../pipeline.ts';
import { execute } from '../query.ts';
import { link } from '../router.ts';
import { store } from '../store.ts';
import { openDrawer, type Drawer } from './drawer.ts';

export function openQuery(id: string, pipeline: Pipeline): Drawer {
    const drawer = openDrawer(id, 'Query');
    const query = pipeline.queries.find((one) => one.id === id);
    const progress = store.progress.queries[id];
    const plan = h('pre', { class: 'code', tabindex: 0 }, '…');
    if (!query) {
        drawer.body.append(h('p', { class: 'muted' }, 'This query does not run any more.'));
        return drawer;
    }
    const topics = (names: string[]): (Node | string)[] => names.flatMap((name, i) => [i ? ', ' : '', h('a', { href: link('pipeline', { topic: name }) }, name)]);
    drawer.body.append(
        query.why ? h('div', { class: 'problem' }, h('strong', {}, 'Stopped by itself'), h('p', {}, query.why)) : '',
        h('dl', { class: 'facts' },
            h('dt', {}, 'State'), h('dd', {}, progress?.state ?? 'unknown'),
            h('dt', {}, 'Reads'), h('dd', {}, ...topics(query.reads)),
            h('dt', {}, 'Writes'), h('dd', {}, ...(query.writes ? topics([query.writes]) : ['nothing'])),
            h('dt', {}, 'Rate'), h('dd', {}, `${rate(store.rates.rate(`query ${id}`))} records a second, ${count(progress?.lag ?? 0)} behind`),
            h('dt', {}, 'Keeps'), h('dd', {}, `${count(query.state_rows)} rows, ${bytes(query.state_bytes)}`)),
        h('h3', {}, 'SQL'), h('pre', { class: 'code', tabindex: 0 }, query.sql), h('h3', {}, 'Plan'), plan);
    execute(`EXPLAIN ${id};`).then((answers) => (plan.textContent = planText(answers[0] ?? {}, query.sql)), (error: unknown) => (plan.textContent = error instanceof Failure ? error.message : String(error)));
    return drawer;
}

/** Without the id and the SQL it begins with: those stand above it. */
function planText(answer: Record<string, unknown>, sql: string): string {
    const description = (answer['queryDescription'] ?? answer) as Record<string, unknown>;
    const text = String(description['executionPlan'] ?? description['topology'] ?? JSON.stringify(answer, null, 2));
    const at = text.indexOf(sql);
    return at < 0 ? text : text.slice(at + sql.length).replace(/^[;\s]+/, '');
}
