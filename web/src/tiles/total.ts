/** total.ts -- a sum: today, and in the last minute, with its last five minutes as a line. */
import { h, s, setAttribute, setText } from '../dom.ts';
import { format, midnight, unitWord } from '../number.ts';
import { newest, numberOf, sumNow, sumSince, type TileBody, type TileInput, type TileKind } from './tile.ts';

const SPARK_SECONDS = 300;
const SPARK_STEP = 5;

function spark(input: TileInput, end_ms: number): string {
    const steps = SPARK_SECONDS / SPARK_STEP;
    const sums = new Array<number>(steps).fill(0);
    for (const cells of input.query('now')?.rows.values() ?? []) {
        const index = steps - 1 - Math.floor((end_ms - numberOf(cells[0])) / (SPARK_STEP * 1000));
        if (index >= 0 && index < steps) sums[index] = (sums[index] ?? 0) + numberOf(cells[1]);
    }
    const top = Math.max(...sums, 1e-9);
    const points = sums.slice(0, -1).map((sum, i) => `${((i / (steps - 2)) * 100).toFixed(2)},${(30 - (sum / top) * 26).toFixed(2)}`);
    return `M${points.join('L')}`;
}

function make(input: TileInput): TileBody {
    const unit = input.unit();
    const value = h('span', { class: 'figure' }, '–');
    const now = h('strong', {}, '–');
    const line = s('path', { class: 'spark-line' });
    const area = s('path', { class: 'spark-area' });
    const element = h('div', { class: 'kpi' },
        h('p', { class: 'kpi-main' }, value, h('span', { class: 'unit' }, `${input.tile.note ?? unitWord(unit)} today`)),
        ...(!input.names.includes('now') ? [] : [
            h('p', { class: 'kpi-now' }, now, ' in the last minute'),
            s('svg', { class: 'spark', viewBox: '0 0 100 32', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, area, line)]));
    let seen = -1;

    return {
        element,
        update() {
            const version = (input.query('now')?.version ?? 0) + (input.query('today')?.version ?? 0);
            if (version === seen) return;
            seen = version;
            const today = input.query('today');
            const end_ms = newest(input.query('now'));
            setText(value, today?.rows.size ? format(sumSince(today, midnight(Date.now())), unit) : '–');
            setText(now, format(sumNow(input.query('now'), end_ms), unit));
            if (end_ms === null) return;
            const path = spark(input, end_ms);
            setAttribute(line, 'd', path);
            setAttribute(area, 'd', `${path}L100,32L0,32Z`);
        },
    };
}

export const total: TileKind = { width: 1, make };
