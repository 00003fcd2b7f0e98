/** keys.ts -- the keys of the page, and the help that lists them. */
import { h } from './dom.ts';
import { go, views } from './router.ts';

const keys: [string, string][] = [
    ['/', 'filter or search'],
    ['Space', 'pause and resume'],
    ['1 … 4', 'overview, pipeline, orders, SQL'],
    ['t', 'light, dark, or the system’s choice'],
    ['Esc', 'close a panel'],
    ['Ctrl + Enter', 'run the SQL'],
    ['?', 'this help'],
];

export interface KeyActions {
    pause(): void;
    theme(): void;
}

export function startKeys(actions: KeyActions): void {
    addEventListener('keydown', (event) => {
        const target = event.target as HTMLElement;
        if (event.ctrlKey || event.metaKey || event.altKey || target.matches('input, textarea, select')) return;
        // What Space itself presses; on a link it means nothing.
        const on_control = target.matches('button, summary, [role=button]');
        if (event.key === '/') focusFilter();
        else if (event.key === ' ' && !on_control) actions.pause();
        else if (event.key === '?') showHelp();
        else if (event.key === 't') actions.theme();
        else if (views[Number(event.key) - 1]) go(views[Number(event.key) - 1] ?? 'overview');
        else return;
        event.preventDefault();
    });
}

/** The view's own filter; where there is none, the one of the latest orders. */
function focusFilter(): void {
    const field = [...document.querySelectorAll<HTMLInputElement>('[data-filter], input[type=search]')].find((one) => one.offsetParent !== null);
    if (field) field.focus();
    else {
        go('orders');
        setTimeout(() => document.querySelector<HTMLInputElement>('[data-filter]')?.focus(), 50);
    }
}

export function showHelp(): void {
    if (document.querySelector('dialog.help')) return;
    const dialog = h('dialog', { class: 'help', 'aria-labelledby': 'help-title' },
        h('h2', { id: 'help-title' }, 'Keys'),
        h('dl', { class: 'keys' }, ...keys.flatMap(([key, what]) => [h('dt', {}, h('kbd', {}, key)), h('dd', {}, what)])),
        h('h2', {}, 'Numbers'),
        h('p', {}, '“In the last minute” is the last 60 seconds of event time, “today” begins at your midnight. ≈ marks what is read from a histogram. Every number is defined by SQL in dashboard.json.'),
        h('button', { type: 'button', class: 'primary', onclick: () => dialog.close() }, 'Close'));
    dialog.addEventListener('close', () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
}
