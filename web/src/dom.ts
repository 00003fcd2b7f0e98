/** dom.ts -- elements from code. Text is always text: there is no way here to pass HTML. */

type Child = Node | string | number | null | undefined | false;
type Listener = (event: never) => void;
export type Props = Record<string, string | number | boolean | null | undefined | Listener>;

function build(element: Element, props: Props, children: Child[]): void {
    for (const [name, value] of Object.entries(props)) {
        if (value === null || value === undefined || value === false) continue;
        if (typeof value === 'function') element.addEventListener(name.replace(/^on/, ''), value as EventListener);
        else element.setAttribute(name, value === true ? '' : String(value));
    }
    append(element, ...children);
}

export function h<K extends keyof HTMLElementTagNameMap>(
    tag: K,
    props: Props = {},
    ...children: Child[]
): HTMLElementTagNameMap[K] {
    const element = document.createElement(tag);
    build(element, props, children);
    return element;
}

export function s<K extends keyof SVGElementTagNameMap>(
    tag: K,
    props: Props = {},
    ...children: Child[]
): SVGElementTagNameMap[K] {
    const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
    build(element, props, children);
    return element;
}

export function append(element: Element, ...children: Child[]): void {
    for (const child of children) {
        if (child === null || child === undefined || child === false) continue;
        element.append(typeof child === 'number' ? String(child) : child);
    }
}

export function fill(element: Element, ...children: Child[]): void {
    element.replaceChildren();
    append(element, ...children);
}

/** Sets text only when it differs: the browser then has nothing to lay out. */
export function setText(element: Element, text: string): void {
    if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element: Element, name: string, value: string | null): void {
    if (value === null) element.removeAttribute(name);
    else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Downloads text as a file. */
export function saveAs(name: string, type: string, text: string): void {
    const url = URL.createObjectURL(new Blob([text], { type }));
    const link = h('a', { href: url, download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
}
