/** schema_panel.ts -- a subject's versions and what one changed against another. */
import { h } from '../dom.ts';
import { fetchJson, Failure } from '../http.ts';
import type { Pipeline } from '../pipeline.ts';
import { openDrawer, type Drawer } from './drawer.ts';

interface Version {
    version: number;
    id: number;
    schema: string;
}

export function openSchema(subject: string, _pipeline: Pipeline): Drawer {
    const drawer = openDrawer(subject, 'Schema');
    fetchJson<{ compatibility: string; versions: Version[] }>(`/api/schemas/${encodeURIComponent(subject)}`).then(
        ({ compatibility, versions }) => drawer.body.append(...show(compatibility, versions)),
        (error: unknown) => drawer.body.append(h('p', { class: 'muted' }, error instanceof Failure ? error.message : String(error))),
    );
    return drawer;
}

function show(compatibility: string, versions: Version[]): HTMLElement[] {
    const text = h('pre', { class: 'code diff', tabindex: 0 });
    const option = (version: Version): HTMLOptionElement => h('option', { value: version.version }, `version ${version.version} (id ${version.id})`);
    const after = h('select', { class: 'field', 'aria-label': 'Version' }, ...versions.map(option));
    const before = h('select', { class: 'field', 'aria-label': 'Compared with' }, h('option', { value: 0 }, 'nothing'), ...versions.map(option));
    const lines = (number: number): string[] => {
        const found = versions.find((one) => one.version === number);
        return found ? JSON.stringify(JSON.parse(found.schema), null, 2).split('\n') : [];
    };
    const draw = (): void => {
        const [from, to] = [Number(before.value), Number(after.value)];
        const changes = from === 0 ? lines(to).map((line) => ({ sign: ' ', line })) : difference(lines(from), lines(to));
        text.replaceChildren(...changes.map(({ sign, line }) => h('span', { class: sign === '+' ? 'added' : sign === '-' ? 'removed' : null }, `${sign} ${line}\n`)));
    };
    after.value = String(versions[versions.length - 1]?.version ?? 1);
    before.value = String(versions[versions.length - 2]?.version ?? 0);
    after.addEventListener('change', draw);
    before.addEventListener('change', draw);
    draw();
    return [h('dl', { class: 'facts' }, h('dt', {}, 'Compatibility'), h('dd', {}, compatibility), h('dt', {}, 'Versions'), h('dd', {}, versions.length)),
        h('div', { class: 'toolbar' }, h('label', { class: 'check' }, 'Show ', after), h('label', { class: 'check' }, 'against ', before)), text];
}

/** Lines in common stand in order (longest common subsequence); the rest was taken away or added. */
export function difference(before: string[], after: string[]): { sign: '+' | '-' | ' '; line: string }[] {
    const longest = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1));
    for (let i = before.length - 1; i >= 0; i--)
        for (let j = after.length - 1; j >= 0; j--)
            longest[i]![j] = before[i] === after[j] ? longest[i + 1]![j + 1]! + 1 : Math.max(longest[i + 1]![j]!, longest[i]![j + 1]!);
    const changes: { sign: '+' | '-' | ' '; line: string }[] = [];
    let [i, j] = [0, 0];
    while (i < before.length || j < after.length) {
        if (i < before.length && j < after.length && before[i] === after[j]) {
            changes.push({ sign: ' ', line: before[i]! });
            i++, j++;
        } else if (i < before.length && (j >= after.length || longest[i + 1]![j]! >= longest[i]![j + 1]!)) changes.push({ sign: '-', line: before[i++]! });
        else changes.push({ sign: '+', line: after[j++]! });
    }
    return changes;
}
