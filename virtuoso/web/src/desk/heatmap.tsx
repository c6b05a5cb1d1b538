import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ListMarketsResponseSchema } from "virtuoso-market";
import { percent, scoreExact, usd } from "../format.js";
import { live } from "../state/live.js";
import { market } from "../state/market.js";
import { useQuery } from "../state/query.js";
import { follow } from "../state/router.js";
import { storedSignal } from "../state/stored_signal.js";
import { HOLD_MS } from "../tabs/dashboard/ordering.js";
import { t } from "../texts/index.js";
import { Panel, Segmented, baseAsset, symbolPath } from "../ui/index.js";
import { type Tile, changeShade, fitting, scoreShade, tilesOf } from "./tiles.js";
import "../styles/heatmap.css";

const SCOPES = ["all", "scored"] as const;
const COLOURS = ["change", "score"] as const;
const scope = storedSignal("heatmapScope", (stored) => SCOPES.find((one) => one === stored) ?? "all");
const colour = storedSignal("heatmapColour", (stored) => COLOURS.find((one) => one === stored) ?? "change");

/** The markets as tiles: the area is the turnover, the colour is the change over 24 hours or the score. */
export default function Heatmap() {
  const { reply, ...answer } = useQuery("markets", ListMarketsResponseSchema, (signal) =>
    market.listMarkets({ pageSize: 1000 }, { signal }),
  ).value;
  const { dashboard } = live.value;
  const isAll = scope.value === "all";
  const source = isAll ? { provenance: reply?.provenance, ...answer } : dashboard;
  const markets = isAll ? (reply?.markets ?? []) : [...(dashboard?.rows.values() ?? [])];
  return (
    <Panel
      title={t().heatmap.title}
      provenance={source?.provenance}
      heardMs={source?.heardMs}
      problem={isAll ? answer.problem : undefined}
      waiting={isAll && answer.waiting}
      action={<Choices />}
      class="heatmap"
    >
      <Tiles markets={markets} />
    </Panel>
  );
}

function Choices() {
  const words = t().heatmap;
  return (
    <>
      <Segmented
        label={words.scope}
        options={SCOPES.map((one) => [one, words.scopes[one]] as const)}
        value={scope.value}
        onChange={(value) => {
          scope.value = value;
        }}
      />
      <Segmented
        label={words.colour}
        options={COLOURS.map((one) => [one, words.colours[one]] as const)}
        value={colour.value}
        onChange={(value) => {
          colour.value = value;
        }}
      />
    </>
  );
}

interface Market {
  readonly symbol: string;
  readonly change24hPercent?: number | undefined;
  readonly turnover24hUsd?: number | undefined;
}

function Tiles({ markets }: { markets: readonly Market[] }) {
  const placeRef = useRef<HTMLDivElement>(null);
  const [[width, height], setSize] = useState<readonly [number, number]>([0, 0]);
  useEffect(() => {
    const place = placeRef.current;
    if (!place) return undefined;
    const watch = new ResizeObserver(() => setSize([place.clientWidth, place.clientHeight]));
    watch.observe(place);
    return () => watch.disconnect();
  }, []);
  const heldMs = live.value.dashboard?.heardMs ?? 0;
  const tiles = useMemo(
    () => tilesOf(markets, width, height),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- tiles keep their places for 30 s, like rows
    [width, height, scope.value, markets.length, Math.floor(heldMs / HOLD_MS)],
  );
  const bySymbol = new Map(markets.map((one) => [one.symbol, one]));
  return (
    <>
      <div class="tiles" ref={placeRef}>
        {tiles.map((tile) => (
          <TileLink key={tile.symbol} tile={tile} market={bySymbol.get(tile.symbol)} />
        ))}
      </div>
      <p class="faint">
        {t().heatmap.legend[colour.value]} {t().heatmap.shown(tiles.length, markets.length)}
      </p>
    </>
  );
}

/** A tile. Its colour and its texts are those of this moment. */
function TileLink({ tile, market: of }: { tile: Tile; market: Market | undefined }) {
  const { symbol, x, y, width, height } = tile;
  const row = live.value.dashboard?.rows.get(symbol);
  const { change24hPercent: change, turnover24hUsd } = row ?? of ?? {};
  const isChange = colour.value === "change";
  const shade = isChange ? changeShade(change) : scoreShade(row?.score);
  const name = baseAsset(symbol);
  const figure = isChange ? percent(change, 1) : scoreExact(row?.score);
  return (
    <a
      class={`symbol tile ${shade?.direction ?? "absent"}`}
      href={symbolPath(symbol)}
      tabIndex={-1}
      title={t().heatmap.tile(symbol, usd(turnover24hUsd), percent(change), scoreExact(row?.score))}
      style={{
        width: `${width}px`,
        height: `${height}px`,
        transform: `translate(${x}px, ${y}px)`,
        "--strength": `${Math.round(50 * (shade?.strength ?? 0))}%`,
      }}
      onClick={follow}
    >
      {fitting(tile, [name, figure]).map((line) => (
        <span key={line}>{line}</span>
      ))}
    </a>
  );
}
