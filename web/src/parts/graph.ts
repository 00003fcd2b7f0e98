/** graph.ts -- the pipeline as a picture: columns from left to right, a node at most once. */
import { s, setAttribute, setText } from '../dom.ts';
import { count, rate, formatShort as short } from '../number.ts';
import { edgesOf, nodeId, type Edge, type NodeKind, type Pipeline } from '../pipeline.ts';
import { store } from '../store.ts';

const WIDTH = 196;
const HEIGHT = 44;
const GAP_X = 84;
const GAP_Y = 18;

interface Node {
    id: string;
    kind: NodeKind;
    name: string;
    column: number;
    row: number;
}

export interface Graph {
    element: SVGSVGElement;
    update(): void;
}

export function makeGraph(pipeline: Pipeline, open: (kind: NodeKind, name: string) => void): Graph {
    const edges = edgesOf(pipeline);
    const nodes = arrange(pipeline, edges);
    const columns = Math.max(...nodes.map((node) => node.column), 0) + 1;
    const rows = Math.max(...nodes.map((node) => node.row), 0) + 1;
    const width = columns * (WIDTH + GAP_X) - GAP_X + 4;
    const height = rows * (HEIGHT + GAP_Y) - GAP_Y + 4;
    const lines = edges.map((edge) => makeEdge(edge, nodes));
    const boxes = nodes.map((node) => makeNode(node, open));
    const element = s('svg', { class: 'graph', viewBox: `-2 -2 ${width} ${height}`, width, height, role: 'group', 'aria-label': 'Topics, queries and sinks with their rates' },
        ...lines.map((line) => line.element), ...boxes.map((box) => box.element));
    return {
        element,
        update() {
            lines.forEach((line) => line.update());
            boxes.forEach((box) => box.update());
        },
    };
}

/** A node stands right of all it comes from; within a column, near what it comes from. */
function arrange(pipeline: Pipeline, edges: Edge[]): Node[] {
    const used = new Set(edges.flatMap((edge) => [edge.from, edge.to]));
    const nodes: Node[] = [
        ...pipeline.topics.map((topic) => ({ kind: 'topic' as const, name: topic.name })),
        ...pipeline.queries.map((query) => ({ kind: 'query' as const, name: query.id })),
        ...pipeline.sinks.map((sink) => ({ kind: 'sink' as const, name: sink.name })),
    ].map((node) => ({ ...node, id: nodeId(node.kind, node.name), column: 0, row: 0 })).filter((node) => used.has(node.id));
    const by_id = new Map(nodes.map((node) => [node.id, node]));
    for (let pass = 0; pass < nodes.length; pass++) {
        let moved = false;
        for (const edge of edges) {
            const from = by_id.get(edge.from);
            const to = by_id.get(edge.to);
            if (!from || !to || to.column > from.column || from.column >= nodes.length) continue;
            to.column = from.column + 1;
            moved = true;
        }
        if (!moved) break;
    }
    const columns: Node[][] = [];
    for (const node of nodes) (columns[node.column] ??= []).push(node);
    for (const column of columns) place(column ?? [], edges, by_id);
    return nodes;
}

function place(column: Node[], edges: Edge[], by_id: Map<string, Node>): void {
    const wish = (node: Node): number => {
        const from = edges.filter((edge) => edge.to === node.id).map((edge) => by_id.get(edge.from)?.row ?? 0);
        return from.length ? from.reduce((a, b) => a + b, 0) / from.length : 0;
    };
    const wishes = new Map(column.map((node) => [node.id, wish(node)]));
    column.sort((a, b) => (wishes.get(a.id) ?? 0) - (wishes.get(b.id) ?? 0));
    column.forEach((node, i) => (node.row = Math.max(i, Math.min(Math.round(wishes.get(node.id) ?? 0), (column[i - 1]?.row ?? -1) + 1))));
}

function x(node: Node): number {
    return node.column * (WIDTH + GAP_X);
}

function y(node: Node): number {
    return node.row * (HEIGHT + GAP_Y);
}

function makeEdge(edge: Edge, nodes: Node[]): Graph & { element: SVGSVGElement } {
    const from = nodes.find((node) => node.id === edge.from);
    const to = nodes.find((node) => node.id === edge.to);
    const label = s('text', { class: 'edge-rate', 'text-anchor': 'end' });
    const behind = s('text', { class: 'edge-rate', 'text-anchor': 'end' });
    const group = s('g', { class: 'edge' }) as unknown as SVGSVGElement;
    if (!from || !to) return { element: group, update() {} };
    const [x1, y1, x2, y2] = [x(from) + WIDTH, y(from) + HEIGHT / 2, x(to), y(to) + HEIGHT / 2];
    const middle = Math.max(24, (x2 - x1) / 2);
    const path = s('path', { d: `M${x1},${y1}C${x1 + middle},${y1} ${x2 - middle},${y2} ${x2},${y2}` });
    setAttribute(label, 'x', String(x2 - 6));
    setAttribute(label, 'y', String(y2 - 6));
    setAttribute(behind, 'x', String(x2 - 6));
    setAttribute(behind, 'y', String(y2 + 14));
    group.append(path, label, behind);
    return {
        element: group,
        update() {
            const speed = store.rates.rate(edge.counted);
            /* Who is less than a second behind is not behind. */
            const lag = edge.lag() > Math.max(10, speed ?? 0) ? edge.lag() : 0;
            setText(label, `${rate(speed)}/s`);
            setText(behind, lag > 0 ? `${short(lag)} behind` : '');
            setAttribute(group, 'class', `edge${speed ? ' flows' : ''}${lag > 0 ? ' lags' : ''}`);
        },
    };
}

function makeNode(node: Node, open: (kind: NodeKind, name: string) => void): Graph {
    const second = s('text', { class: 'node-state', x: 12, y: 34 });
    const label = s('text', { class: 'node-name', x: 12, y: 18 }, shorten(node.name));
    const group = s('g', {
        class: `node node-${node.kind}`, transform: `translate(${x(node)},${y(node)})`, tabindex: 0, role: 'button',
        onclick: () => open(node.kind, node.name),
        onkeydown: (event: KeyboardEvent) => {
            if (event.key !== 'Enter' && event.key !== ' ') return;
            event.preventDefault();
            open(node.kind, node.name);
        },
    }, s('title', {}, node.name), s('rect', { width: WIDTH, height: HEIGHT, rx: node.kind === 'query' ? HEIGHT / 2 : 8 }), label, second) as unknown as SVGSVGElement;
    return {
        element: group,
        update() {
            const words = stateOf(node);
            setText(second, words);
            setAttribute(group, 'aria-label', `${node.kind} ${node.name}: ${words}`);
        },
    };
}

function stateOf(node: Node): string {
    if (node.kind === 'topic') return `topic · ${count(store.topics[node.name] ?? 0)} records`;
    const progress = (node.kind === 'query' ? store.progress.queries : store.progress.sinks)[node.name];
    return `${node.kind} · ${progress?.state ?? 'unknown'}`;
}

function shorten(name: string): string {
    return name.length > 21 ? `${name.slice(0, 11)}…${name.slice(-9)}` : name;
}
