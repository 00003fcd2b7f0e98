/** index.ts -- the kinds of tiles there are. A new kind: a file beside this one, and a word here. */
import { bars } from './bars.ts';
import { histogram } from './histogram.ts';
import { latest } from './latest.ts';
import { percentiles } from './percentiles.ts';
import { rate } from './rate.ts';
import { ratio } from './ratio.ts';
import type { TileKind } from './tile.ts';
import { time } from './time.ts';
import { total } from './total.ts';

export const kinds: Record<string, TileKind | undefined> = { total, ratio, percentiles, rate, time, bars, histogram, latest };
