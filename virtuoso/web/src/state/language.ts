import { effect } from "@preact/signals";
import { type Texts, show, t } from "../texts/index.js";
import { en } from "../texts/en.js";
import { language } from "./settings.js";

/** The languages other than English. English is part of the first script, each other one is a file of its own. */
const OTHERS: Record<string, () => Promise<Texts>> = { de: async () => (await import("../texts/de.js")).de };

/** Fulfilled when the texts of the chosen language are shown. */
export let firstTexts: Promise<void> = Promise.resolve();

effect(() => {
  const name = language.value === "system" ? navigator.language.slice(0, 2) : language.value;
  const load = OTHERS[name];
  if (!load) show(en);
  else firstTexts = load().then(show, () => undefined); // the texts stay as they are
});

effect(() => {
  document.documentElement.lang = t().locale.slice(0, 2);
  document.documentElement.dir = t().direction;
});
