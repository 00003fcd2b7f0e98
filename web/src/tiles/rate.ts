/** rate.ts -- records a second that arrive in topics, by their end offsets. */
import { h, s, setAttribute, setText } from '../dom.ts';
import { count, rate as rateText } from '../number.ts';
import { store } from '../store.ts';
import type { TileBody, TileInput, TileKind } from './tile.ts';

const POINTS = 60;
/** Fewer are a speck in the corner. */
const POINTS_MIN = 10;

function make(input: TileInput): TileBody {
    const topics = input.tile.topics ?? [];
    const value = h('span', { class: 'figure' }, '–');
    const all = h('strong', {}, '–');
    const line = s('path', { class: 'spark-line' });
    const element = h('div', { class: 'kpi' },
        h('p', { class: 'kpi-main' }, value, h('span', { class: 'unit' }, 'a second')),
        h('p', { class: 'kpi-now' }, all, ' records in all'),
        s('svg', { class: 'spark', viewBox: '0 0 100 32', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, line));
    const points: number[] = [];
    let drawn_ms = 0;

    return {
        element,
        update() {
            const rates = topics.map((topic) => store.rates.rate(`topic ${topic}`));
            const known = rates.filter((one) => one !== null);
            const sum = known.length ? known.reduce((a, b) => a + b, 0) : null;
            setText(value, rateText(sum));
            setText(all, count(topics.reduce((a, topic) => a + (store.topics[topic] ?? 0), 0)));
            if (sum === null || store.now_ms - drawn_ms < 1000) return;
            drawn_ms = store.now_ms;
            points.push(sum);
            if (points.length > POINTS) points.shift();
            const top = Math.max(...points, 1e-9);
            const from = POINTS - points.length;
            const path = points.map((one, i) => `${(((from + i) / (POINTS - 1)) * 100).toFixed(2)},${(30 - (one / top) * 26).toFixed(2)}`);
            setAttribute(line, 'd', path.length >= POINTS_MIN ? `M${path.join('L')}` : null);
        },
    };
}

export const rate: TileKind = { width: 1, make };
