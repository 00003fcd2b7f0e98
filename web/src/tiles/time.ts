/** time.ts -- series over time, a minute's worth each point; uPlot draws, the range is in the address. */
import uPlot from 'uplot';
import { h, s, setAttribute, setText } from '../dom.ts';
import { dateTime, format, formatShort, timeOfDay, unitWord } from '../number.ts';
import { rangeNow } from '../range.ts';
import { colour, onTheme } from '../theme.ts';
import { MINUTE_MS, newest, NOTHING_YET, numberOf, type TileBody, type TileInput, type TileKind } from './tile.ts';

const HEIGHT = 220;
/** Its points are seconds or minutes: drawing more often shows nothing new. */
const DRAW_EVERY_MS = 1000;
const DASHES: (number[] | undefined)[] = [undefined, [7, 4], [2, 3], [9, 3, 2, 3]];

interface Series {
    name: string;
    values: (number | null)[];
}

/** Points of the present range: sums a step, as a rate a minute. The step still filling is left out. */
function gather(input: TileInput, names: string[]): { times: number[]; series: Series[] } {
    const { span_ms, step_ms, source } = rangeNow();
    const newests = names.map((name) => newest(input.query(`${name}/${source}`)) ?? 0);
    const end_ms = Math.floor(Math.max(...newests) / step_ms) * step_ms;
    if (end_ms === 0) return { times: [], series: names.map((name) => ({ name, values: [] })) };
    const begin_ms = end_ms - span_ms;
    const count = Math.round(span_ms / step_ms);
    const times = Array.from({ length: count }, (_, i) => (begin_ms + i * step_ms) / 1000);
    return { times, series: names.map((name) => ({ name, values: sums(input, `${name}/${source}`, begin_ms, step_ms, count) })) };
}

/** Nothing is known before the first row; after it, no row means nothing happened. */
function sums(input: TileInput, query: string, begin_ms: number, step_ms: number, count: number): (number | null)[] {
    const values = new Array<number | null>(count).fill(0);
    let first_ms = Infinity;
    for (const cells of input.query(query)?.rows.values() ?? []) {
        const at = numberOf(cells[0]);
        first_ms = Math.min(first_ms, at);
        const index = Math.floor((at - begin_ms) / step_ms);
        if (index >= 0 && index < count) values[index] = (values[index] ?? 0) + numberOf(cells[1]);
    }
    return values.map((value, i) => (begin_ms + (i + 1) * step_ms <= first_ms ? null : ((value ?? 0) * MINUTE_MS) / step_ms));
}

function sample(index: number): SVGSVGElement {
    return s('svg', { class: 'sample', viewBox: '0 0 22 8', 'aria-hidden': 'true' },
        s('line', { x1: 0, x2: 22, y1: 4, y2: 4, class: `series-${index + 1}`, 'stroke-dasharray': (DASHES[index] ?? []).join(' ') || null }));
}

