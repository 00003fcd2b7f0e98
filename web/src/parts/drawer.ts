/** drawer.ts -- a panel over the page for one thing: a topic, a query, a schema, a sink, an order. */
import { h } from '../dom.ts';

export interface Drawer {
    body: HTMLElement;
    /** Set by whoever fills the drawer: called once when it closes. */
    on_close: () => void;
    close(): void;
}

let open: Drawer | null = null;

export function openDrawer(title: string, kind: string): Drawer {
    open?.close();
    const body = h('div', { class: 'drawer-body' });
    const dialog = h('dialog', { class: 'drawer', 'aria-labelledby': 'drawer-title' },
        h('header', { class: 'drawer-head' }, h('div', {}, h('p', { class: 'eyebrow' }, kind), h('h2', { id: 'drawer-title', tabindex: -1 }, title)),
            h('button', { type: 'button', class: 'tool', onclick: () => dialog.close() }, 'Close')),
        body);
    const drawer: Drawer = { body, on_close: () => {}, close: () => dialog.close() };
    dialog.addEventListener('close', () => {
        drawer.on_close();
        dialog.remove();
        if (open === drawer) open = null;
    });
    dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
    document.body.append(dialog);
    dialog.showModal();
    open = drawer;
    return drawer;
}

export function closeDrawer(): void {
    open?.close();
}
