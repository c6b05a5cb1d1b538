import { useEffect, useRef } from "preact/hooks";
import { lazyPage } from "./lazy_page.js";
import { Connection, Strips } from "./status.js";
import { Search } from "./search.js";
import { Settings, settingsOpen } from "./settings.js";
import { Dashboard } from "./tabs/dashboard/index.js";
import { Scores } from "./tabs/dashboard/scores.js";
import { Tabs } from "./tabs.js";
import { pageName } from "./title.js";
import { Empty, Icon } from "./ui/index.js";
import { follow, path, symbolAt } from "./state/router.js";
import { wide } from "./state/screen.js";
import { t } from "./texts/index.js";

const Signals = lazyPage(() => import("./tabs/signals/index.js"));
const Beta = lazyPage(() => import("./tabs/beta/index.js"));
const Alpha = lazyPage(() => import("./tabs/alpha/index.js"));
const Alerts = lazyPage(() => import("./tabs/alerts/index.js"));
const Desk = lazyPage(() => import("./desk/index.js"));
const SymbolPage = lazyPage(() => import("./symbol/index.js"));

/** The shell of every page, and the page at the current path. index.html contains the same shell for the first paint. */
export function App() {
  return (
    <>
      <header class="top">
        <div class="bar-top">
          <a class="brand" href="/" onClick={follow}>
            <Icon name="mark" />
            Virtuoso
          </a>
          <Connection />
          <button
            type="button"
            class="icon-button"
            aria-label={t().shell.settings}
            onClick={() => {
              settingsOpen.value = true;
            }}
          >
            <Icon name="settings" />
          </button>
        </div>
        <Strips />
      </header>
      <Main />
      <Tabs />
      <Settings />
      <Search />
    </>
  );
}

function Main() {
  const mainRef = useRef<HTMLElement>(null);
  const firstRef = useRef(true);
  const title = pageName.value;
  useEffect(() => {
    if (!firstRef.current) mainRef.current?.focus({ preventScroll: true });
    firstRef.current = false;
  }, [title]);
  return (
    <main id="page" ref={mainRef} tabIndex={-1} aria-label={title}>
      <Page />
    </main>
  );
}

function Page() {
  const symbol = symbolAt(path.value);
  if (symbol && wide.value) {
    return (
      <div class="beside">
        <Scores narrow />
        <div>
          <SymbolPage key={symbol} symbol={symbol} />
        </div>
      </div>
    );
  }
  if (symbol) return <SymbolPage key={symbol} symbol={symbol} />;
  switch (path.value) {
    case "/":
      return wide.value ? <Desk /> : <Dashboard />;
    case "/signals":
      return <Signals />;
    case "/beta":
      return <Beta />;
    case "/alpha":
      return <Alpha />;
    case "/alerts":
      return <Alerts />;
    default:
      return (
        <div class="panel">
          <h1>{t().shell.notFound}</h1>
          <Empty>
            {t().shell.noPage(path.value)} <a href="/">{t().shell.toDashboard}</a>
          </Empty>
        </div>
      );
  }
}
