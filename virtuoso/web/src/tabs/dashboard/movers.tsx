import { useMemo, useState } from "preact/hooks";
import type { Mover, Provenance } from "virtuoso-market";
import { price, usd } from "../../format.js";
import { Change, Empty, Panel, Sheet, SymbolLink } from "../../ui/index.js";
import { t } from "../../texts/index.js";
import { HOLD_MS } from "./ordering.js";

const SHOWN = 3;

interface MoversProps {
  gainers: readonly Mover[];
  losers: readonly Mover[];
  provenance: Provenance;
  heardMs: number;
}

/** The largest moves on the whole venue in 24 hours. */
export function Movers({ provenance, heardMs, ...newest }: MoversProps) {
  const gainers = useHeld(newest.gainers, heardMs);
  const losers = useHeld(newest.losers, heardMs);
  const [open, setOpen] = useState(false);
  const all = gainers.length > SHOWN || losers.length > SHOWN;
  const action = all && (
    <button type="button" class="text-button" aria-haspopup="dialog" onClick={() => setOpen(true)}>
      {t().movers.all(gainers.length + losers.length)}
    </button>
  );
  return (
    <Panel title={t().movers.title} provenance={provenance} heardMs={heardMs} action={action} class="movers">
      <div class="two">
        <Column name={t().movers.gainers} movers={gainers.slice(0, SHOWN)} />
        <Column name={t().movers.losers} movers={losers.slice(0, SHOWN)} />
      </div>
      <Sheet open={open} onClose={() => setOpen(false)} title={t().movers.sheet}>
        <p class="muted">{t().movers.note}</p>
        <Column name={t().movers.gainers} movers={gainers} full />
        <Column name={t().movers.losers} movers={losers} full />
      </Sheet>
    </Panel>
  );
}

/** Return the movers in an order that holds for 30 s. Those that are new since then come last. */
function useHeld(movers: readonly Mover[], heardMs: number): readonly Mover[] {
  const order = useMemo(
    () => new Map(movers.map(({ symbol }, place) => [symbol, place])),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- newer movers do not change the order until the time is over
    [Math.floor(heardMs / HOLD_MS)],
  );
  const place = ({ symbol }: Mover) => order.get(symbol) ?? order.size;
  return [...movers].sort((a, b) => place(a) - place(b));
}

function Column({ name, movers, full = false }: { name: string; movers: readonly Mover[]; full?: boolean }) {
  return (
    <div>
      <h3>{name}</h3>
      {movers.length === 0 && <Empty>{t().movers.none}</Empty>}
      <ul>
        {movers.map((mover) => (
          <li key={mover.symbol}>
            <SymbolLink symbol={mover.symbol} class={mover.tracked ? "" : "untracked"} />
            <Change value={mover.change24hPercent} digits={full ? 2 : 1} />
            {full && (
              <span class="faint">
                {price(mover.price, mover.tickSize)} · {usd(mover.turnover24hUsd)}
              </span>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
