/** pipeline.ts -- what /api/pipeline says, and how its pieces hang together. */
import { rate } from './number.ts';
import { store } from './store.ts';
import type { TableData } from './tiles/tile.ts';

export interface Topic {
    name: string;
    partitions: number;
    bytes: number;
    /** Streams and tables over it. */
    sources: string[];
    /** Of its values in the registry; null: none. */
    subject: string | null;
}

export interface Query {
    id: string;
    sql: string;
    reads: string[];
    writes: string | null;
    why: string | null;
    state: "restoring" | "running" | "paused" | "error";
    /** Of its state read back after a start: 0 to 1. */
    restored: number;
    state_rows: number;
    state_bytes: number;
}

export interface Sink {
    name: string;
    reads: string[];
    collections: string[];
    documents: number;
    dead_letters: number;
    why: string | null;
}

/** What the server has counted since it started. */
export interface Server {
    feed_clients: number;
    push_queries: number;
    counters: { name: string; help: string; count: number }[];
}

export interface Pipeline {
    topics: Topic[];
    queries: Query[];
    sinks: Sink[];
    server: Server;
}

export type NodeKind = 'topic' | 'query' | 'sink';

export interface Edge {
    from: string;
    to: string;
    /** Name of the count whose rate is this edge's; see store.rates. */
    counted: string;
    lag: () => number;
}

export function nodeId(kind: NodeKind, name: string): string {
    return `${kind} ${name}`;
}

export function edgesOf(pipeline: Pipeline): Edge[] {
    const queries = pipeline.queries.flatMap((query) => [
        ...query.reads.map((topic) => ({
            from: nodeId('topic', topic), to: nodeId('query', query.id), counted: `query ${query.id}`,
            lag: () => store.progress.queries[query.id]?.lag ?? 0,
        })),
        ...(query.writes ? [{ from: nodeId('query', query.id), to: nodeId('topic', query.writes), counted: `topic ${query.writes}`, lag: () => 0 }] : []),
    ]);
    const sinks = pipeline.sinks.flatMap((sink) => sink.reads.map((topic) => ({
        from: nodeId('topic', topic), to: nodeId('sink', sink.name), counted: `sink ${sink.name}`,
        lag: () => store.progress.sinks[sink.name]?.lag ?? 0,
    })));
    return [...queries, ...sinks];
}

export function edgesTable(pipeline: Pipeline): TableData {
    const words = (id: string): string => id.replace(' ', ': ');
    return {
        columns: [{ name: 'From' }, { name: 'To' }, { name: 'Records a second', numeric: true }, { name: 'Lag', numeric: true }],
        rows: edgesOf(pipeline).map((edge) => [words(edge.from), words(edge.to), rate(store.rates.rate(edge.counted)), edge.lag()]),
    };
}
