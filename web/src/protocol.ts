/** protocol.ts -- what /api/snapshot and /api/feed say; docs/api.md has the words for it. */

export type Cell = string | number | boolean | null | Cell[] | { [name: string]: Cell };

/** A row's slot, then its cells; a slot alone: the row is gone. */
export type Row = [number, ...Cell[]];

export interface Column {
    name: string;
    type: string;
}

export interface QuerySnapshot {
    sql: string;
    columns: Column[];
    /** Why there are no rows: the table is missing, the SQL is wrong. */
    error: string | null;
    /** Rows there was no room for. */
    left_out: number;
    rows: Row[];
}

export interface Tile {
    title: string;
    kind: string;
    view?: string;
    width?: 1 | 2 | 4;
    unit?: string | Record<string, string>;
    note?: string;
    topics?: string[];
    /** One query, or several by name. */
    sql?: string | Record<string, string>;
}

export interface Search {
    title: string;
    key: string;
    sql: string;
    unit?: Record<string, string>;
    records?: { title: string; topic: string; partition: string; offset: string }[];
    document?: { collection: string; times: string[]; field: string };
}

export interface Dashboard {
    title?: string;
    empty?: string;
    tiles: Tile[];
    search?: Search;
}

/** How far something has come: records behind it and records before it. */
export interface Progress {
    state: string;
    read: number;
    lag: number;
}

export interface Numbers {
    /** Records ever written, by topic. */
    topics?: Record<string, number>;
    queries?: Record<string, Progress>;
    sinks?: Record<string, Progress>;
}

export interface Snapshot extends Numbers {
    id: string;
    now_ms: number;
    dashboard: Dashboard;
    dashboard_error: string | null;
    rows: QuerySnapshot[];
}

export interface Frame extends Numbers {
    id: string;
    now_ms: number;
    /** Tiles or columns are others than before: a snapshot is needed. */
    reload?: boolean;
    rows?: Record<string, Row[]>;
}

/** What the stream is doing; `cause` is for people. */
export type Link =
    | { state: 'connecting' }
    | { state: 'live' }
    | { state: 'reconnecting'; retry_at_ms: number; cause: string };

/** Worker to page. */
export type Said =
    | { kind: 'link'; link: Link }
    | { kind: 'frame'; frame: Frame }
    | { kind: 'snapshot'; snapshot: Snapshot };

/** Page to worker. */
export type Asked = { kind: 'start' } | { kind: 'retry' } | { kind: 'bye' };

/** "1764077541123-42": when the process started, which frame. */
export function frameOf(id: string): { start: string; number: number } {
    const dash = id.lastIndexOf('-');
    return { start: id.slice(0, dash), number: Number(id.slice(dash + 1)) };
}
