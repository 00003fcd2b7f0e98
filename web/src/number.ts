/** number.ts -- numbers, money, durations and times as the reader's locale writes them. */

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(undefined, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const monies = new Map<string, Intl.NumberFormat>();

export const NOTHING = '–';

/** A currency's three letters? Everything else is a word that stands behind the number. */
function isCurrency(unit: string): boolean {
    return /^[A-Z]{3}$/.test(unit);
}

function money(unit: string, digits: number): Intl.NumberFormat {
    const key = `${unit} ${digits}`;
    let format = monies.get(key);
    if (!format) {
        format = new Intl.NumberFormat(undefined, {
            style: 'currency', currency: unit, minimumFractionDigits: digits, maximumFractionDigits: digits,
        });
        monies.set(key, format);
    }
    return format;
}

/** A value in its unit, as long as it is read alone: "$1,204", "86.2%", "4 min 10 s", "1,204". */
export function format(value: number | null, unit = ''): string {
    if (value === null || !Number.isFinite(value)) return NOTHING;
    if (unit === 'percent') return percent.format(value);
    if (unit === 'ms') return duration(value);
    if (isCurrency(unit)) return money(unit, Math.abs(value) < 1000 ? 2 : 0).format(value);
    return Number.isInteger(value) || Math.abs(value) >= 100 ? whole.format(value) : fine.format(value);
}

/** The word that stands behind format()'s text; empty when the text says it itself. */
export function unitWord(unit = ''): string {
    return unit === 'percent' || unit === 'ms' || isCurrency(unit) ? '' : unit;
}

/** For axes, where there is no room. */
export function formatShort(value: number, unit = ''): string {
    if (isCurrency(unit)) {
        const symbol = money(unit, 0).formatToParts(0).find((part) => part.type === 'currency')?.value ?? '';
        return symbol + short.format(value);
    }
    return unit === 'ms' ? duration(value) : short.format(value);
}

export function duration(ms: number): string {
    if (ms < 1000) return `${whole.format(ms)} ms`;
    const seconds = ms / 1000;
    if (seconds < 60) return `${seconds < 10 ? fine.format(Math.round(seconds * 10) / 10) : whole.format(seconds)} s`;
    const minutes = Math.floor(seconds / 60);
    const rest = Math.round(seconds % 60);
    if (minutes < 60) return rest && minutes < 10 ? `${minutes} min ${rest} s` : `${Math.round(seconds / 60)} min`;
    const hours = Math.floor(minutes / 60);
    return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
}

export function count(value: number): string {
    return whole.format(value);
}

export function rate(value: number | null): string {
    if (value === null) return NOTHING;
    return value >= 10_000 ? short.format(value) : value >= 10 || value === 0 ? whole.format(value) : fine.format(Math.round(value * 10) / 10);
}

export function bytes(value: number): string {
    const units = ['B', 'KB', 'MB', 'GB', 'TB'];
    let index = 0;
    while (value >= 1024 && index < units.length - 1) {
        value /= 1024;
        index++;
    }
    return `${value < 10 && index > 0 ? fine.format(Math.round(value * 10) / 10) : whole.format(value)} ${units[index]}`;
}

export function timeOfDay(ms: number): string {
    return clock.format(ms);
}

export function dateTime(ms: number): string {
    return day.format(ms);
}

/** Midnight of the reader's day that holds this instant. */
export function midnight(ms: number): number {
    return new Date(ms).setHours(0, 0, 0, 0);
}

/** A TIMESTAMP as the server writes it, "2026-01-01T10:00:00.000" in UTC, or milliseconds. */
export function instant(cell: unknown): number {
    if (typeof cell === 'number') return cell;
    const text = String(cell);
    return Date.parse(/Z|[+-]\d\d:\d\d$/.test(text) ? text : `${text}Z`);
}
