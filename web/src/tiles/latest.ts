/** latest.ts -- the newest rows of streams, a tab each, with a filter; a row opens what is known of it. */
import { h, setText } from '../dom.ts';
import { dateTime, format, instant } from '../number.ts';
import type { Cell } from '../protocol.ts';
import { choose, link, place } from '../router.ts';
import { store, type QueryRows } from '../store.ts';
import { wordsOf, type TileBody, type TileInput, type TileKind } from './tile.ts';

function cellText(query: QueryRows, column: number, cell: Cell, unit: string): string {
    if (cell === null || cell === undefined) return '';
    if (query.columns[column]?.type === 'TIMESTAMP') return dateTime(instant(cell));
    if (typeof cell === 'number') return format(cell, unit);
    return typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
}

function make(input: TileInput): TileBody {
    const head = h('thead');
    const body = h('tbody');
    const tabs = h('div', { class: 'choices', role: 'group', 'aria-label': 'Which' });
    const filter = h('input', { type: 'search', class: 'field', placeholder: 'Filter rows', 'aria-label': 'Filter rows', 'data-filter': true,
        autocomplete: 'off', spellcheck: 'false', oninput: () => { choose('filter', filter.value); seen = ''; update(); } });
    filter.value = place().choices.get('filter') ?? '';
    const note = h('p', { class: 'muted small', role: 'status' });
    const element = h('div', {}, h('div', { class: 'toolbar' }, tabs, filter), h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `${input.tile.title}, rows` }, h('table', { class: 'rows' }, head, body)), note);
    let name = place().choices.get('rows') ?? '';
    let seen = '';

    function showTabs(): void {
        tabs.replaceChildren(...(input.names.length < 2 ? [] : input.names).map((one) =>
            h('button', { type: 'button', class: 'choice', 'aria-pressed': one === name ? 'true' : 'false',
                onclick: () => { name = one; choose('rows', one); seen = ''; showTabs(); update(); } }, one)));
    }

    function row(query: QueryRows, cells: Cell[]): HTMLTableRowElement {
        const key = store.dashboard?.search?.key;
        return h('tr', {}, ...query.columns.map((column, i) => {
            const text = cellText(query, i, cells[i] ?? null, input.unit(column.name));
            const numeric = typeof cells[i] === 'number' && column.type !== 'TIMESTAMP';
            return h('td', { class: numeric ? 'number' : null },
                column.name === key ? h('a', { href: link('orders', { id: String(cells[i]) }) }, text) : text);
        }));
    }

    function update(): void {
        if (!input.names.includes(name)) name = input.names[0] ?? '';
        const query = input.query(name);
        const version = `${name} ${query?.version} ${filter.value}`;
        if (!query || version === seen || (body.contains(document.activeElement) && seen.startsWith(`${name} `) && seen.endsWith(filter.value))) return;
        seen = version;
        const wanted = filter.value.toLowerCase();
        const newest_first = [...query.rows.entries()].sort((a, b) => b[0] - a[0]).map(([, cells]) => cells);
        const found = wanted ? newest_first.filter((cells) => JSON.stringify(cells).toLowerCase().includes(wanted)) : newest_first;
        head.replaceChildren(h('tr', {}, ...query.columns.map((column) => h('th', { scope: 'col' }, wordsOf(column.name)))));
        body.replaceChildren(...found.map((cells) => row(query, cells)));
        setText(note, query.rows.size === 0 ? store.dashboard?.empty ?? 'Nothing yet.'
            : wanted ? `${found.length} of the newest ${query.rows.size} match; search by id to look further back.` : `The newest ${query.rows.size}.`);
    }

    showTabs();
    return { element, update };
}

export const latest: TileKind = { width: 4, make };
