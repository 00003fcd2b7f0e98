/** theme.ts -- light or dark: the system's choice, or the reader's, kept in this browser. */

export type Theme = 'system' | 'light' | 'dark';
const KEY = 'drivethru-theme';
const order: Theme[] = ['system', 'light', 'dark'];
const listeners: (() => void)[] = [];
const dark = matchMedia('(prefers-color-scheme: dark)');

export function theme(): Theme {
    const kept = localStorage.getItem(KEY);
    return kept === 'light' || kept === 'dark' ? kept : 'system';
}

export function startTheme(): void {
    show();
    dark.addEventListener('change', show);
}

/** To the next of system, light, dark. */
export function switchTheme(): Theme {
    const next = order[(order.indexOf(theme()) + 1) % order.length] ?? 'system';
    if (next === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
    show();
    return next;
}

/** Canvases have no style sheet: they ask for colours and are told when those change. */
export function onTheme(listener: () => void): void {
    listeners.push(listener);
}

export function colour(name: string): string {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function show(): void {
    const chosen = theme();
    document.documentElement.dataset['theme'] = chosen === 'system' ? (dark.matches ? 'dark' : 'light') : chosen;
    listeners.forEach((listener) => listener());
}
