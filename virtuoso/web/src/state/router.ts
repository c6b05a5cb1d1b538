import { signal } from "@preact/signals";

/** The current path, such as "/signals" or "/symbol/BTCUSDT". */
export const path = signal(location.pathname);

/** Go to a path of this page. The browser's back button returns to the previous path and scroll position. */
export function go(to: string): void {
  if (to === path.value) {
    scrollTo({ top: 0, behavior: "smooth" });
    return;
  }
  history.replaceState({ scroll: scrollY }, "");
  history.pushState({ scroll: 0 }, "", to);
  path.value = location.pathname;
  scrollTo(0, 0);
}

/** Go back to the previous path of this page, or to the dashboard when this is the first one. */
export function back(): void {
  if (history.state) history.back();
  else go("/");
}

const SYMBOL = /^\/symbol\/([^/]+)$/;

/** Return the symbol whose page is at a path. Undefined for other pages. */
export function symbolAt(at: string): string | undefined {
  try {
    const name = SYMBOL.exec(at)?.[1];
    return name && decodeURIComponent(name);
  } catch {
    return undefined; // the address is not valid
  }
}

addEventListener("popstate", (event: PopStateEvent) => {
  path.value = location.pathname;
  const scroll = (event.state as { scroll?: number } | null)?.scroll ?? 0;
  requestAnimationFrame(() => scrollTo(0, scroll));
});

/** Handle a click on a link. A plain click stays within the page. The browser handles any other click. */
export function follow(event: MouseEvent): void {
  const link = event.currentTarget as HTMLAnchorElement;
  if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(link.pathname);
}
