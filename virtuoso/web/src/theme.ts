// This script runs before the first paint, so that the page never flashes in the wrong theme. It cannot import anything.
// state/theme.ts takes over later, with the same key and the same rule.
{
  let chosen: unknown;
  try {
    chosen = JSON.parse(localStorage.getItem("virtuoso:theme") ?? "null");
  } catch {
    chosen = null;
  }
  const system = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  document.documentElement.dataset.theme = chosen === "light" || chosen === "dark" ? chosen : system;
}
