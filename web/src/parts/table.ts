/** table.ts -- numbers as a table, for those who would rather read them. */
import { h } from '../dom.ts';
import { dateTime, format } from '../number.ts';
import type { Cell } from '../protocol.ts';
import type { TableData } from '../tiles/tile.ts';

const ROWS_MAX = 500;

export function cellText(cell: Cell, unit = ''): string {
    if (cell === null) return '–';
    if (unit === 'time' && typeof cell === 'number') return dateTime(cell);
    if (typeof cell === 'number') return format(cell, unit);
    return typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
}

export function tableOf(data: TableData, caption: string): HTMLElement {
    const head = h('tr', {}, ...data.columns.map((column) => h('th', { scope: 'col', class: column.numeric ? 'number' : null }, column.name)));
    const rows = data.rows.slice(0, ROWS_MAX).map((cells) =>
        h('tr', {}, ...data.columns.map((column, i) => h('td', { class: column.numeric ? 'number' : null }, cellText(cells[i] ?? null, column.unit)))));
    return h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `${caption}, table` },
        h('table', { class: 'rows' }, h('caption', { class: 'hidden' }, caption), h('thead', {}, head), h('tbody', {}, ...rows)));
}
