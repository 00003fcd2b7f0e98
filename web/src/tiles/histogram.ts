/** histogram.ts -- how many fall into each class, on a scale where each class is a factor wider. */
import { h, s, setAttribute, setText } from '../dom.ts';
import { format, count } from '../number.ts';
import { classesOf, percentile, type ClassCount } from './classes.ts';
import { about } from './percentiles.ts';
import { NOTHING_YET, type TileBody, type TileInput, type TileKind } from './tile.ts';

const HEIGHT = 200;
const FOOT = 22;
const TICKS_MS = [1000, 10_000, 60_000, 600_000, 3_600_000, 21_600_000, 86_400_000];

function make(input: TileInput): TileBody {
    const unit = input.unit();
    const columns = s('g', { class: 'histogram-bars' });
    const marks = s('g', { class: 'histogram-marks' });
    const axis = s('g', { class: 'histogram-axis' });
    const picture = s('svg', { class: 'histogram', height: HEIGHT, role: 'img', 'aria-label': 'Histogram: no data yet.' }, columns, axis, marks);
    const caption = h('p', { class: 'muted small' });
    const element = h('div', {}, picture, caption);
    let seen = -1;
    let width = 640;

    function draw(classes: ClassCount[]): void {
        const first = classes[0]?.from ?? 1;
        const last = classes[classes.length - 1]?.to ?? 2;
        const place = (value: number): number => (Math.log(value / first) / Math.log(last / first)) * width;
        const top = Math.max(...classes.map((one) => one.count), 1);
        const high = HEIGHT - FOOT - 38;
        columns.replaceChildren(...classes.map((one) => {
            const tall = one.count ? Math.max(1.5, (one.count / top) * high) : 0;
            const left = place(one.from);
            return s('rect', { x: left + 0.75, y: HEIGHT - FOOT - tall, width: Math.max(1, place(one.to) - left - 1.5), height: tall, rx: 1.5 },
                s('title', {}, `${format(one.from, unit)} to ${format(one.to, unit)}: ${count(one.count)}`));
        }));
        axis.replaceChildren(s('line', { x1: 0, x2: width, y1: HEIGHT - FOOT, y2: HEIGHT - FOOT }),
            ...TICKS_MS.filter((tick) => tick > first * 1.1 && tick < last * 0.9).map((tick) =>
                s('text', { x: place(tick), y: HEIGHT - 6, 'text-anchor': 'middle' }, format(tick, unit))));
        const shown = [{ share: 0.5, word: 'median' }, { share: 0.95, word: 'p95' }];
        marks.replaceChildren(...shown.flatMap(({ share, word }, i) => {
            const at = percentile(classes, share);
            if (at === null) return [];
            const x = place(Math.max(first, Math.min(at, last)));
            const anchor = x > width * 0.8 ? 'end' : 'start';
            return [s('line', { x1: x, x2: x, y1: 4 + i * 17, y2: HEIGHT - FOOT, class: `mark-${word}` }),
                s('text', { x: x + (anchor === 'end' ? -5 : 5), y: 13 + i * 17, 'text-anchor': anchor }, `${word} ${about(at, unit)}`)];
        }));
    }

    const resizes = new ResizeObserver(() => {
        if (picture.clientWidth === 0 || picture.clientWidth === width) return;
        width = picture.clientWidth;
        seen = -1;
        update();
    });
    resizes.observe(picture);

    function update(): void {
        const query = input.query('');
        if (!query || query.version === seen) return;
        seen = query.version;
        const classes = classesOf(query);
        const all = classes.reduce((sum, one) => sum + one.count, 0);
        picture.classList.toggle('no-data', all === 0);
        if (all > 0) draw(classes);
        const words = `${count(all)} in ${classes.length} classes; median ${about(percentile(classes, 0.5), unit)}, 95th percentile ${about(percentile(classes, 0.95), unit)}.`;
        setAttribute(picture, 'aria-label', `Histogram: ${words}`);
        setText(caption, all > 0 ? `${words} The scale is logarithmic.` : NOTHING_YET);
    }

    return {
        element,
        update,
        close: () => resizes.disconnect(),
        table: () => ({
            columns: [{ name: 'From', unit, numeric: true }, { name: 'To', unit, numeric: true }, { name: 'Count', numeric: true }],
            rows: classesOf(input.query('')).map((one) => [one.from, one.to, one.count]),
        }),
    };
}

export const histogram: TileKind = { width: 2, make };
