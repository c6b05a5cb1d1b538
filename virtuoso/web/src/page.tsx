import { type Signal, signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { Empty, Skeleton } from "./ui/index.js";

interface Module<P> {
  readonly default: ComponentType<P>;
}

/** A page whose code is fetched when it is first shown. */
export function page<P extends object>(load: () => Promise<Module<P>>): ComponentType<P> {
  const state: Signal<Module<P> | "failed" | undefined> = signal(undefined);
  const fetch = async () => {
    state.value = undefined;
    state.value = await load().catch(() => "failed" as const);
  };
  return function Page(props: P) {
    useEffect(() => {
      if (!state.peek() || state.peek() === "failed") void fetch();
    }, []);
    if (state.value === "failed") return <NotFetched again={() => void fetch()} />;
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

/** A browser that failed to fetch a module once does not try it again within the page, and a newer page may have taken its
 * place on the server: loading anew mends both. */
function NotFetched({ again }: { again: () => void }) {
  return (
    <div class="panel">
      <Empty>This part of the page could not be fetched: the network is away, or the page was renewed meanwhile.</Empty>
      <p class="actions">
        <button type="button" class="button" onClick={again}>
          Try again
        </button>
        <button type="button" class="button" onClick={() => location.reload()}>
          Load the page anew
        </button>
      </p>
    </div>
  );
}
