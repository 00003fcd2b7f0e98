/** sql.ts -- a box for statements: rows as they come, errors at their place. */
import { h, saveAs, setText } from '../dom.ts';
import { Failure } from '../http.ts';
import { cellView } from '../parts/cell.ts';
import type { Cell, Column } from '../protocol.ts';
import { execute, stream } from '../query.ts';
import { choose, place } from '../router.ts';
import type { View } from './view.ts';

const ROWS_MAX = 500;
const SHOW_EVERY_MS = 250;

const examples = [
    { title: 'One order', sql: "SELECT * FROM order_story LIMIT 1;" },
    { title: 'Best items', sql: 'SELECT item_name, quantity, revenue FROM revenue_by_item;' },
    { title: 'Orders as they are paid', sql: 'SELECT order_id, payment_method, payment_amount\nFROM mcd_orders_payments_joined\nEMIT CHANGES;' },
    { title: 'Queries that run', sql: 'SHOW QUERIES;' },
];

/** Keeps rows until the next screen frame that may show them: a fast query must not freeze the page. */
class Results {
    readonly element = h('div', { class: 'results' });
    columns: Column[] = [];
    rows: Cell[][] = [];
    count = 0;
    #shown_ms = 0;
    #timer: ReturnType<typeof setTimeout> | undefined;

    start(columns: Column[]): void {
        this.columns = columns;
        this.rows = [];
        this.count = 0;
        this.show();
    }

