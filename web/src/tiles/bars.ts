/** bars.ts -- a value a name, longest first; which column is compared can be chosen. */
import { h, s, setAttribute, setText } from '../dom.ts';
import { format } from '../number.ts';
import type { Cell } from '../protocol.ts';
import { NOTHING_YET, numberOf, wordsOf, type TileBody, type TileInput, type TileKind } from './tile.ts';

const BARS_MAX = 10;

interface Bar {
    element: HTMLLIElement;
    update(name: string, value: number, share: number, part: number): void;
}

function makeBar(unit: () => string): Bar {
    const name = h('span', { class: 'bar-name' });
    const value = h('span', { class: 'bar-value' });
    const share = h('span', { class: 'bar-share' });
    const rect = s('rect', { class: 'bar-fill', x: 0, y: 0, width: 0, height: 10, rx: 0 });
    const element = h('li', { class: 'bar-row' }, name, value, share,
        s('svg', { class: 'bar', viewBox: '0 0 1000 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
            s('rect', { class: 'bar-track', width: 1000, height: 10 }), rect));
    return {
        element,
        update(text, number, length, part) {
            setText(name, text);
            setAttribute(name, 'title', text);
            setText(value, format(number, unit()));
            setText(share, format(part, 'percent'));
            setAttribute(rect, 'width', Math.max(2, length * 1000).toFixed(0));
        },
    };
}

function make(input: TileInput): TileBody {
    const list = h('ol', { class: 'bars' });
    const choice = h('div', { class: 'choices', role: 'group', 'aria-label': 'Compare by' });
    const rest = h('p', { class: 'muted small' });
    const element = h('div', { class: 'bars-tile' }, choice, list, rest);
    const bars: Bar[] = [];
    let column = 1;
    let seen = -1;

    const columns = (): { name: string; index: number }[] =>
        (input.query('')?.columns ?? []).map(({ name }, index) => ({ name, index })).slice(1);
    const unit = (): string => input.unit(input.query('')?.columns[column]?.name);
    const sorted = (): Cell[][] =>
        [...(input.query('')?.rows.values() ?? [])].sort((a, b) => numberOf(b[column]) - numberOf(a[column]));

    function showChoices(): void {
        choice.replaceChildren(...columns().map(({ name, index }) =>
            h('button', {
                type: 'button', class: 'choice', 'aria-pressed': index === column ? 'true' : 'false',
                onclick: () => { column = index; seen = -1; showChoices(); update(); },
            }, wordsOf(name))));
    }

    function update(): void {
        const query = input.query('');
        if (!query || query.version === seen) return;
        seen = query.version;
        if (choice.childElementCount !== columns().length) showChoices();
        const rows = sorted();
        const all = rows.reduce((sum, cells) => sum + numberOf(cells[column]), 0);
        const top = numberOf(rows[0]?.[column]) || 1;
        rows.slice(0, BARS_MAX).forEach((cells, i) => {
            const bar = (bars[i] ??= makeBar(unit));
            if (!bar.element.parentNode) list.append(bar.element);
            const value = numberOf(cells[column]);
            bar.update(String(cells[0] ?? 'none'), value, value / top, all ? value / all : 0);
        });
        bars.slice(rows.length).forEach((bar) => bar.element.remove());
        setText(rest, rows.length === 0 ? NOTHING_YET : rows.length > BARS_MAX ? `and ${rows.length - BARS_MAX} more in the table` : '');
    }

    return {
        element,
        update,
        table: () => ({
            columns: (input.query('')?.columns ?? []).map(({ name }, i) => ({ name: wordsOf(name), unit: input.unit(name), numeric: i > 0 })),
            rows: sorted(),
        }),
    };
}

export const bars: TileKind = { width: 1, make };
