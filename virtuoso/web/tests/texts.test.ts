import { afterEach, expect, test } from "vitest";
import * as format from "../src/format.js";
import { timeZone } from "../src/state/settings.js";
import { de } from "../src/texts/de.js";
import { en } from "../src/texts/en.js";
import { show } from "../src/texts/index.js";

afterEach(() => {
  show(en);
  timeZone.value = "local";
});

/** Return the texts of a language by path. A text with arguments is called with the names of arguments. */
function flat(texts: object, path = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of Object.entries(texts) as [string, unknown][]) {
    const at = `${path}.${name}`;
    if (typeof value === "string") found.set(at, value);
    else if (typeof value === "object" && value) for (const [key, text] of flat(value, at)) found.set(key, text);
    else found.set(at, "");
  }
  return found;
}

test("German has every text", () => {
  const [english, german] = [flat(en), flat(de)];
  expect([...german.keys()].sort()).toEqual([...english.keys()].sort());
  for (const [path, text] of german) expect(Boolean(text), path).toBe(Boolean(english.get(path)));
});

test("numbers and amounts follow the language", () => {
  show(de);
  expect(format.fixed(1234.5, 1)).toBe("1.234,5");
  expect(format.percent(-0.004)).toBe("0,00\u00a0%");
  expect(format.usd(1.24e9)).toBe("1,24\u00a0Mrd. $");
  expect(format.price(0.493_9, 0.0001)).toBe("0,4939");
});

test("times are in UTC when the settings say so", () => {
  const at = Date.UTC(2025, 9, 10, 21, 15);
  timeZone.value = "utc";
  expect(format.timeOfDay(at)).toBe("21:15");
  expect(format.dateTime(at)).toBe("10 Oct, 21:15 UTC");
  expect(format.startOfDay(at)).toBe(Date.UTC(2025, 9, 10));
});
