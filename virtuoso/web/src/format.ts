import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";

/** The text for a number that was not measured. */
export const ABSENT = "–";

type Maybe = number | undefined;

/** Format a score, 0-100, without decimals. */
export const score = (value: Maybe) => fixed(value, 0);
/** Format a score with one decimal, which shows small moves. */
export const scoreExact = (value: Maybe) => fixed(value, 1);
/** Format a fraction, 0-1, as percent. */
export const share = (value: Maybe) => (value === undefined ? ABSENT : `${Math.round(value * 100)} %`);

/** Format a number with a fixed number of decimals. */
export function fixed(value: Maybe, digits: number): string {
  if (value === undefined) return ABSENT;
  const format = (formats[digits] ??= new Intl.NumberFormat("en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }));
  return format.format(value).replace("-", "−");
}

const formats: Intl.NumberFormat[] = []; // by number of decimals; creating a format is far slower than using it
const unknownTick = new Intl.NumberFormat("en", { maximumSignificantDigits: 8 });
const short = new Intl.NumberFormat("en", { minimumSignificantDigits: 3, maximumSignificantDigits: 3 });
const units = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

/** Format a percentage with its sign. */
export function percent(value: Maybe, digits = 2): string {
  if (value === undefined) return ABSENT;
  const text = fixed(Math.abs(value), digits);
  const zero = Number(text.replace(/,/g, "")) === 0;
  return `${zero ? "" : value > 0 ? "+" : "−"}${text} %`;
}

/** Format a number with its sign, such as the points of a dimension. */
export function signed(value: Maybe, digits = 1): string {
  return percent(value, digits).replace(" %", "");
}

/**
 * Format a price in USDT with the digits that the exchange shows: rounded to the tick size, with its decimals. Without a tick
 * size, or below half a tick, it has up to 8 significant digits. Python has the same rules in prices.py.
 */
export function price(value: Maybe, tickSize?: number): string {
  if (value === undefined) return ABSENT;
  const ticks = tickSize ? Math.round(value / tickSize) : 0;
  return ticks && tickSize ? fixed(ticks * tickSize, decimals(tickSize)) : unknownTick.format(value);
}

/** Return the number of decimals of a price or of a tick size, 0 to 12. Without a tick size, a price has 8 significant digits. */
export function priceDigits(value: number, tickSize?: number): number {
  return tickSize ? decimals(tickSize) : Math.min(12, Math.max(0, 7 - Math.floor(Math.log10(value))));
}

function decimals(tickSize: number): number {
  const [digits = "", exponent = "0"] = String(tickSize).split("e");
  return Math.min(12, Math.max(0, (digits.split(".")[1] ?? "").length - Number(exponent)));
}

/** Format an amount in USD: $1.24 B, $310 M. */
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
  return `$${(unit ? short : units).format(value / size)}${unit}`;
}

/** Format a span of time: 4 s, 3 min, 2 h, 5 d. */
export function timeSpan(ms: number): string {
  const s = Math.max(0, ms) / 1000;
  if (s < 90) return `${Math.floor(s)} s`;
  if (s < 5400) return `${Math.floor(s / 60)} min`;
  if (s < 129_600) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86_400)} d`;
}

/** Convert a time to epoch milliseconds. */
export const ms = (time: Timestamp | undefined): Maybe => time && timestampMs(time);
/** Convert a duration to milliseconds. */
export const durationToMs = (duration: Duration | undefined): Maybe => duration && durationMs(duration);

const HOUR_AND_MINUTE = { hour: "2-digit", minute: "2-digit", timeZoneName: "short" } as const;

/** Format a time in epoch milliseconds as date and time of day in the time zone of this device, with the name of the zone. */
export function dateTime(at: Maybe): string {
  if (at === undefined) return ABSENT;
  return new Date(at).toLocaleString("en-GB", { day: "numeric", month: "short", ...HOUR_AND_MINUTE });
}

/** Format a time of day with its time zone, and with the date when it is not today. */
export function clock(time: Timestamp | undefined, nowMs: number): string {
  const at = ms(time);
  const today = at !== undefined && new Date(at).toDateString() === new Date(nowMs).toDateString();
  return today ? new Date(at).toLocaleString("en-GB", HOUR_AND_MINUTE) : dateTime(at);
}
