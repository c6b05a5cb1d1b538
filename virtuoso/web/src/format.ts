import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";

/** What stands where nothing was measured. */
export const ABSENT = "–";

type Maybe = number | undefined;

/** A score, 0-100, as one reads it. */
export const score = (value: Maybe) => fixed(value, 0);
/** A score with the digit that shows it move. */
export const scoreExact = (value: Maybe) => fixed(value, 1);
/** A part of one, as percent. */
export const share = (value: Maybe) => (value === undefined ? ABSENT : `${Math.round(value * 100)} %`);

/** A number with so many digits after the point. */
export function fixed(value: Maybe, digits: number): string {
  if (value === undefined) return ABSENT;
  const format = (formats[digits] ??= new Intl.NumberFormat("en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }));
  return format.format(value).replace("-", "−");
}

const formats: Intl.NumberFormat[] = []; // by digits: making one costs far more than using it
const short = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

/** A percentage with its sign. */
export function percent(value: Maybe, digits = 2): string {
  if (value === undefined) return ABSENT;
  const text = fixed(Math.abs(value), digits);
  const zero = Number(text.replace(/,/g, "")) === 0;
  return `${zero ? "" : value > 0 ? "+" : "−"}${text} %`;
}

/** A signed number, such as points that a dimension adds. */
export function signed(value: Maybe, digits = 1): string {
  return percent(value, digits).replace(" %", "");
}

/** A price in USDT, with five significant digits or two after the point, whichever is more. */
export function price(value: Maybe): string {
  return value === undefined ? ABSENT : fixed(value, priceDigits(value));
}

/** Digits after the point of a price such as `value`, above 0. */
export function priceDigits(value: number): number {
  return Math.min(12, Math.max(2, 4 - Math.floor(Math.log10(value))));
}

/** A price to compare with others at a glance: five significant digits, none after the point that say nothing. */
export function level(value: Maybe): string {
  return value === undefined ? ABSENT : fixed(value, Math.min(12, Math.max(0, 4 - Math.floor(Math.log10(value)))));
}

/** A sum in USD, short: 1.24 B, 310 M. */
export function usd(value: Maybe): string {
  if (value === undefined) return ABSENT;
  const [size, unit] =
    value >= 1e12
      ? [1e12, " T"]
      : value >= 1e9
        ? [1e9, " B"]
        : value >= 1e6
          ? [1e6, " M"]
          : value >= 1e3
            ? [1e3, " k"]
            : [1, ""];
  return `$${short.format(value / size)}${unit}`;
}

/** A span of time, short: 4 s, 3 min, 2 h, 5 d. */
export function span(ms: number): string {
  const s = Math.max(0, ms) / 1000;
  if (s < 90) return `${Math.floor(s)} s`;
  if (s < 5400) return `${Math.floor(s / 60)} min`;
  if (s < 129_600) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86_400)} d`;
}

/** Epoch milliseconds, undefined for what is not there. */
export const ms = (time: Timestamp | undefined): Maybe => time && timestampMs(time);
/** Milliseconds, undefined for what is not there. */
export const durationOf = (duration: Duration | undefined): Maybe => duration && durationMs(duration);

/** A time of day, or day and time when it is not today. */
export function clock(time: Timestamp | undefined, nowMs: number): string {
  const at = ms(time);
  if (at === undefined) return ABSENT;
  const same = new Date(at).toDateString() === new Date(nowMs).toDateString();
  return new Date(at).toLocaleString("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    ...(!same && { day: "numeric", month: "short" }),
  });
}
