/** api.spec.ts -- the routes under the page, asked directly. */
import { expect, test } from '@playwright/test';
import { Program } from './program.ts';

const program = new Program();

interface Documents {
    documents: { ORDER_ID: string; _id: { $oid: string } }[];
    cursor: string | null;
}

interface Messages {
    messages: { partition: number; offset: number; timestamp_ms: number; value_schema_id: number }[];
    next: number[];
    skipped: number;
}

test.beforeAll(async () => {
    test.setTimeout(90_000);
    await program.start('--history', '5m', '--rate', '20', '--malformed-share', '0.01');
    await expect.poll(async () => (await program.json<Documents>('/api/documents/orders_payments?limit=10000')).documents.length, { timeout: 60_000 }).toBeGreaterThan(500);
});
test.afterAll(() => program.stop());

async function refused(path: string, status: number, words: RegExp, init?: RequestInit): Promise<void> {
    const response = await fetch(new URL(path, program.url), init);
    expect(response.status, path).toBe(status);
    expect(((await response.json()) as { message: string }).message).toMatch(words);
}

test('documents: each once, page after page, while others arrive', async () => {
    const seen = new Set<string>();
    let cursor: string | null = '';
    for (let page = 0; page < 20 && cursor !== null; page++) {
        const answer: Documents = await program.json(`/api/documents/orders_payments?limit=25${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);
        for (const { _id } of answer.documents) {
            expect(seen.has(_id.$oid)).toBe(false);
            seen.add(_id.$oid);
        }
        cursor = answer.cursor;
    }
    expect(seen.size).toBe(500);
});

test('documents: by id, by time, as CSV', async () => {
    const { documents } = await program.json<Documents>('/api/documents/orders_payments?limit=2');
    const one = await program.json<{ ORDER_ID: string }>(`/api/documents/orders_payments/${documents[0]!._id.$oid}`);
    expect(one.ORDER_ID).toBe(documents[0]!.ORDER_ID);
    const now = Date.now();
    const old = await program.json<Documents>(`/api/documents/orders_payments?from=0&to=${now - 3_600_000_000}`);
    expect(old).toEqual({ documents: [], cursor: null });
    const csv = await (await fetch(new URL('/api/documents/orders_payments?limit=3&format=csv', program.url))).text();
    const lines = csv.trimEnd().split('\r\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toContain('ORDER_ID,');
    await refused('/api/documents/orders_payments?limit=0', 400, /'limit' is a number from 1/);
    await refused('/api/documents/orders_payments?cursor=zz', 400, /cursor/);
    await refused('/api/documents/orders_payments?format=xml', 400, /json or csv/);
    await refused('/api/documents/orders_payments/nobody', 404, /no document 'nobody'/);
});

test('messages: the newest, from an offset, from a time, since a place', async () => {
    const path = '/api/topics/mcd_orders/messages';
    const newest = await program.json<Messages>(`${path}?limit=10`);
    const times = newest.messages.map((one) => one.timestamp_ms);
    expect(times).toEqual([...times].sort((a, b) => b - a));
    expect(newest.next).toHaveLength(4);
    const some = await program.json<Messages>(`${path}?partition=2&offset=3&limit=5`);
    expect(some.messages.map((one) => [one.partition, one.offset])).toEqual([[2, 3], [2, 4], [2, 5], [2, 6], [2, 7]]);
    const middle = times[5]!;
    const since = await program.json<Messages>(`${path}?time=${middle}&limit=3`);
    expect(since.messages.length).toBeGreaterThan(0);
    const all = await program.json<Messages>(`${path}?after=0,0,0,0&limit=10`);
    expect(all.messages).toHaveLength(10);
    expect(all.skipped).toBe(all.next.reduce((a, b) => a + b, 0) - 10);
    await refused('/api/topics/nothing/messages', 404, /no topic 'nothing'/);
    await refused(`${path}?partition=9&offset=1`, 400, /partitions 0 to 3/);
    await refused(`${path}?after=1,2`, 400, /an offset a partition/);
});

test('dead letters, schemas and the sink refuse what is not there', async () => {
    const json = { 'Content-Type': 'application/json' };
    await refused('/api/schemas/nothing-value', 404, /no such subject/);
    await refused('/api/sinks/nobody/pause', 404, /no such sink/, { method: 'POST', headers: json, body: '{}' });
    await refused('/api/sinks/mcd-documents/explode', 404, /pause, resume and restart/, { method: 'POST', headers: json, body: '{}' });
    await refused('/api/dead-letters/replay', 400, /wanted: topic/, { method: 'POST', headers: json, body: '{"topic":"mcd_orders","partition":0,"offset":0}' });
    await refused('/api/dead-letters/replay', 404, /no such dead letter/, { method: 'POST', headers: json, body: '{"topic":"drivethru-dlq","partition":0,"offset":99999}' });
    await refused('/api/dead-letters?limit=x', 400, /1 to 500/);
});

interface Event {
    id: string;
    name: string;
    data: Record<string, unknown>;
}

/** The first events of the feed: so many, or until they are enough. */
async function follow(wanted: number | ((events: Event[]) => boolean), last = ''): Promise<Event[]> {
    const enough = typeof wanted === 'number' ? (events: Event[]): boolean => events.length >= wanted : wanted;
    const stop = new AbortController();
    const response = await fetch(new URL('/api/feed', program.url), { headers: last ? { 'Last-Event-ID': last } : {}, signal: stop.signal });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    const events: Event[] = [];
    let text = '';
    while (!enough(events)) {
        text += (await reader.read()).value ?? '';
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
            const fields = Object.fromEntries(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
            if (fields['data']) events.push({ id: fields['id'] ?? '', name: fields['event'] ?? '', data: JSON.parse(fields['data']) as Record<string, unknown> });
        }
    }
    stop.abort();
    return typeof wanted === 'number' ? events.slice(0, wanted) : events;
}

const number = (id: unknown): number => Number(String(id).split('-')[1]);

test('the feed: a snapshot, then every update in order; at most four a second', async () => {
    const began = Date.now();
    const events = await follow(17);
    expect(events[0]!.name).toBe('snapshot');
    expect(events.slice(1).every((one) => one.name === 'update')).toBe(true);
    events.forEach((one, i) => i && expect(number(one.data['id'])).toBe(number(events[i - 1]!.data['id']) + 1));
    /* The snapshot is at most a second old: so many updates come with it. */
    expect(Date.now() - began).toBeGreaterThanOrEqual((16 - 1 - 4) * 250);
});

test('the feed goes on after a known id, and starts anew after one it does not know', async () => {
    const [first, second] = await follow(3);
    const [again] = await follow(1, first!.id);
    expect(again!.name).toBe('update');
    expect(again!.id).toBe(second!.id);
    expect((await follow(1, '1-1'))[0]!.name).toBe('snapshot');
});

test('a snapshot and the updates after it make the next snapshot', async () => {
    type Rows = [number, ...unknown[]][];
    const tables = (rows: { rows: Rows }[]): Map<number, unknown[]>[] => rows.map((view) => new Map(view.rows.map(([slot, ...cells]) => [slot, cells])));
    let later: { id: string; rows: { rows: Rows }[] } | null = null;
    const following = follow((events) => later !== null && number(events.at(-1)?.data['id']) >= number(later.id));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    later = await program.json<{ id: string; rows: { rows: Rows }[] }>('/api/snapshot');
    const events = await following;
    const views = tables(events[0]!.data['rows'] as { rows: Rows }[]);
    const upto = number(later.id);
    const updates = events.slice(1).filter((one) => number(one.data['id']) <= upto);
    expect(updates.map((one) => one.data['id'])).toContain(later.id);
    for (const update of updates)
        for (const [index, rows] of Object.entries(update.data['rows'] as Record<string, Rows>))
            for (const [slot, ...cells] of rows) {
                if (cells.length) views[Number(index)]!.set(slot, cells);
                else views[Number(index)]!.delete(slot);
            }
    const sorted = (one: Map<number, unknown[]>): unknown => [...one].sort((a, b) => a[0] - b[0]);
    tables(later.rows).forEach((view, i) => expect(sorted(views[i]!)).toEqual(sorted(view)));
});
