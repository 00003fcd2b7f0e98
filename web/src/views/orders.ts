/** orders.ts -- latest rows, and all that is known of one thing found by its id. */
import { closeDrawer } from '../parts/drawer.ts';
import { h } from '../dom.ts';
import { Cards } from '../parts/cards.ts';
import { openStory } from '../parts/story.ts';
import { go, place } from '../router.ts';
import { store } from '../store.ts';
import type { View } from './view.ts';

export function orders(): View {
    const id = h('input', { type: 'search', class: 'field wide', name: 'id', placeholder: 'ORD-…', 'aria-label': 'Search by id', autocomplete: 'off', spellcheck: 'false' });
    const form = h('form', { class: 'toolbar', role: 'search', onsubmit: (event: SubmitEvent) => {
        event.preventDefault();
        if (id.value.trim()) go('orders', { id: id.value.trim() });
    } }, id, h('button', { class: 'primary' }, 'Find'));
    const grid = h('div', { class: 'grid' });
    const element = h('div', {}, h('div', { class: 'view-head' }, h('h1', {}, 'Orders'), form), grid);
    const cards = new Cards(grid, (tile) => tile.view === 'orders');
    let shown = '';

    function showStory(): void {
        const wanted = place().choices.get('id') ?? '';
        if (wanted === shown || !store.dashboard?.search) return;
        shown = wanted;
        if (!wanted) return closeDrawer();
        id.value = wanted;
        openStory(store.dashboard.search, wanted, () => {
            if (shown !== wanted) return;
            shown = '';
            if (place().view === 'orders') go('orders', {}, true);
        });
    }

    return {
        element,
        update() {
            if (!store.id) return false;
            const waits = cards.update();
            showStory();
            return waits;
        },
        close() {
            closeDrawer();
            cards.close();
        },
    };
}
