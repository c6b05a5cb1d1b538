import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { timeZone } from "./state/settings.js";
import { t } from "./texts/index.js";

/** The text for a number that was not measured. */
export const ABSENT = "–";

type Maybe = number | undefined;

/** The sign of percent with its space, which is never at the end of a line. */
const PERCENT = "\u00a0%";

/** Format a score, 0-100, without decimals. */
export const score = (value: Maybe) => fixed(value, 0);
/** Format a score with one decimal, which shows small moves. */
export const scoreExact = (value: Maybe) => fixed(value, 1);
/** Format a fraction, 0-1, as percent. */
export const share = (value: Maybe) => (value === undefined ? ABSENT : String(Math.round(value * 100)) + PERCENT);

/** Format a number with a fixed number of decimals. */
export function fixed(value: Maybe, digits: number): string {
  if (value === undefined) return ABSENT;
  const { decimals } = formats();
  const format = (decimals[digits] ??= numberFormat({ minimumFractionDigits: digits, maximumFractionDigits: digits }));
  return minus(format.format(value));
}

const minus = (text: string) => text.replace("-", "−");
const numberFormat = (options: Intl.NumberFormatOptions) => new Intl.NumberFormat(t().locale, options);

interface Formats {
  locale: string;
  decimals: Intl.NumberFormat[]; // by number of decimals
  significant: Intl.NumberFormat[]; // by number of significant digits at most
  short: Intl.NumberFormat | undefined;
}

let current: Formats | undefined;

/** Return the formats of the page's language. Creating a format is far slower than using it. */
function formats(): Formats {
  const { locale } = t();
  if (current?.locale !== locale) {
    current = { locale, decimals: [], significant: [], short: undefined };
  }
  return current;
}

function significant(value: number, digits: number): string {
  const { significant: known } = formats();
  return minus((known[digits] ??= numberFormat({ maximumSignificantDigits: digits })).format(value));
}

/** Format a percentage with its sign. */
export function percent(value: Maybe, digits = 2): string {
  if (value === undefined) return ABSENT;
  const text = fixed(Math.abs(value), digits);
  const zero = !/[1-9]/.test(text);
  return (zero ? "" : value > 0 ? "+" : "−") + text + PERCENT;
}

/** Format a number with its sign, such as the points of a dimension. */
export function signed(value: Maybe, digits = 1): string {
  return percent(value, digits).replace(PERCENT, "");
}

/**
 * Format a price in USDT with the digits that the exchange shows: rounded to the tick size, with its decimals. Without a tick
 * size, or below half a tick, it has up to 8 significant digits. Python has the same rules in prices.py.
 */
export function price(value: Maybe, tickSize?: number): string {
  if (value === undefined) return ABSENT;
  const ticks = tickSize ? Math.round(value / tickSize) : 0;
  return ticks && tickSize ? fixed(ticks * tickSize, decimalsOfTick(tickSize)) : significant(value, 8);
}

/** Return the number of decimals of a price or of a tick size, 0 to 12. Without a tick size, a price has 8 significant digits. */
export function priceDigits(value: number, tickSize?: number): number {
  return tickSize ? decimalsOfTick(tickSize) : Math.min(12, Math.max(0, 7 - Math.floor(Math.log10(value))));
}

/** Return the power of ten of which all prices are multiples, at most 1: their tick size, as far as their digits show it. Prices
 * with more than 8 significant digits are on no tick and are left out. Python has the same rules in prices.py. */
export function commonTick(prices: readonly number[]): number | undefined {
  const digits = prices.filter((value) => decimalsOf(value) <= priceDigits(value)).map(decimalsOf);
  return digits.length ? Number(`1e-${Math.max(...digits)}`) : undefined;
}

// A tick size has 3 significant digits: a venue lists one of 0.1000000015, which means 0.1.
const decimalsOfTick = (tickSize: number): number => decimalsOf(Number(tickSize.toPrecision(3)));

function decimalsOf(value: number): number {
  const [digits = "", exponent = "0"] = String(value).split("e");
  return Math.min(12, Math.max(0, (digits.split(".")[1] ?? "").length - Number(exponent)));
}

