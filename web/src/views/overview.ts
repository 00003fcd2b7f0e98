/** overview.ts -- the tiles of dashboard.json. */
import { h, setText } from '../dom.ts';
import { Cards } from '../parts/cards.ts';
import { rangeNow, ranges } from '../range.ts';
import { choose } from '../router.ts';
import { store } from '../store.ts';
import type { View } from './view.ts';

export function overview(): View {
    const title = h('h1', {}, 'Overview');
    const choices = h('div', { class: 'choices', role: 'group', 'aria-label': 'Range of the charts' });
    const empty = h('p', { class: 'empty', hidden: true });
    const grid = h('div', { class: 'grid' });
    const element = h('div', {}, h('div', { class: 'view-head' }, title, choices), empty, grid);
    const cards = new Cards(grid, (tile) => (tile.view ?? 'overview') === 'overview');

    function showRanges(): void {
        choices.replaceChildren(...ranges.map((range) =>
            h('button', { type: 'button', class: 'choice', 'aria-pressed': range === rangeNow() ? 'true' : 'false', 'aria-label': range.words,
                onclick: () => { choose('range', range.name); showRanges(); cards.updateAll(); } }, range.name)));
    }

    showRanges();
    return {
        element,
        update() {
            if (!store.id) {
                if (grid.childElementCount === 0) grid.replaceChildren(...skeleton());
                return false;
            }
            setText(title, store.dashboard?.title ?? 'Overview');
            const has_rows = store.queries.some((query) => query.rows.size > 0) || store.queries.length === 0;
            empty.hidden = has_rows;
            setText(empty, store.dashboard?.empty ?? 'Nothing has come in yet.');
            return cards.update();
        },
        close: () => cards.close(),
    };
}

function skeleton(): HTMLElement[] {
    return Array.from({ length: 8 }, () => h('div', { class: 'card width-1 skeleton', 'aria-hidden': 'true' }));
}