    add(cells: Cell[]): void {
        this.count++;
        this.rows.push(cells);
        if (this.rows.length > ROWS_MAX) this.rows.shift();
        const wait_ms = SHOW_EVERY_MS - (performance.now() - this.#shown_ms);
        this.#timer ??= setTimeout(() => this.show(), Math.max(0, wait_ms));
    }

    show(): void {
        clearTimeout(this.#timer);
        this.#timer = undefined;
        this.#shown_ms = performance.now();
        const numeric = (cell: Cell): boolean => typeof cell === 'number';
        const head = h('tr', {}, ...this.columns.map((column) => h('th', { scope: 'col' }, column.name, h('span', { class: 'type' }, column.type))));
        const rows = this.rows.map((cells) => h('tr', {}, ...cells.map((cell) => h('td', { class: numeric(cell) ? 'number' : null }, cell === null ? h('i', { class: 'muted' }, 'null') : typeof cell === 'number' ? String(cell) : cellView(cell)))));
        this.element.replaceChildren(h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Rows' }, h('table', { class: 'rows mono' }, h('thead', {}, head), h('tbody', {}, ...rows))));
    }

    message(...children: (Node | string)[]): void {
        clearTimeout(this.#timer);
        this.#timer = undefined;
        this.columns = [];
        this.rows = [];
        this.element.replaceChildren(...children);
    }
}

/** "line 2:15: ...", "2:15: ..." or "line 2, column 15": where it hurts. */
export function placeOf(message: string): { line: number; column: number } | null {
    const found = /line (\d+)[:,]?\s*(?:column )?(\d+)/i.exec(message) ?? /(?:^|\s)(\d+):(\d+):/.exec(message);
    return found ? { line: Number(found[1]), column: Number(found[2]) } : null;
}

function errorView(failure: Failure, sql: string): HTMLElement {
    const at = placeOf(failure.message);
    const line = at ? sql.split('\n')[at.line - 1] : undefined;
    return h('div', { class: 'problem', role: 'alert' }, h('strong', {}, at ? `Line ${at.line}, column ${at.column}` : 'Refused'),
        h('p', {}, failure.message),
        line === undefined || !at ? null : h('pre', { class: 'code' }, `${line}\n${' '.repeat(Math.max(0, at.column - 1))}^`));
}

function answerView(answer: Record<string, unknown>): HTMLElement {
    const status = answer['commandStatus'] as { message?: string } | undefined;
    if (status?.message) return h('p', { class: 'answer' }, status.message);
    const list = Object.entries(answer).find(([, value]) => Array.isArray(value) && value.length > 0 && typeof value[0] === 'object');
    if (list && list[0] !== 'warnings') return listView(list[1] as Record<string, Cell>[]);
    const text = ['executionPlan', 'topology'].map((name) => answer[name]).find((one) => typeof one === 'string');
    return h('pre', { class: 'code', tabindex: 0 }, typeof text === 'string' ? text : JSON.stringify(answer, null, 2));
}

function listView(rows: Record<string, Cell>[]): HTMLElement {
    const names = Object.keys(rows[0] ?? {});
    return h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Rows' }, h('table', { class: 'rows mono' },
        h('thead', {}, h('tr', {}, ...names.map((name) => h('th', { scope: 'col' }, name)))),
        h('tbody', {}, ...rows.map((row) => h('tr', {}, ...names.map((name) => h('td', {}, cellView(row[name]))))))));
}

export function sqlView(): View {
    const box = h('textarea', { class: 'sql-box', rows: 7, spellcheck: 'false', autocapitalize: 'off', 'aria-label': 'SQL', 'aria-describedby': 'sql-hint' });
    const run = h('button', { class: 'primary', type: 'submit' }, 'Run');
    const stop = h('button', { class: 'tool', type: 'button', hidden: true, onclick: () => abort?.abort() }, 'Stop');
    const earliest = h('input', { type: 'checkbox', id: 'earliest' });
    const status = h('p', { class: 'muted small', role: 'status' });
    const results = new Results();
    const save = h('button', { class: 'quiet', type: 'button', hidden: true, onclick: () => saveAs('rows.json', 'application/json', JSON.stringify(results.rows.map((cells) => Object.fromEntries(results.columns.map((column, i) => [column.name, cells[i] ?? null]))), null, 2)) }, 'Save as JSON');
    const form = h('form', { class: 'card sql-form', onsubmit: (event: SubmitEvent) => { event.preventDefault(); void start(); } },
        h('div', { class: 'toolbar' }, ...examples.map((example) => h('button', { type: 'button', class: 'choice', onclick: () => { box.value = example.sql; box.focus(); } }, example.title))),
        box,
        h('div', { class: 'toolbar' }, run, stop, h('label', { class: 'check', for: 'earliest' }, earliest, ' from the beginning'), h('span', { class: 'muted small', id: 'sql-hint' }, 'Ctrl+Enter runs'), save));
    const element = h('div', {}, h('div', { class: 'view-head' }, h('h1', {}, 'SQL')), form, h('section', { class: 'card', 'aria-label': 'Answer' }, status, results.element));
    let abort: AbortController | null = null;

    box.value = place().choices.get('sql') ?? examples[1]?.sql ?? '';
    box.addEventListener('keydown', (event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
        event.stopPropagation();
    });

    async function start(): Promise<void> {
        abort?.abort();
        const mine = (abort = new AbortController());
        const sql = box.value.trim();
        choose('sql', sql);
        stop.hidden = false;
        save.hidden = true;
        box.removeAttribute('aria-invalid');
        setText(status, 'Running…');
        const ticking = setInterval(() => setText(status, `Running: ${results.count} rows`), 500);
        const began = performance.now();
        try {
            const rows = await answer(sql, mine.signal);
            setText(status, `${rows === null ? 'Done' : `${rows} rows`} in ${Math.round(performance.now() - began)} ms${results.count > ROWS_MAX ? `; the last ${ROWS_MAX} are shown` : ''}`);
        } catch (error) {
            if (abort === mine) showError(error, sql);
        } finally {
            clearInterval(ticking);
            if (abort === mine) stop.hidden = true;
            save.hidden = results.rows.length === 0;
        }
    }

    async function answer(sql: string, signal: AbortSignal): Promise<number | null> {
        if (/^\s*(--[^\n]*\n\s*)*select\b/i.test(sql)) {
            results.message();
            await stream(sql, earliest.checked ? { 'auto.offset.reset': 'earliest' } : {}, { columns: (columns) => results.start(columns), row: (cells) => results.add(cells) }, signal);
            results.show();
            return results.count;
        }
        results.message(...(await execute(sql)).map(answerView));
        return null;
    }

    function showError(error: unknown, sql: string): void {
        if (error instanceof DOMException && error.name === 'AbortError') {
            results.show();
            setText(status, `Stopped after ${results.count} rows`);
            return;
        }
        if (!(error instanceof Failure)) throw error;
        setText(status, '');
        box.setAttribute('aria-invalid', 'true');
        results.message(errorView(error, sql));
        const at = placeOf(error.message);
        if (!at) return;
        const begin = sql.split('\n').slice(0, at.line - 1).reduce((sum, line) => sum + line.length + 1, 0) + at.column - 1;
        const word = /^\w+|^./.exec(sql.slice(begin))?.[0].length ?? 1;
        box.focus();
        box.setSelectionRange(begin, begin + word);
    }

    return { element, update() {}, close: () => abort?.abort() };
}
