/** latest.ts -- the newest rows of streams, a tab each, with a filter; a row opens what is known of it. */
import { h, setText } from '../dom.ts';
import { cellText as textOf, cellView } from '../parts/cell.ts';
import { dateTime, instant } from '../number.ts';
import type { Cell } from '../protocol.ts';
import { choose, link, place } from '../router.ts';
import { store, type QueryRows } from '../store.ts';
import { wordsOf, type TileBody, type TileInput, type TileKind } from './tile.ts';

/** How often rows are shown when each time all are others. */
const FLOOD_EVERY_MS = 1000;

function cellText(query: QueryRows, column: number, cell: Cell, unit: string): string {
    if (cell === null || cell === undefined) return '';
    if (query.columns[column]?.type === 'TIMESTAMP') return dateTime(instant(cell));
    return textOf(cell, unit);
}

function make(input: TileInput): TileBody {
    const head = h('thead');
    const body = h('tbody');
    const tabs = h('div', { class: 'choices', role: 'group', 'aria-label': 'Which' });
    const filter = h('input', { type: 'search', class: 'field', placeholder: 'Filter rows', 'aria-label': 'Filter rows', 'data-filter': true,
        autocomplete: 'off', spellcheck: 'false', oninput: () => { choose('filter', filter.value); update(); } });
    filter.value = place().choices.get('filter') ?? '';
    const note = h('p', { class: 'muted small', role: 'status' });
    const element = h('div', {}, h('div', { class: 'toolbar' }, tabs, filter), h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `${input.tile.title}, rows` }, h('table', { class: 'rows' }, head, body)), note);
    let name = place().choices.get('rows') ?? '';
    let seen = -1;
    let shown_view: string | null = null;
    let shown_ms = 0;
    const rows = new Map<number, HTMLTableRowElement>();

    function showTabs(): void {
        tabs.replaceChildren(...(input.names.length < 2 ? [] : input.names).map((one) =>
            h('button', { type: 'button', class: 'choice', 'aria-pressed': one === name ? 'true' : 'false',
                onclick: () => { name = one; choose('rows', one); showTabs(); update(); } }, one)));
    }

    function row(query: QueryRows, cells: Cell[]): HTMLTableRowElement {
        const key = store.dashboard?.search?.key;
        return h('tr', {}, ...query.columns.map((column, i) => {
            const text = cellText(query, i, cells[i] ?? null, input.unit(column.name));
            const numeric = typeof cells[i] === 'number' && column.type !== 'TIMESTAMP';
            return h('td', { class: numeric ? 'number' : null },
                column.name === key ? h('a', { href: link('orders', { id: String(cells[i]) }) }, text) : Array.isArray(cells[i]) ? cellView(cells[i]) : text);
        }));
    }

    /** Rows that are there stay as they are; new ones come on top. */
    function show(query: QueryRows, found: [number, Cell[]][]): void {
        const wanted = new Set(found.map(([slot]) => slot));
        for (const [slot, element] of rows) {
            if (wanted.has(slot)) continue;
            element.remove();
            rows.delete(slot);
        }
        let after: Element | null = null;
        for (const [slot, cells] of found) {
            const element = rows.get(slot) ?? row(query, cells);
            rows.set(slot, element);
            if (after ? after.nextElementSibling !== element : body.firstElementChild !== element) {
                if (after) after.after(element);
                else body.prepend(element);
            }
            after = element;
        }
    }

    function update(): void {
        if (!input.names.includes(name)) name = input.names[0] ?? '';
        const query = input.query(name);
        const view = `${name} ${filter.value}`;
        const same_view = view === shown_view;
        if (!query || (same_view && query.version === seen)) return;
        /* Who is on a row keeps it; rows that all change at once are readable only when they stay a while. */
        if (same_view && body.contains(document.activeElement)) return;
        const all = [...query.rows.entries()].sort((a, b) => b[0] - a[0]);
        const is_flood = all.length > 10 && all.every(([slot]) => !rows.has(slot));
        if (same_view && is_flood && performance.now() - shown_ms < FLOOD_EVERY_MS) return;
        shown_ms = performance.now();
        seen = query.version;
        if (!same_view) {
            rows.clear();
            body.replaceChildren();
            head.replaceChildren(h('tr', {}, ...query.columns.map((column) => h('th', { scope: 'col' }, wordsOf(column.name)))));
            shown_view = view;
        }
        const wanted = filter.value.toLowerCase();
        const found = wanted ? all.filter(([, cells]) => JSON.stringify(cells).toLowerCase().includes(wanted)) : all;
        show(query, found);
        setText(note, query.rows.size === 0 ? store.dashboard?.empty ?? 'Nothing yet.'
            : wanted ? `${found.length} of the newest ${query.rows.size} match; search by id to look further back.` : `The newest ${query.rows.size}.`);
    }

    showTabs();
    return { element, update };
}

export const latest: TileKind = { width: 4, make };
