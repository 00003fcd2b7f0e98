/** cards.ts -- the tiles of one view, brought up to date a few at a time. */
import type { Tile } from '../protocol.ts';
import { store } from '../store.ts';
import { makeCard, type Card } from './card.ts';

/** Of a screen frame: layout and paint of what changed take about as long again. */
const BUDGET_MS = 6;

export class Cards {
    #cards: Card[] = [];
    #next = 0;
    #generation = -1;
    /** What was known when the first of this round was shown. */
    #round_id = '';

    constructor(
        private readonly grid: HTMLElement,
        private readonly belongs: (tile: Tile) => boolean,
    ) {}

    /** True: some still have to be shown, in the next screen frame. */
    update(): boolean {
        if (this.#generation !== store.generation) this.#rebuild();
        const begin_ms = performance.now();
        if (this.#next === 0) this.#round_id = store.id;
        while (this.#next < this.#cards.length && performance.now() - begin_ms < BUDGET_MS) this.#cards[this.#next++]?.update();
        if (this.#next < this.#cards.length) return true;
        this.#next = 0;
        return this.#round_id !== store.id;
    }

    /** All at once: somebody waits for it. */
    updateAll(): void {
        this.#cards.forEach((card) => card.update());
    }

    close(): void {
        this.#cards.forEach((card) => card.close());
        this.#cards = [];
    }

    #rebuild(): void {
        this.#generation = store.generation;
        this.close();
        this.#cards = (store.dashboard?.tiles ?? []).filter(this.belongs).map(makeCard);
        this.#next = 0;
        this.grid.replaceChildren(...this.#cards.map((card) => card.element));
    }
}
