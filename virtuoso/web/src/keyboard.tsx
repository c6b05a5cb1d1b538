import { signal } from "@preact/signals";
import { render } from "preact";
import { searchOpen } from "./search.js";
import { back, go, path, symbolAt } from "./state/router.js";
import { TABS } from "./tabs.js";
import { t } from "./texts/index.js";
import { Sheet } from "./ui/index.js";

// The keys of the page. Browsers handle Enter on a link and Escape in a dialog.

const open = signal(false);

/** Return the links of the rows on the screen: of the scores, or of another list. */
function rowLinks(): HTMLElement[] {
  const rows = document.querySelectorAll<HTMLElement>("#page .rows a.symbol");
  return [...(rows.length ? rows : document.querySelectorAll<HTMLElement>("#page :is(li, tr) a.symbol"))];
}

/** Move the focus by a number of rows, from the row with the focus or the one that is shown. */
function move(by: number): boolean {
  const links = rowLinks();
  const focused = links.findIndex((link) => link === document.activeElement);
  const from = focused >= 0 ? focused : links.findIndex((link) => link.hasAttribute("aria-current"));
  links[Math.max(0, Math.min(links.length - 1, from + by))]?.focus();
  return links.length > 0;
}

/** Arrows scroll the page, unless a row has the focus or the page does not scroll. */
const moveByArrow = (by: number): boolean =>
  (document.querySelector(".desk") !== null || rowLinks().some((link) => link === document.activeElement)) && move(by);

const HAS_FOCUS = "a, button, input, select, textarea, summary, [tabindex='0']";

/** What the keys do. A function returns false when it leaves the key to the browser. */
const KEYS: Readonly<Record<string, () => boolean>> = {
  "/": () => (searchOpen.value = true),
  "?": () => (open.value = true),
  j: () => move(1),
  k: () => move(-1),
  ArrowDown: () => moveByArrow(1),
  ArrowUp: () => moveByArrow(-1),
  Enter: () => {
    const current = rowLinks().find((link) => link.hasAttribute("aria-current"));
    if (!current || document.activeElement?.matches(HAS_FOCUS)) return false;
    current.click();
    return true;
  },
  Escape: () => {
    if (!symbolAt(path.value)) return false;
    back();
    return true;
  },
  ...Object.fromEntries(
    TABS.map(({ path: to }, place) => [
      String(place + 1),
      () => {
        go(to);
        return true;
      },
    ]),
  ),
};

/** Whether a key press is text for a field. */
const isTyping = ({ target }: KeyboardEvent) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

addEventListener("keydown", (event) => {
  const hasModifier = event.metaKey || event.ctrlKey || event.altKey;
  if (event.defaultPrevented || hasModifier || isTyping(event) || document.querySelector("dialog[open]")) return;
  if (KEYS[event.key]?.()) event.preventDefault();
});

/** The list of the keys. */
function KeyList() {
  const { title, keys } = t().keyboard;
  return (
    <Sheet
      open={open.value}
      onClose={() => {
        open.value = false;
      }}
      title={title}
    >
      <dl class="keys">
        {Object.entries(keys).map(([names, text]) => (
          <div key={names}>
            <dt>
              {names.split(" ").map((name) => (
                <kbd key={name}>{name}</kbd>
              ))}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Sheet>
  );
}

render(<KeyList />, document.body.appendChild(document.createElement("div")));
