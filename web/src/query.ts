/** query.ts -- SQL over HTTP: /query-stream for SELECT, /ksql for everything else. */
import { Failure, post } from './http.ts';
import type { Cell, Column } from './protocol.ts';

export interface PullResult {
    columns: Column[];
    rows: Cell[][];
}

export interface RowSink {
    columns(columns: Column[]): void;
    row(cells: Cell[]): void;
}

/** Streams a query's rows until it ends, the reader has enough, or the signal says so. */
export async function stream(sql: string, properties: Record<string, string>, sink: RowSink, signal?: AbortSignal): Promise<void> {
    const response = await post('/query-stream', { sql, properties }, signal);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    while (reader) {
        const { done, value } = await reader.read();
        const lines = (rest + (value ?? '')).split('\n');
        rest = done ? '' : lines.pop() ?? '';
        for (const line of lines) if (line.trim()) takeLine(line, sink);
        if (done) return;
    }
}

function takeLine(line: string, sink: RowSink): void {
    const said = JSON.parse(line) as Cell[] | { columnNames: string[]; columnTypes: string[] } | Record<string, unknown>;
    if (Array.isArray(said)) return sink.row(said);
    if ('columnNames' in said) {
        const { columnNames, columnTypes } = said as { columnNames: string[]; columnTypes: string[] };
        return sink.columns(columnNames.map((name, i) => ({ name, type: columnTypes[i] ?? '' })));
    }
    if ('message' in said) throw new Failure(String(said['message']), 0, said as Record<string, unknown>);
}

export async function pull(sql: string): Promise<PullResult> {
    const result: PullResult = { columns: [], rows: [] };
    await stream(sql, {}, { columns: (columns) => (result.columns = columns), row: (cells) => result.rows.push(cells) });
    return result;
}

/** Answers of statements, as ksqlDB tags them. */
export async function execute(ksql: string): Promise<Record<string, unknown>[]> {
    const response = await post('/ksql', { ksql, streamsProperties: {} });
    return (await response.json()) as Record<string, unknown>[];
}
