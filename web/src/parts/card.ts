/** card.ts -- the frame around a tile: title, table switch, and the words when something is missing. */
import { h, setAttribute } from '../dom.ts';
import type { Tile } from '../protocol.ts';
import { store } from '../store.ts';
import { kinds } from '../tiles/index.ts';
import type { TileBody, TileInput } from '../tiles/tile.ts';
import { tableOf } from './table.ts';

export interface Card {
    element: HTMLElement;
    update(): void;
    close(): void;
}

let next_id = 0;

export function makeCard(tile: Tile): Card {
    const kind = kinds[tile.kind];
    const title_id = `tile-${next_id++}`;
    const sql: Record<string, string> = typeof tile.sql === 'string' ? { '': tile.sql } : tile.sql ?? {};
    const names = Object.keys(sql);
    const input: TileInput = {
        tile,
        names,
        query: (name) => store.query(sql[name]),
        unit: (column) => (typeof tile.unit === 'string' ? tile.unit : (column && tile.unit?.[column]) || ''),
    };
    const problems = problemsOf(tile, input);
    const head = h('header', { class: 'card-head' }, h('h2', { id: title_id }, tile.title));
    const element = h('section', { class: `card width-${tile.width ?? kind?.width ?? 1} kind-${tile.kind}`, 'aria-labelledby': title_id }, head);
    if (!kind || problems.length > 0) {
        element.append(h('div', { class: 'problem' }, h('strong', {}, 'Nothing to show'), ...problems.map((problem) => h('p', {}, problem))));
        return { element, update() {}, close() {} };
    }
    const body = kind.make(input);
    const holder = h('div', { class: 'card-body' }, body.element);
    element.append(holder);
    if (body.table) head.append(tableSwitch(tile.title, body, holder));
    return { element, update: () => body.update(), close: () => body.close?.() };
}

function tableSwitch(title: string, body: TileBody, holder: HTMLElement): HTMLElement {
    let shown = false;
    const button = h('button', { type: 'button', class: 'quiet', 'aria-pressed': 'false', onclick: () => {
        shown = !shown;
        setAttribute(button, 'aria-pressed', String(shown));
        holder.replaceChildren(shown && body.table ? tableOf(body.table(), title) : body.element);
        if (!shown) body.update();
    } }, 'Table');
    setAttribute(button, 'aria-label', `${title} as a table`);
    return button;
}

function problemsOf(tile: Tile, input: TileInput): string[] {
    if (!kinds[tile.kind]) return [`No kind of tile is called '${tile.kind}'; there are ${Object.keys(kinds).join(', ')}.`];
    const errors = input.names.map((name) => {
        const query = input.query(name);
        return query ? query.error : 'the server does not know its SQL';
    });
    return [...new Set(errors.filter((error): error is string => error !== null))];
}
