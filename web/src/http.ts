/** http.ts -- requests to the program that served the page, with failures people can read. */

export class Failure extends Error {
    constructor(
        message: string,
        readonly status: number,
        readonly body: Record<string, unknown> = {},
    ) {
        super(message);
    }
}

export async function request(path: string, init: RequestInit = {}): Promise<Response> {
    let response: Response;
    try {
        response = await fetch(path, init);
    } catch (error) {
        if (error instanceof DOMException && error.name === 'AbortError') throw error;
        throw new Failure('the server does not answer', 0);
    }
    if (!response.ok) throw await failureOf(response);
    return response;
}

export async function fetchJson<T>(path: string, init?: RequestInit): Promise<T> {
    return (await request(path, init)).json() as Promise<T>;
}

export function post(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
    return request(path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
        ...(signal ? { signal } : {}),
    });
}

async function failureOf(response: Response): Promise<Failure> {
    const text = await response.text();
    try {
        const body = JSON.parse(text) as Record<string, unknown>;
        return new Failure(String(body['message'] ?? response.statusText), response.status, body);
    } catch {
        return new Failure(text.slice(0, 500) || `status ${response.status}`, response.status);
    }
}
