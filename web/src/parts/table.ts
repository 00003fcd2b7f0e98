/** table.ts -- numbers as a table, for those who would rather read them. */
import { h } from '../dom.ts';
import { cellView } from './cell.ts';
import type { TableData } from '../tiles/tile.ts';

const ROWS_MAX = 500;

export function tableOf(data: TableData, caption: string): HTMLElement {
    const head = h('tr', {}, ...data.columns.map((column) => h('th', { scope: 'col', class: column.numeric ? 'number' : null }, column.name)));
    const rows = data.rows.slice(0, ROWS_MAX).map((cells) =>
        h('tr', {}, ...data.columns.map((column, i) => h('td', { class: column.numeric ? 'number' : null }, cellView(cells[i], column.unit)))));
    return h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `${caption}, table` },
        h('table', { class: 'rows' }, h('caption', { class: 'hidden' }, caption), h('thead', {}, head), h('tbody', {}, ...rows)));
}
