import { type Dashboard, GetSentimentResponseSchema } from "virtuoso-market";
import { ABSENT, score } from "../../format.js";
import { status } from "../../state/live.js";
import { market } from "../../state/market.js";
import { useQuery } from "../../state/query.js";
import { t } from "../../texts/index.js";
import { Change, Icon, Value } from "../../ui/index.js";
import { LEANS } from "./market.js";

interface Props {
  readonly dashboard: Dashboard;
  readonly open: boolean;
  readonly onToggle: () => void;
}

/** The market in one line: regime, breadth, BTC and sentiment. A tap opens the whole market. */
export function MarketLine({ dashboard: { overview, rows }, open, onToggle }: Props) {
  const { reply } = useQuery("sentiment", GetSentimentResponseSchema, (signal) =>
    market.getSentiment({}, { signal }),
  ).value;
  const { regime, breadth } = overview ?? {};
  const words = t().market;
  return (
    <button
      type="button"
      class={`market-line ${status.value === "live" ? "" : "old"}`}
      aria-expanded={open}
      aria-controls="market"
      onClick={onToggle}
    >
      <span class="visually-hidden">{words.title} </span>
      <b class={regime ? LEANS[regime] : undefined}>{(regime ? words.regimes[regime] : undefined) ?? ABSENT}</b>
      <span>
        <span class="up">▲{breadth?.up ?? ABSENT}</span>{" "}
        <span key={breadth?.up} class="down">
          ▼{breadth?.down ?? ABSENT}
        </span>
      </span>
      <span>
        BTC <Change value={rows.get("BTCUSDT")?.change24hPercent} digits={1} />
      </span>
      <span>
        <span aria-hidden="true">{words.sentimentShort}</span>
        <span class="visually-hidden">{t().sentiment.title}</span> <Value>{score(reply?.sentiment?.gauge)}</Value>
      </span>
      <Icon name="more" />
    </button>
  );
}
