/** program.ts -- a running drivethru for tests: started on a free port, killed, started again. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const program = process.env['PROGRAM'] ?? join(root, 'build/debug/drivethru');
const START_MS = 60_000;

export class Program {
    readonly directory = mkdtempSync(join(tmpdir(), 'drivethru-web-'));
    readonly pipeline = join(this.directory, 'pipeline');
    url = '';
    #child: ChildProcess | null = null;
    #listen = '127.0.0.1:0';
    #said = '';

    /** The shipped pipeline, in a copy that a test may change. */
    constructor(pipeline = join(root, 'pipeline')) {
        cpSync(pipeline, this.pipeline, { recursive: true });
    }

    async start(...flags: string[]): Promise<void> {
        const child = spawn(program, ['up', '--data', join(this.directory, 'data'), '--pipeline', this.pipeline, '--listen', this.#listen, '--unsynced', '--quiet', ...flags], {
            stdio: ['ignore', 'ignore', 'pipe'],
        });
        this.#child = child;
        this.#said = '';
        this.url = await new Promise<string>((resolve, reject) => {
            const timer = setTimeout(() => reject(new Error(`no address after ${START_MS} ms: ${this.#said}`)), START_MS);
            child.stderr?.on('data', (bytes: Buffer) => {
                this.#said += bytes.toString();
                const found = /http:\/\/[\d.:]+\//.exec(this.#said);
                if (!found) return;
                clearTimeout(timer);
                resolve(found[0]);
            });
            child.once('exit', (code) => reject(new Error(`ended with ${code}: ${this.#said}`)));
        });
        this.#listen = new URL(this.url).host;
    }

    signal(signal: NodeJS.Signals): void {
        this.#child?.kill(signal);
    }

    async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
        const child = this.#child;
        if (!child || child.exitCode !== null || child.signalCode !== null) return;
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill(signal);
        child.kill('SIGCONT');
        await ended;
    }

    /** Ends it as a user does; what it left behind is looked at. */
    async stop(): Promise<void> {
        await this.kill('SIGTERM');
        const failed = /runtime error|AddressSanitizer|assertion/.exec(this.#said);
        rmSync(this.directory, { recursive: true, force: true });
        if (failed) throw new Error(this.#said);
    }

    /** Another command on the same data. */
    run(...words: string[]): string {
        return execFileSync(program, [...words, '--data', join(this.directory, 'data')], { encoding: 'utf8' });
    }

    async json<T>(path: string, init?: RequestInit): Promise<T> {
        const response = await fetch(new URL(path, this.url), init);
        if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
        return (await response.json()) as T;
    }

    /** Rows of a pull query. */
    async pull(sql: string): Promise<unknown[][]> {
        const response = await fetch(new URL('/query-stream', this.url), { method: 'POST', body: JSON.stringify({ sql, properties: {} }) });
        const lines = (await response.text()).trim().split('\n').map((line) => JSON.parse(line) as unknown);
        return lines.slice(1) as unknown[][];
    }

    async ksql(ksql: string): Promise<unknown> {
        return this.json('/ksql', { method: 'POST', body: JSON.stringify({ ksql, streamsProperties: {} }) });
    }
}
