import { signal } from "@preact/signals";
import { en } from "./en.js";

/** The texts of one language. */
export type Texts = typeof en;

/** The names of languages, each in its own language. */
export const LANGUAGE_NAMES = { en: "English", de: "Deutsch" };

const shown = signal<Texts>(en);

/** Return all texts in the language of this device. A component that calls it is rendered again when the language changes. */
export const t = (): Texts => shown.value;

/** Show the page in another language. */
export function show(texts: Texts): void {
  shown.value = texts;
}

/** Return the members of an enum that have a text, each with its text, in the order of the enum. */
export function withNames<Member extends number>(
  members: Readonly<Record<string, string | Member>>,
  names: Readonly<Partial<Record<Member, string>>>,
): (readonly [Member, string])[] {
  return Object.values(members).flatMap((member) => {
    const name = typeof member === "string" ? undefined : names[member];
    return typeof member === "string" || name === undefined ? [] : [[member, name] as const];
  });
}

const VENUES: Record<string, string> = { bybit: "Bybit", binance: "Binance", binanceusdm: "Binance", okx: "OKX" };

/** Return the name of an exchange, such as "Bybit" for "bybit". */
export const venueName = (venue: string) => VENUES[venue] ?? venue.replace(/^./, (letter) => letter.toUpperCase());