/** Format an amount in USD: $1.24 B, $310 M. */
export const usd = (value: Maybe): string => (value === undefined ? ABSENT : t().units.usd(amount(value)));

/** Format an amount of a coin: 1.24 B, 310 M. */
export function amount(value: number): string {
  const { units } = t();
  const steps = [
    [1e12, units.trillion],
    [1e9, units.billion],
    [1e6, units.million],
    [1e3, units.thousand],
  ] as const;
  const step = steps.find(([size]) => value >= size);
  if (!step) return significant(value, 3);
  const short = (formats().short ??= numberFormat({ minimumSignificantDigits: 3, maximumSignificantDigits: 3 }));
  return short.format(value / step[0]) + step[1];
}

/** Return the text of the unit of a reading, with the space before it. */
export const unitText = (unit: string): string => t().readingUnits[unit] ?? (unit && ` ${unit}`);

/** Join names for use in a sentence: "a, b and c". */
export const listed = (names: readonly string[]): string => new Intl.ListFormat(t().locale).format(names);

/** Format a span of time: 4 s, 3 min, 2 h, 5 d. */
export function timeSpan(ms: number): string {
  const { units } = t();
  const s = Math.max(0, ms) / 1000;
  if (s < 90) return `${Math.floor(s)}${units.seconds}`;
  if (s < 5400) return `${Math.floor(s / 60)}${units.minutes}`;
  if (s < 129_600) return `${Math.floor(s / 3600)}${units.hours}`;
  return `${Math.floor(s / 86_400)}${units.days}`;
}

/** Format the time until an instant as hours, minutes and seconds: 2:13:05. */
export function countdown(ms: number): string {
  const s = Math.max(0, Math.ceil(ms / 1000));
  const [minutes, seconds] = [Math.floor(s / 60) % 60, s % 60].map((part) => String(part).padStart(2, "0"));
  return `${Math.floor(s / 3600)}:${minutes}:${seconds}`;
}

/** Format a time for programs, as in <time datetime>. */
export const isoTime = (time: Timestamp | undefined) => time && new Date(timestampMs(time)).toISOString();
/** Format a coordinate of a picture, in no language. */
export const coordinate = (value: number) => value.toFixed(1);

/** Convert a time to epoch milliseconds. */
export const ms = (time: Timestamp | undefined): Maybe => time && timestampMs(time);
/** Convert a duration to milliseconds. */
export const durationToMs = (duration: Duration | undefined): Maybe => duration && durationMs(duration);

const TIME: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };
const DAY: Intl.DateTimeFormatOptions = { day: "numeric", month: "short" };

/** Format an instant in epoch milliseconds in the language and the time zone of the settings. */
function instant(at: number, options: Intl.DateTimeFormatOptions): string {
  const zone = timeZone.value === "utc" ? { timeZone: "UTC" } : {};
  return new Date(at).toLocaleString(t().locale, { ...options, ...zone });
}

/** Format an instant in epoch milliseconds as a date without the year. */
export const dayAndMonth = (at: number) => instant(at, DAY);
/** Format an instant in epoch milliseconds as a month. */
export const month = (at: number) => instant(at, { month: "short" });
/** Format an instant in epoch milliseconds as a time of day without its zone. */
export const timeOfDay = (at: number) => instant(at, TIME);

/** Return the start of the day of an instant, both in epoch milliseconds, in the time zone of the settings. */
export function startOfDay(at: number): number {
  return timeZone.value === "utc" ? at - (at % 86_400_000) : new Date(at).setHours(0, 0, 0, 0);
}

/** Format an instant in epoch milliseconds as date and time of day, with the name of the time zone. */
export function dateTime(at: Maybe): string {
  return at === undefined ? ABSENT : instant(at, { ...DAY, ...TIME, timeZoneName: "short" });
}

/** Format a time of day with its time zone, and with the date when it is not today. */
export function clock(time: Timestamp | undefined, nowMs: number): string {
  const at = ms(time);
  const today = at !== undefined && dayAndMonth(at) === dayAndMonth(nowMs) && Math.abs(nowMs - at) < 86_400_000;
  return today ? instant(at, { ...TIME, timeZoneName: "short" }) : dateTime(at);
}
