/** percentiles.ts -- the median and the 95th percentile, read from a histogram and so marked ≈. */
import { h, setText } from '../dom.ts';
import { format, NOTHING } from '../number.ts';
import { classesOf, percentile } from './classes.ts';
import type { TileBody, TileInput, TileKind } from './tile.ts';

export function about(value: number | null, unit: string): string {
    return value === null ? NOTHING : `≈ ${format(value, unit)}`;
}

function make(input: TileInput): TileBody {
    const unit = input.unit();
    const median = h('span', { class: 'figure' }, NOTHING);
    const high = h('strong', {}, NOTHING);
    const element = h('div', { class: 'kpi' },
        h('p', { class: 'kpi-main' }, median, h('span', { class: 'unit' }, 'median')),
        h('p', { class: 'kpi-now' }, high, ' is the 95th percentile'),
        input.tile.note ? h('p', { class: 'kpi-note' }, input.tile.note) : null);
    let seen = -1;

    return {
        element,
        update() {
            const query = input.query('');
            if (!query || query.version === seen) return;
            seen = query.version;
            const classes = classesOf(query);
            setText(median, about(percentile(classes, 0.5), unit));
            setText(high, about(percentile(classes, 0.95), unit));
        },
    };
}

export const percentiles: TileKind = { width: 1, make };
