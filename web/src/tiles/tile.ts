/** tile.ts -- what a kind of tile is: one file that makes a body from rows. tiles/index.ts lists them. */
import type { Cell, Tile } from '../protocol.ts';
import type { QueryRows } from '../store.ts';

export interface TableData {
    columns: { name: string; unit?: string; numeric?: boolean }[];
    rows: Cell[][];
}

export interface TileBody {
    element: Element;
    /** Shows what the queries hold now; called at most once a screen frame. */
    update(): void;
    /** The same numbers for those who would rather read them. */
    table?(): TableData;
    /** Gives back what is not the element's own. */
    close?(): void;
}

export interface TileInput {
    tile: Tile;
    /** By the name of the SQL; a tile with one SQL has it under ''. */
    query(name: string): QueryRows | undefined;
    names: string[];
    unit(column?: string): string;
}

export interface TileKind {
    /** How much room it takes: one of four columns, two, or all. */
    width: 1 | 2 | 4;
    make(input: TileInput): TileBody;
}

export function numberOf(cell: Cell | undefined): number {
    return typeof cell === 'number' ? cell : Number(cell ?? 0) || 0;
}

/** Names of columns are upper case in SQL; people read words. */
export function wordsOf(name: string): string {
    const words = name.replace(/_/g, ' ').toLowerCase();
    return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What a chart says in place of an empty one. */
export const NOTHING_YET = 'Nothing yet.';

export const MINUTE_MS = 60_000;

/** Sum of the second column over rows whose first, a time, is from `from_ms` on. */
export function sumSince(query: QueryRows | undefined, from_ms: number): number {
    let sum = 0;
    for (const cells of query?.rows.values() ?? []) if (numberOf(cells[0]) >= from_ms) sum += numberOf(cells[1]);
    return sum;
}

/** The newest time in the first column; null: no rows. */
export function newest(query: QueryRows | undefined): number | null {
    let last: number | null = null;
    for (const cells of query?.rows.values() ?? []) {
        const at = numberOf(cells[0]);
        if (last === null || at > last) last = at;
    }
    return last;
}

/** Over the last 60 seconds of event time: windows of a second, the newest at `end_ms`. */
export function sumNow(query: QueryRows | undefined, end_ms: number | null): number | null {
    return end_ms === null ? null : sumSince(query, end_ms - MINUTE_MS + 1000);
}
