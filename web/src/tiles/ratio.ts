/** ratio.ts -- one sum over another: a share, an average. Today and in the last minute. */
import { h, setText } from '../dom.ts';
import { format, midnight } from '../number.ts';
import { newest, sumNow, sumSince, type TileBody, type TileInput, type TileKind } from './tile.ts';

function over(part: number | null, whole: number | null): number | null {
    return part === null || !whole ? null : part / whole;
}

function make(input: TileInput): TileBody {
    const unit = input.unit();
    const value = h('span', { class: 'figure' }, '–');
    const now = h('strong', {}, '–');
    const element = h('div', { class: 'kpi' },
        h('p', { class: 'kpi-main' }, value, h('span', { class: 'unit' }, 'today')),
        h('p', { class: 'kpi-now' }, now, ' in the last minute'),
        input.tile.note ? h('p', { class: 'kpi-note' }, input.tile.note) : null);
    let seen = '';

    return {
        element,
        update() {
            const version = input.names.map((name) => input.query(name)?.version).join();
            if (version === seen) return;
            seen = version;
            const from_ms = midnight(Date.now());
            const end_ms = newest(input.query('whole now'));
            setText(value, format(over(sumSince(input.query('part today'), from_ms), sumSince(input.query('whole today'), from_ms)), unit));
            setText(now, format(over(sumNow(input.query('part now'), end_ms), sumNow(input.query('whole now'), end_ms)), unit));
        },
    };
}

export const ratio: TileKind = { width: 1, make };
