import { useComputed } from "@preact/signals";
import { type Alert, AlertKind, AlertLevel } from "virtuoso-market";
import { ABSENT, clock, fixed, isoTime, ms, timeSpan } from "../../format.js";
import { marketTime } from "../../state/market_time.js";
import { Badge, SymbolLink, type Tone } from "../../ui/index.js";
import { t, venueName } from "../../texts/index.js";

const TONES: Partial<Record<AlertLevel, Tone>> = { [AlertLevel.WARNING]: "warn", [AlertLevel.CRITICAL]: "down" };

/** One alert. Its level is shown when it is urgent. Alerts about data quality look different, because they are not about the market. */
export function AlertItem({ alert, unseen }: { alert: Alert; unseen: boolean }) {
  const { kind, level, text, venue, observedTime, markets } = alert;
  const tone = TONES[level];
  const data = kind === AlertKind.DATA_QUALITY;
  return (
    <li class={`alert ${data ? "data" : ""} ${unseen ? "unseen" : ""}`}>
      <header>
        {tone && <Badge tone={tone}>{t().alertLevels[level]}</Badge>}
        <b>{t().alertKinds[kind] ?? t().alerts.other}</b>
        {unseen && <Badge tone="accent">{t().alerts.new}</Badge>}
        <time class="faint" dateTime={isoTime(observedTime)}>
          {venueName(venue)} · <When at={ms(observedTime)} full={clock(observedTime, marketTime.peek())} />
        </time>
      </header>
      <p lang="en">{text}</p>
      {markets.length > 0 && (
        <details>
          <summary>{t().alerts.all(markets.length)}</summary>
          <p class="alert-markets">
            {markets.map((one) => (
              <span key={one.symbol}>
                <SymbolLink symbol={one.symbol} /> <span class="faint">{fixed(one.reading, 1)}</span>{" "}
              </span>
            ))}
          </p>
        </details>
      )}
    </li>
  );
}

const RECENT_MS = 3_600_000;

function When({ at, full }: { at: number | undefined; full: string }) {
  const text = useComputed(() => {
    if (at === undefined) return ABSENT;
    const passed = marketTime.value - at;
    return passed < RECENT_MS ? t().alerts.ago(timeSpan(passed)) : full;
  });
  return <span>{text}</span>;
}
