/** store.ts -- the numbers the page shows: rows of each query, and how far the pipeline is. */
import type { Cell, Column, Dashboard, Frame, Numbers, Progress, Row, Snapshot } from './protocol.ts';

export class QueryRows {
    readonly rows = new Map<number, Cell[]>();
    /** Grows with every change. */
    version = 0;

    constructor(
        readonly sql: string,
        readonly columns: Column[],
        readonly error: string | null,
        readonly left_out: number,
    ) {}

    apply(rows: Row[]): void {
        for (const [slot, ...cells] of rows) {
            if (cells.length > 0) this.rows.set(slot, cells);
            else this.rows.delete(slot);
        }
        this.version++;
    }

    column(name: string): number {
        return this.columns.findIndex((column) => column.name === name);
    }
}

/** Counts that grow, and how fast: over the last seconds, by the server's clock. */
export class Rates {
    static readonly SPAN_MS = 5000;
    readonly #points = new Map<string, { at_ms: number; count: number }[]>();

    add(name: string, at_ms: number, count: number): void {
        const points = this.#points.get(name) ?? [];
        points.push({ at_ms, count });
        while (points.length > 2 && at_ms - (points[1]?.at_ms ?? at_ms) >= Rates.SPAN_MS) points.shift();
        this.#points.set(name, points);
    }

    /** A second; null: not known yet. */
    rate(name: string): number | null {
        const points = this.#points.get(name);
        const first = points?.[0];
        const last = points?.[points.length - 1];
        if (!first || !last || last.at_ms <= first.at_ms) return null;
        return Math.max(0, ((last.count - first.count) * 1000) / (last.at_ms - first.at_ms));
    }

    clear(): void {
        this.#points.clear();
    }
}

class Store {
    id = '';
    now_ms = 0;
    dashboard: Dashboard | null = null;
    dashboard_error: string | null = null;
    queries: QueryRows[] = [];
    topics: Record<string, number> = {};
    progress: { queries: Record<string, Progress>; sinks: Record<string, Progress> } = { queries: {}, sinks: {} };
    readonly rates = new Rates();
    /** Grows when tiles or queries are other ones than before. */
    generation = 0;

    replace(snapshot: Snapshot): void {
        this.id = snapshot.id;
        this.dashboard = snapshot.dashboard;
        this.dashboard_error = snapshot.dashboard_error;
        this.queries = snapshot.rows.map((query) => {
            const rows = new QueryRows(query.sql, query.columns, query.error, query.left_out);
            rows.apply(query.rows);
            return rows;
        });
        this.rates.clear();
        this.topics = {};
        this.progress = { queries: {}, sinks: {} };
        this.#take(snapshot, snapshot.now_ms);
        this.generation++;
    }

    query(sql: string | undefined): QueryRows | undefined {
        return this.queries.find((query) => query.sql === sql);
    }

    apply(frame: Frame): void {
        this.id = frame.id;
        for (const [index, rows] of Object.entries(frame.rows ?? {})) this.queries[Number(index)]?.apply(rows);
        this.#take(frame, frame.now_ms);
    }

    #take(numbers: Numbers, now_ms: number): void {
        this.now_ms = now_ms;
        if (numbers.topics) {
            Object.assign(this.topics, numbers.topics);
            for (const [name, count] of Object.entries(this.topics)) this.rates.add(`topic ${name}`, now_ms, count);
        }
        if (numbers.queries) {
            this.progress.queries = numbers.queries;
            for (const [name, at] of Object.entries(numbers.queries)) this.rates.add(`query ${name}`, now_ms, at.read);
        }
        if (numbers.sinks) {
            this.progress.sinks = numbers.sinks;
            for (const [name, at] of Object.entries(numbers.sinks)) this.rates.add(`sink ${name}`, now_ms, at.read);
        }
    }
}

export const store = new Store();
