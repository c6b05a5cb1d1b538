import { unread } from "./state/alerts.js";
import { follow, path } from "./state/router.js";
import { Icon, type IconName } from "./ui/index.js";

/** The tabs and their pages. */
export const TABS: readonly { path: string; name: string; icon: IconName }[] = [
  { path: "/", name: "Dashboard", icon: "dashboard" },
  { path: "/signals", name: "Signals", icon: "signals" },
  { path: "/beta", name: "Beta", icon: "beta" },
  { path: "/alpha", name: "Alpha", icon: "alpha" },
  { path: "/alerts", name: "Alerts", icon: "alerts" },
];

/** The tabs: at the bottom on phones, at the side on wide screens. */
export function Tabs() {
  return (
    <nav class="tabs" aria-label="Main">
      {TABS.map((tab) => (
        <a key={tab.path} href={tab.path} aria-current={path.value === tab.path ? "page" : undefined} onClick={follow}>
          <Icon name={tab.icon} />
          {tab.name}
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
      <span class="visually-hidden"> unread</span>
    </span>
  );
}
