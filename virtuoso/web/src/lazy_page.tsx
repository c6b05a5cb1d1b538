import { type Signal, signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "./texts/index.js";
import { Empty, Skeleton } from "./ui/index.js";

interface Module<P> {
  readonly default: ComponentType<P>;
}

/** Return a page whose code is loaded when the page is first shown. */
export function lazyPage<P extends object>(load: () => Promise<Module<P>>): ComponentType<P> {
  const state: Signal<Module<P> | "failed" | undefined> = signal(undefined);
  const fetchCode = async () => {
    state.value = undefined;
    state.value = await load().catch(() => "failed" as const);
  };
  return function Page(props: P) {
    useEffect(() => {
      if (!state.peek() || state.peek() === "failed") void fetchCode();
    }, []);
    if (state.value === "failed") return <LoadFailed again={() => void fetchCode()} />;
    const Shown = state.value?.default;
    return Shown ? <Shown {...props} /> : <Waiting />;
  };
}

function Waiting() {
  return (
    <div class="panel">
      <Skeleton lines={5} />
    </div>
  );
}

/** Shown when the code of a page did not load. Some browsers do not retry within the same page, and a new build on the
 * server no longer has the old code. Reloading the page solves both problems. */
function LoadFailed({ again }: { again: () => void }) {
  return (
    <div class="panel">
      <Empty>{t().shell.loadFailed}</Empty>
      <p class="actions">
        <button type="button" class="button" onClick={again}>
          {t().shell.tryAgain}
        </button>
        <button type="button" class="button" onClick={() => location.reload()}>
          {t().shell.reload}
        </button>
      </p>
    </div>
  );
}
