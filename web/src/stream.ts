/** stream.ts -- one stream of /api/feed that comes back by itself, waiting longer each time. */
import type { Frame, Link, Said, Snapshot } from './protocol.ts';

const WAIT_MIN_MS = 1000;
const WAIT_MAX_MS = 10_000;
/** The server says something every second; after so long without it the connection is dead. */
const SILENCE_MAX_MS = 12_000;

export class Stream {
    #source: EventSource | null = null;
    #started = false;
    #wait_ms = WAIT_MIN_MS;
    #retry: ReturnType<typeof setTimeout> | undefined;
    #silence: ReturnType<typeof setTimeout> | undefined;
    #link: Link = { state: 'connecting' };

    constructor(private readonly say: (said: Said) => void) {}

    get link(): Link {
        return this.#link;
    }

    /** Opens, unless it did already. It begins with a snapshot, also when it comes back. */
    start(): void {
        if (this.#started) return;
        this.#started = true;
        this.#open();
    }

    retryNow(): void {
        if (this.#retry === undefined) return;
        clearTimeout(this.#retry);
        this.#open();
    }

    stop(): void {
        this.#close();
        this.#started = false;
    }

    #close(): void {
        clearTimeout(this.#retry);
        clearTimeout(this.#silence);
        this.#retry = undefined;
        this.#source?.close();
        this.#source = null;
    }

    #open(): void {
        this.#retry = undefined;
        this.#become({ state: 'connecting' });
        const source = new EventSource('/api/feed');
        this.#source = source;
        this.#listen();
        source.addEventListener('snapshot', (event: MessageEvent<string>) => {
            this.#heard();
            this.say({ kind: 'snapshot', snapshot: JSON.parse(event.data) as Snapshot });
        });
        source.addEventListener('update', (event: MessageEvent<string>) => {
            this.#heard();
            this.say({ kind: 'frame', frame: JSON.parse(event.data) as Frame });
        });
        source.addEventListener('error', () => this.#lost('the server does not answer'));
    }

    #heard(): void {
        this.#wait_ms = WAIT_MIN_MS;
        this.#listen();
        if (this.#link.state !== 'live') this.#become({ state: 'live' });
    }

    #listen(): void {
        clearTimeout(this.#silence);
        this.#silence = setTimeout(() => this.#lost('the server went silent'), SILENCE_MAX_MS);
    }

    #lost(cause: string): void {
        this.#close();
        const wait_ms = this.#wait_ms;
        this.#wait_ms = Math.min(wait_ms * 2, WAIT_MAX_MS);
        this.#retry = setTimeout(() => this.#open(), wait_ms);
        this.#become({ state: 'reconnecting', retry_at_ms: Date.now() + wait_ms, cause });
    }

    #become(link: Link): void {
        this.#link = link;
        this.say({ kind: 'link', link });
    }
}
