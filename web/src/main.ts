/** main.ts -- starts the page: theme, feed, the bar, and the view the address names. */
import { h } from './dom.ts';
import { startFeed } from './feed.ts';
import { showHelp, startKeys } from './keys.ts';
import { startBar } from './parts/bar.ts';
import { place } from './router.ts';
import { store } from './store.ts';
import { startTheme, switchTheme } from './theme.ts';
import { orders } from './views/orders.ts';
import { overview } from './views/overview.ts';
import { pipeline } from './views/pipeline.ts';
import { sqlView } from './views/sql.ts';
import type { View } from './views/view.ts';

const makers: Record<string, () => View> = { overview, pipeline, orders, sql: sqlView };

const main = document.getElementById('main')!;
const banner = h('div', { class: 'banner', hidden: true });
const holder = h('div', { class: 'view' });
main.append(banner, holder);

let name = '';
let view: View | null = null;
let paused = false;
let paused_at = '';
let waiting = false;

const bar = startBar(document.getElementById('bar')!, banner, { pause, help: showHelp });

function pause(): void {
    paused = !paused;
    paused_at = store.id;
    render();
}

/** Frames that came while the page stood still. */
function missed(): number {
    if (!paused) return 0;
    const number = (id: string): number => Number(id.slice(id.lastIndexOf('-') + 1)) || 0;
    return Math.max(0, number(store.id) - number(paused_at));
}

function show(): void {
    waiting = false;
    const wanted = place().view;
    if (wanted !== name) {
        view?.close();
        name = wanted;
        view = makers[wanted]!();
        holder.replaceChildren(view.element);
        if (view.update()) render();
        document.title = `drivethru · ${wanted}`;
    } else if (!paused && view?.update()) render();
    bar.update(paused, missed());
}

/** At most once a screen frame; not at all while nobody looks. */
function render(): void {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(show);
}

startTheme();
startKeys({ pause, theme: switchTheme });
addEventListener('hashchange', render);
setInterval(render, 1000);
startFeed(render);
show();
