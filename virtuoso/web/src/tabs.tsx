import { unread } from "./state/alerts.js";
import { follow, path } from "./state/router.js";
import { type Texts, t } from "./texts/index.js";
import { Icon, type IconName } from "./ui/index.js";

/** The tabs and their pages. `name` is that of the text and of the icon. */
export const TABS: readonly { path: string; name: keyof Texts["shell"]["tabs"] & IconName }[] = [
  { path: "/", name: "dashboard" },
  { path: "/signals", name: "signals" },
  { path: "/beta", name: "beta" },
  { path: "/alpha", name: "alpha" },
  { path: "/alerts", name: "alerts" },
];

/** The tabs: at the bottom on phones, at the side on wide screens. */
export function Tabs() {
  return (
    <nav class="tabs" aria-label={t().shell.main}>
      {TABS.map((tab) => (
        <a key={tab.path} href={tab.path} aria-current={path.value === tab.path ? "page" : undefined} onClick={follow}>
          <Icon name={tab.name} />
          {t().shell.tabs[tab.name]}
          {tab.path === "/alerts" && <Unread />}
        </a>
      ))}
    </nav>
  );
}

function Unread() {
  const count = unread.value;
  if (!count) return null;
  return (
    <span class="count">
      {count > 99 ? "99+" : count}
      <span class="visually-hidden"> {t().shell.unread}</span>
    </span>
  );
}
