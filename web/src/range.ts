/** range.ts -- how far back charts look; the choice is in the address. */
import { place } from './router.ts';

export interface Range {
    name: string;
    words: string;
    span_ms: number;
    step_ms: number;
    /** Which of a tile's SQL: windows of a second or of a minute. */
    source: 'second' | 'minute';
}

const MINUTE = 60_000;

export const ranges: Range[] = [
    { name: '5m', words: 'the last 5 minutes', span_ms: 5 * MINUTE, step_ms: 5000, source: 'second' },
    { name: '15m', words: 'the last 15 minutes', span_ms: 15 * MINUTE, step_ms: 10_000, source: 'second' },
    { name: '1h', words: 'the last hour', span_ms: 60 * MINUTE, step_ms: MINUTE, source: 'minute' },
    { name: '6h', words: 'the last 6 hours', span_ms: 360 * MINUTE, step_ms: 2 * MINUTE, source: 'minute' },
    { name: '24h', words: 'the last 24 hours', span_ms: 1440 * MINUTE, step_ms: 10 * MINUTE, source: 'minute' },
];

export function rangeNow(): Range {
    const wanted = place().choices.get('range');
    return ranges.find((range) => range.name === wanted) ?? ranges[0]!;
}
