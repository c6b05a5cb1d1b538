import { signal } from "@preact/signals";

/** The path that is shown, such as "/signals" or "/symbol/BTCUSDT". */
export const path = signal(location.pathname);

/** Go to a path of this page. The browser's back button returns to the present path and scroll position. */
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

addEventListener("popstate", (event: PopStateEvent) => {
  path.value = location.pathname;
  const scroll = (event.state as { scroll?: number } | null)?.scroll ?? 0;
  requestAnimationFrame(() => scrollTo(0, scroll));
});

/** Handle a click on a link: a plain click stays within the page, any other is the browser's. */
export function follow(event: MouseEvent): void {
  const link = event.currentTarget as HTMLAnchorElement;
  if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(link.pathname);
}
