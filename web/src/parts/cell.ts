/** cell.ts -- a value as people read it: lists as lists, structs and maps by their names. */
import { h } from '../dom.ts';
import { dateTime, format } from '../number.ts';
import type { Cell } from '../protocol.ts';

export function cellText(cell: Cell | undefined, unit = ''): string {
    if (cell === null || cell === undefined) return '–';
    if (typeof cell === 'number') return unit === 'time' ? dateTime(cell) : format(cell, unit);
    if (Array.isArray(cell)) return cell.map((one) => nestedText(one)).join(', ');
    if (typeof cell === 'object') return Object.entries(cell).map(([name, value]) => `${name} ${nestedText(value)}`).join(', ');
    return String(cell);
}

/** Inside another, a value has no unit, and a list needs its ends. */
function nestedText(cell: Cell): string {
    if (typeof cell === 'number') return String(cell);
    return cell !== null && typeof cell === 'object' ? `(${cellText(cell)})` : cellText(cell);
}

/** A list gets an item a line; everything else is text. */
export function cellView(cell: Cell | undefined, unit = ''): Node | string {
    if (!Array.isArray(cell) || cell.length === 0) return Array.isArray(cell) ? 'none' : cellText(cell, unit);
    return h('ul', { class: 'cell-list' }, ...cell.map((one) => h('li', {}, one !== null && typeof one === 'object' ? cellText(one) : nestedText(one))));
}
