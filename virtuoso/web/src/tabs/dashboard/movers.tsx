import { useState } from "preact/hooks";
import type { Mover, Provenance } from "virtuoso-market";
import { price, usd } from "../../format.js";
import { Change, Empty, Panel, Sheet, SymbolLink, SymbolName } from "../../ui/index.js";

const SHOWN = 3;

interface MoversProps {
  gainers: readonly Mover[];
  losers: readonly Mover[];
  provenance: Provenance;
  heardMs: number;
}

/** The largest moves on the whole venue in 24 hours. Symbols with a score are links. */
export function Movers({ gainers, losers, provenance, heardMs }: MoversProps) {
  const [open, setOpen] = useState(false);
  const all = gainers.length > SHOWN || losers.length > SHOWN;
  const action = all && (
    <button type="button" class="text-button" aria-haspopup="dialog" onClick={() => setOpen(true)}>
      All {gainers.length + losers.length}
    </button>
  );
  return (
    <Panel title="Movers" provenance={provenance} heardMs={heardMs} action={action} class="movers">
      <div class="two">
        <Column name="Gainers" movers={gainers.slice(0, SHOWN)} />
        <Column name="Losers" movers={losers.slice(0, SHOWN)} />
      </div>
      <Sheet open={open} onClose={() => setOpen(false)} title="Movers in 24 hours">
        <p class="muted">These are the largest moves of the whole venue. Symbols without a link have no score.</p>
        <Column name="Gainers" movers={gainers} full />
        <Column name="Losers" movers={losers} full />
      </Sheet>
    </Panel>
  );
}

function Column({ name, movers, full = false }: { name: string; movers: readonly Mover[]; full?: boolean }) {
  return (
    <div>
      <h3>{name}</h3>
      {movers.length === 0 && <Empty>None.</Empty>}
      <ul>
        {movers.map((mover) => (
          <li key={mover.symbol}>
            {mover.tracked ? (
              <SymbolLink symbol={mover.symbol} />
            ) : (
              <span class="symbol untracked">
                <SymbolName symbol={mover.symbol} />
              </span>
            )}
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
