/** feed.ts -- keeps the store equal to what the server knows: a snapshot, then frames in order. */
import { fetchJson, Failure } from './http.ts';
import { frameOf, type Asked, type Frame, type Link, type Said, type Snapshot } from './protocol.ts';
import { store } from './store.ts';
import { Stream } from './stream.ts';

export interface FeedState {
    link: Link;
    /** When the last word of the server came; 0: never. */
    heard_at_ms: number;
    /** Why there is no snapshot. */
    failure: string | null;
}

export const feed: FeedState = { link: { state: 'connecting' }, heard_at_ms: 0, failure: null };

/** Over so long without a word, numbers are not called live any more. */
export const STALE_MS = 3000;

let ask: (asked: Asked) => void = () => {};
let early: Frame[] = [];
let fetching = false;

export function startFeed(on_change: () => void): void {
    const hear = (said: Said): void => {
        if (said.kind === 'link') feed.link = said.link;
        if (said.kind === 'snapshot') takeSnapshot(said.snapshot, on_change);
        if (said.kind === 'frame') takeFrame(said.frame, on_change);
        on_change();
    };
    ask = connect(hear);
    ask({ kind: 'start' });
    void loadSnapshot(on_change);
}

export function retryNow(): void {
    ask({ kind: 'retry' });
}

export function isStale(now_ms: number): boolean {
    return feed.heard_at_ms > 0 && now_ms - feed.heard_at_ms > STALE_MS;
}

/** A SharedWorker where the browser has it, else a stream of this tab's own. */
function connect(hear: (said: Said) => void): (asked: Asked) => void {
    if (typeof SharedWorker === 'undefined') {
        const stream = new Stream(hear);
        return (asked) => {
            if (asked.kind === 'start') stream.start();
            if (asked.kind === 'retry') stream.retryNow();
        };
    }
    const port = new SharedWorker('/worker.js', { name: 'drivethru-feed' }).port;
    port.onmessage = (event: MessageEvent<Said>) => hear(event.data);
    addEventListener('pagehide', () => port.postMessage({ kind: 'bye' } satisfies Asked));
    addEventListener('pageshow', (event) => event.persisted && location.reload());
    return (asked) => port.postMessage(asked);
}

async function loadSnapshot(on_change: () => void): Promise<void> {
    if (fetching) return;
    fetching = true;
    try {
        const snapshot = await fetchJson<Snapshot>('/api/snapshot');
        fetching = false;
        takeSnapshot(snapshot, on_change);
    } catch (error) {
        fetching = false;
        if (!(error instanceof Failure)) throw error;
        feed.failure = error.message;
    }
    on_change();
}

/** It comes by two ways, the stream and a request of this tab's own: an older one is of no use. */
function takeSnapshot(snapshot: Snapshot, on_change: () => void): void {
    const have = frameOf(store.id);
    const got = frameOf(snapshot.id);
    feed.failure = null;
    feed.heard_at_ms = Date.now();
    if (have.start !== got.start || have.number < got.number) store.replace(snapshot);
    const waiting = early;
    early = [];
    waiting.forEach((frame) => takeFrame(frame, on_change));
}

/** Frames follow one another; where one is missing, all is asked for again. */
function takeFrame(frame: Frame, on_change: () => void): void {
    feed.heard_at_ms = Date.now();
    if (fetching || !store.id) {
        early.push(frame);
        return;
    }
    const have = frameOf(store.id);
    const next = frameOf(frame.id);
    if (next.start === have.start && next.number <= have.number) return;
    if (next.start === have.start && next.number === have.number + 1 && !frame.reload) store.apply(frame);
    else void loadSnapshot(on_change);
}
