/** worker.ts -- the browser's one stream, shared by all tabs of the page (SharedWorker). */
import type { Asked, Said } from './protocol.ts';
import { Stream } from './stream.ts';

interface WorkerScope {
    onconnect: ((event: MessageEvent) => void) | null;
}

const ports = new Set<MessagePort>();
const stream = new Stream((said: Said) => ports.forEach((port) => port.postMessage(said)));

(self as unknown as WorkerScope).onconnect = (event) => {
    const port = event.ports[0];
    if (!port) return;
    ports.add(port);
    port.onmessage = (message: MessageEvent<Asked>) => {
        const asked = message.data;
        if (asked.kind === 'start') stream.start();
        if (asked.kind === 'retry') stream.retryNow();
        if (asked.kind === 'bye') {
            ports.delete(port);
            if (ports.size === 0) stream.stop();
        }
    };
    port.postMessage({ kind: 'link', link: stream.link } satisfies Said);
};
