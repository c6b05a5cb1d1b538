// Runs before the first paint, as a script of its own, so that nobody who chose light sees a flash of dark (or the other way
// round). It can import nothing: state/settings.ts takes over from it, with the same key and the same rule.
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