function make(input: TileInput): TileBody {
    const unit = input.unit();
    const names = [...new Set(input.names.map((name) => name.slice(0, name.lastIndexOf('/'))))];
    const values = names.map(() => h('strong', {}, '–'));
    const when = h('span', { class: 'muted' });
    const legend = h('p', { class: 'legend' }, ...names.map((name, i) => h('span', { class: 'legend-item' }, sample(i), ` ${name} `, values[i])), when);
    const canvas = h('div', { class: 'plot', role: 'img', 'aria-label': 'Line chart: no data yet.' });
    const nothing = h('p', { class: 'muted small', hidden: true }, NOTHING_YET);
    const element = h('div', {}, legend, canvas, nothing);
    let plot: uPlot | null = null;
    let shown = gather(input, names);
    let seen = '';
    let range = '';
    let drawn_ms = 0;

    function showLegend(index: number | null): void {
        const at = index ?? shown.times.length - 1;
        names.forEach((_, i) => {
            const value = shown.series[i]?.values[at];
            const element = values[i];
            if (element) setText(element, value === undefined || value === null ? '–' : `${format(Math.round(value * 100) / 100, unit)} ${unitWord(unit)}/min`.replace(' /', '/'));
        });
        const time = shown.times[at];
        setText(when, time === undefined ? '' : index === null ? `at ${timeOfDay(time * 1000)}` : dateTime(time * 1000));
    }

    function options(width: number): uPlot.Options {
        const axis = { stroke: colour('muted'), grid: { stroke: colour('line'), width: 1 }, ticks: { show: false }, font: '12px system-ui, sans-serif' };
        return {
            width, height: HEIGHT, padding: [8, 30, 0, 0],
            legend: { show: false },
            cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
            hooks: { setCursor: [(chart) => showLegend(chart.cursor.idx ?? null)] },
            scales: { y: { range: (_, __, max) => [0, Math.max(max * 1.1, 1)] } },
            axes: [
                { ...axis, grid: { show: false }, space: 70, size: 28, values: (_, ticks) => ticks.map((tick) => axisTime(tick)) },
                { ...axis, size: 58, values: (_, ticks) => ticks.map((tick) => formatShort(tick, unit)) },
            ],
            series: [{}, ...names.map((name, i) => ({
                label: name, stroke: colour(`series-${i + 1}`), width: 2, points: { show: false },
                ...(DASHES[i] ? { dash: DASHES[i] } : {}),
                ...(i === 0 ? { fill: colour('series-1-soft') } : {}),
            }))],
        };
    }

    function data(): uPlot.AlignedData {
        return [shown.times, ...shown.series.map((one) => one.values)];
    }

    function draw(): void {
        const width = canvas.clientWidth;
        if (width === 0) return;
        if (!plot) plot = new uPlot(options(width), data(), canvas);
        else plot.setData(data());
        canvas.querySelector('canvas')?.setAttribute('aria-hidden', 'true');
        if (plot.cursor.idx === null || plot.cursor.idx === undefined) showLegend(null);
    }

    function redraw(): void {
        plot?.destroy();
        plot = null;
        draw();
    }

    const resizes = new ResizeObserver(() => {
        if (plot && canvas.clientWidth > 0 && plot.width !== canvas.clientWidth) plot.setSize({ width: canvas.clientWidth, height: HEIGHT });
        else if (!plot) draw();
    });
    resizes.observe(canvas);
    onTheme(redraw);

    return {
        element,
        update() {
            const version = `${rangeNow().name} ${input.names.map((name) => input.query(name)?.version).join()}`;
            const soon = performance.now() - drawn_ms < DRAW_EVERY_MS && range === rangeNow().name;
            if (version === seen || (soon && plot)) return;
            seen = version;
            range = rangeNow().name;
            drawn_ms = performance.now();
            shown = gather(input, names);
            nothing.hidden = shown.times.length > 0;
            canvas.hidden = shown.times.length === 0;
            draw();
            const last = shown.series.map((one) => `${one.name} ${format(Math.round(one.values[one.values.length - 1] ?? 0), unit)} ${unitWord(unit)} a minute`);
            setAttribute(canvas, 'aria-label', `Line chart, ${rangeNow().words}: ${shown.times.length ? `now ${last.join(', ')}` : 'no data yet'}.`);
        },
        table: () => ({
            columns: [{ name: 'Time', unit: 'time' }, ...names.map((name) => ({ name: `${name} a minute`, unit, numeric: true }))],
            rows: shown.times.map((time, i) => [time * 1000, ...shown.series.map((one) => one.values[i] ?? null)]).reverse(),
        }),
        close() {
            resizes.disconnect();
            plot?.destroy();
        },
    };
}

function axisTime(seconds: number): string {
    const text = timeOfDay(seconds * 1000);
    return seconds % 60 === 0 ? text.replace(/:\d\d(?=\s|$)/, '') : text;
}

export const time: TileKind = { width: 2, make };
