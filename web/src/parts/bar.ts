/** bar.ts -- the top of the page: where to go, whether it is live, pause, theme, help. */
import { feed, isStale, retryNow } from '../feed.ts';
import { h, s, setAttribute, setText } from '../dom.ts';
import { count, duration, timeOfDay } from '../number.ts';
import { link, place } from '../router.ts';
import { store } from '../store.ts';
import { onTheme, switchTheme, theme } from '../theme.ts';

/** A live pipeline is behind by what comes in a moment; this is more than a moment's. */
const LAG_SHOWN = 50_000;

const titles: Record<string, string> = { overview: 'Overview', pipeline: 'Pipeline', orders: 'Orders', sql: 'SQL' };

export interface BarActions {
    pause(): void;
    help(): void;
}

export interface Bar {
    update(paused: boolean, waiting: number): void;
}

/** What the page may claim about its numbers. */
function condition(paused: boolean, now_ms: number): { name: string; words: string } {
    if (!store.id && feed.failure) return { name: 'error', words: 'No connection' };
    if (feed.link.state === 'reconnecting') return { name: 'reconnecting', words: 'Reconnecting' };
    if (!store.id) return { name: 'connecting', words: 'Connecting' };
    if (isStale(now_ms)) return { name: 'stale', words: 'Stale' };
    if (paused) return { name: 'paused', words: 'Paused' };
    return { name: 'live', words: 'Live' };
}

/** Each state has its own shape, so that colour is never the only sign. */
const shapes: Record<string, string> = {
    live: 'M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1z',
    paused: 'M2 1h3v10H2zM7 1h3v10H7z',
    stale: 'M6 1l5.5 10H.5z',
    reconnecting: 'M6 1a5 5 0 1 1-4.3 2.5l1.7 1A3 3 0 1 0 6 3z',
    connecting: 'M6 1a5 5 0 1 1-4.3 2.5l1.7 1A3 3 0 1 0 6 3z',
    error: 'M2 .8L6 4.7 10 .8 11.2 2 7.3 6l3.9 4-1.2 1.2-4-3.9-4 3.9L.8 10l3.9-4L.8 2z',
};

export function startBar(holder: HTMLElement, banner: HTMLElement, actions: BarActions): Bar {
    const links = Object.entries(titles).map(([view, title]) => h('a', { href: link(view), 'data-view': view }, title));
    const shape = s('path', { d: shapes['connecting'] ?? '' });
    const word = h('span', { class: 'state-word' }, 'Connecting');
    const fresh = h('span', { class: 'state-fresh' });
    const state = h('p', { class: 'state' }, s('svg', { viewBox: '0 0 12 12', 'aria-hidden': 'true' }, shape), word, fresh);
    const spoken = h('p', { class: 'hidden', role: 'status', 'aria-live': 'polite' });
    const pause = h('button', { type: 'button', class: 'tool', onclick: actions.pause }, 'Pause');
    const themes = h('button', { type: 'button', class: 'tool', onclick: switchTheme });
    const help = h('button', { type: 'button', class: 'tool', 'aria-label': 'Help and keys', onclick: actions.help }, '?');

    function showTheme(): void {
        const words = { system: 'Auto', light: 'Light', dark: 'Dark' }[theme()];
        setText(themes, words);
        setAttribute(themes, 'aria-label', `Theme: ${words}. Switch`);
    }

    showTheme();
    onTheme(showTheme);
    /* Its name is in index.html already: that is painted while this is still being read. */
    holder.append(
        h('nav', { 'aria-label': 'Views' }, ...links), state, spoken, h('div', { class: 'tools' }, pause, themes, help));

    let said = '';
    return {
        update(paused, waiting) {
            const now_ms = Date.now();
            const now = condition(paused, now_ms);
            setAttribute(document.documentElement, 'data-state', now.name);
            setAttribute(shape, 'd', shapes[now.name] ?? '');
            setText(word, now.words);
            setText(fresh, freshness(now.name, now_ms));
            setText(pause, paused ? `Resume${waiting ? ` (${waiting} new)` : ''}` : 'Pause');
            setAttribute(pause, 'aria-pressed', String(paused));
            links.forEach((one) => {
                setAttribute(one, 'aria-current', one.dataset['view'] === place().view ? 'page' : null);
                setAttribute(one, 'href', link(one.dataset['view'] ?? ''));
            });
            showBanner(banner, now.name, now_ms);
            if (said !== now.name) {
                said = now.name;
                setText(spoken, `${now.words}.`);
            }
        },
    };
}

function freshness(state: string, now_ms: number): string {
    if (!feed.heard_at_ms) return '';
    if (state === 'live') return timeOfDay(store.now_ms);
    return `last word ${duration(Math.round((now_ms - feed.heard_at_ms) / 1000) * 1000)} ago`;
}

/** What is wrong, why, and what can be done; hidden while all is well. */
function showBanner(banner: HTMLElement, state: string, now_ms: number): void {
    const words = bannerWords(state, now_ms);
    banner.hidden = words === '';
    const text = banner.querySelector('p') ?? banner.appendChild(h('p'));
    setText(text, words);
    const wants_button = feed.link.state === 'reconnecting';
    const button = banner.querySelector('button');
    if (wants_button && !button) banner.append(h('button', { type: 'button', class: 'tool', onclick: retryNow }, 'Try now'));
    if (!wants_button) button?.remove();
}

function bannerWords(state: string, now_ms: number): string {
    const kept = store.id ? ' What is shown is from before.' : '';
    const again = feed.link.state === 'reconnecting' ? ` Next try in ${Math.max(0, Math.ceil((feed.link.retry_at_ms - now_ms) / 1000))} s.` : '';
    if (state === 'error') return `Cannot show anything: ${feed.failure ?? ''}.${again}`;
    if (feed.link.state === 'reconnecting') return `Not live: ${feed.link.cause}.${kept}${again} Is drivethru running?`;
    if (state === 'stale') return `Not live: nothing was heard for ${duration(Math.floor((now_ms - feed.heard_at_ms) / 1000) * 1000)}.${kept}`;
    if (store.dashboard_error) return `dashboard.json: ${store.dashboard_error}`;
    const runs = Object.values(store.progress.queries).filter((query) => query.state === 'running' || query.state === 'restoring');
    const behind = Math.max(0, ...runs.map((query) => query.lag));
    return behind > LAG_SHOWN ? `Catching up: a query is ${count(behind)} records behind, and the newest minutes are not complete yet.` : '';
}
