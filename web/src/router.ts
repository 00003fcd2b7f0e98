/** router.ts -- what is shown is in the address: a view and its choices, so that a link shows the same. */

export interface Place {
    view: string;
    choices: URLSearchParams;
}

export const views = ['overview', 'pipeline', 'orders', 'sql'] as const;

export function place(): Place {
    const [view = '', choices = ''] = location.hash.slice(1).split('?');
    const known = (views as readonly string[]).includes(view);
    return { view: known ? view : 'overview', choices: new URLSearchParams(choices) };
}

export function link(view: string, choices: Record<string, string> = {}): string {
    const kept = new URLSearchParams();
    const range = place().choices.get('range');
    if (range) kept.set('range', range);
    for (const [name, value] of Object.entries(choices)) if (value) kept.set(name, value);
    const text = kept.toString();
    return `#${view}${text ? `?${text}` : ''}`;
}

/** Goes there; `quietly` leaves no step in the history. */
export function go(view: string, choices: Record<string, string> = {}, quietly = false): void {
    const next = link(view, choices);
    if (next === location.hash) return;
    if (quietly) history.replaceState(null, '', next);
    else location.hash = next;
}

/** Changes one choice of the present view. */
export function choose(name: string, value: string): void {
    const { view, choices } = place();
    if (value) choices.set(name, value);
    else choices.delete(name);
    const text = choices.toString();
    history.replaceState(null, '', `#${view}${text ? `?${text}` : ''}`);
}
