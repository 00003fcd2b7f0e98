/** overview.ts -- the tiles of dashboard.json. */
import { h } from '../dom.ts';
import { makeCard, type Card } from '../parts/card.ts';
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
    let cards: Card[] = [];
    let generation = -1;

    function showRanges(): void {
        choices.replaceChildren(...ranges.map((range) =>
            h('button', { type: 'button', class: 'choice', 'aria-pressed': range === rangeNow() ? 'true' : 'false', 'aria-label': range.words,
                onclick: () => { choose('range', range.name); showRanges(); cards.forEach((card) => card.update()); } }, range.name)));
    }

    function rebuild(): void {
        generation = store.generation;
        cards.forEach((card) => card.close());
        cards = (store.dashboard?.tiles ?? []).filter((tile) => (tile.view ?? 'overview') === 'overview').map(makeCard);
        grid.replaceChildren(...cards.map((card) => card.element));
        title.textContent = store.dashboard?.title ?? 'Overview';
    }

    showRanges();
    return {
        element,
        update() {
            if (!store.id) {
                if (grid.childElementCount === 0) grid.replaceChildren(...skeleton());
                return;
            }
            if (generation !== store.generation) rebuild();
            cards.forEach((card) => card.update());
            const has_rows = store.queries.some((query) => query.rows.size > 0) || store.queries.length === 0;
            empty.hidden = has_rows;
            empty.textContent = store.dashboard?.empty ?? 'Nothing has come in yet.';
        },
        close: () => cards.forEach((card) => card.close()),
    };
}

function skeleton(): HTMLElement[] {
    return Array.from({ length: 8 }, () => h('div', { class: 'card width-1 skeleton', 'aria-hidden': 'true' }));
}
