/** classes.ts -- percentiles from a histogram whose rows are class, count, from, to. */
import type { QueryRows } from '../store.ts';
import { numberOf } from './tile.ts';

export interface ClassCount {
    from: number;
    to: number;
    count: number;
}

export function classesOf(query: QueryRows | undefined): ClassCount[] {
    const classes = [...(query?.rows.values() ?? [])].map((cells) => ({
        count: numberOf(cells[1]), from: numberOf(cells[2]), to: numberOf(cells[3]),
    }));
    return classes.sort((a, b) => a.from - b.from);
}

/** Where `share` of all lies: within its class as if evenly spread on the class's scale. */
export function percentile(classes: ClassCount[], share: number): number | null {
    const all = classes.reduce((sum, one) => sum + one.count, 0);
    if (all === 0) return null;
    let left = all * share;
    for (const one of classes) {
        if (left <= one.count && one.count > 0) {
            const inside = left / one.count;
            return one.from > 0 ? one.from * (one.to / one.from) ** inside : one.to * inside;
        }
        left -= one.count;
    }
    return classes[classes.length - 1]?.to ?? null;
}
