import { computed, effect } from "@preact/signals";
import { matches } from "./screen.js";
import { theme } from "./settings.js";

const systemIsLight = matches("(prefers-color-scheme: light)");

/** The current theme. Charts have their own colours and are redrawn when it changes. */
export const shownTheme = computed<"dark" | "light">(() => {
  if (theme.value !== "system") return theme.value;
  return systemIsLight.value ? "light" : "dark";
});

effect(() => {
  const root = document.documentElement;
  root.dataset.theme = shownTheme.value;
  const background = getComputedStyle(root).getPropertyValue("--bg").trim();
  document.querySelector("meta[name=theme-color]")?.setAttribute("content", background);
});
