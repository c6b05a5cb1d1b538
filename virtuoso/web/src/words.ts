import {
  AlertKind,
  AlertLevel,
  BetaSpan,
  DimensionKind,
  Environment,
  FallbackReason,
  Label,
  OpportunityKind,
  Regime,
  SignalStatus,
  Transport,
} from "virtuoso-market";

// Texts for the members of enums. A newer service may send a member without a text here. The page then uses a general text.

/** Return the members of an enum that have a text, each with its text, in the order of the enum. */
export function withNames<Member extends number>(
  members: Readonly<Record<string, string | Member>>,
  names: Readonly<Partial<Record<Member, string>>>,
): (readonly [Member, string])[] {
  return Object.values(members).flatMap((member) => {
    const name = typeof member === "string" ? undefined : names[member];
    return typeof member === "string" || name === undefined ? [] : [[member, name] as const];
  });
}

export const REGIMES: Partial<Record<Regime, string>> = {
  [Regime.NEUTRAL]: "No clear direction",
  [Regime.BULLISH]: "The market is rising",
  [Regime.BEARISH]: "The market is falling",
  [Regime.RISK_ON]: "Risk on: smaller coins lead up",
  [Regime.RISK_OFF]: "Risk off: smaller coins lead down",
};

export const ENVIRONMENTS: Partial<Record<Environment, string>> = {
  [Environment.LIVE]: "LIVE",
  [Environment.SIMULATED]: "SIMULATED",
  [Environment.REPLAY]: "REPLAY",
};

export const REASONS: Partial<Record<FallbackReason, string>> = {
  [FallbackReason.VENUE_BLOCKED]: "the exchange blocks this service",
  [FallbackReason.VENUE_RATE_LIMITED]: "the exchange limits the number of requests",
  [FallbackReason.VENUE_UNAVAILABLE]: "the exchange does not answer",
  [FallbackReason.VENUE_TIMED_OUT]: "the exchange answers too late",
  [FallbackReason.VENUE_BAD_DATA]: "the exchange sends unreadable data",
  [FallbackReason.VENUE_EMPTY]: "the exchange sends no markets",
  [FallbackReason.VENUE_STALE]: "the exchange sends no new data",
  [FallbackReason.VENUE_INCOMPLETE]: "the exchange sends too little data for scores",
  [FallbackReason.VENUE_RECOVERING]: "the exchange has just recovered",
  [FallbackReason.NO_NEW_SNAPSHOT]: "no newer data has arrived",
  [FallbackReason.REPOSITORY_UNAVAILABLE]: "the data store does not answer",
  [FallbackReason.CLOCK_BEHIND]: "the server's clock is wrong, so the age is not known",
};

export const DIMENSIONS: Partial<Record<DimensionKind, string>> = {
  [DimensionKind.TECHNICAL]: "Technical",
  [DimensionKind.VOLUME]: "Volume",
  [DimensionKind.ORDERFLOW]: "Order flow",
  [DimensionKind.ORDERBOOK]: "Order book",
  [DimensionKind.PRICE_STRUCTURE]: "Structure",
  [DimensionKind.SENTIMENT]: "Sentiment",
};

export const LABELS: Partial<Record<Label, string>> = {
  [Label.STRONG_BEARISH]: "Strongly bearish",
  [Label.BEARISH]: "Bearish",
  [Label.NEUTRAL]: "Neutral",
  [Label.BULLISH]: "Bullish",
  [Label.STRONG_BULLISH]: "Strongly bullish",
};

export const STATUSES: Partial<Record<SignalStatus, string>> = {
  [SignalStatus.ACTIVE]: "Active",
  [SignalStatus.STOPPED]: "Stopped",
  [SignalStatus.TARGETS_REACHED]: "All targets reached",
  [SignalStatus.EXPIRED]: "Expired",
  [SignalStatus.REVERSED]: "Reversed",
};

export const OPPORTUNITIES: Partial<Record<OpportunityKind, string>> = {
  [OpportunityKind.CORRELATION_BREAKDOWN]: "Decoupled from BTC",
  [OpportunityKind.BETA_EXPANSION]: "Moves more with BTC",
  [OpportunityKind.BETA_COMPRESSION]: "Moves less with BTC",
  [OpportunityKind.RELATIVE_STRENGTH_BREAKOUT]: "Breakout relative to BTC",
  [OpportunityKind.REVERSION]: "Stretched relative to BTC",
  [OpportunityKind.CROSS_TIMEFRAME_DIVERGENCE]: "Short and long term disagree",
  [OpportunityKind.FUNDING_EXTREME]: "Extreme funding",
};

export const ALERTS: Partial<Record<AlertKind, string>> = {
  [AlertKind.SIGNAL_OPENED]: "New signal",
  [AlertKind.SIGNAL_CLOSED]: "Signal closed",
  [AlertKind.OPPORTUNITY]: "Opportunity",
  [AlertKind.REGIME_CHANGE]: "Market regime",
  [AlertKind.LARGE_TRADE]: "Large trade",
  [AlertKind.VOLUME_SPIKE]: "Volume spike",
  [AlertKind.FUNDING_EXTREME]: "Extreme funding",
  [AlertKind.OPEN_INTEREST_SURGE]: "Open interest",
  [AlertKind.PRICE_MOVE]: "Price move",
  [AlertKind.DATA_QUALITY]: "Data quality",
  [AlertKind.LIQUIDATION]: "Liquidations",
};

export const LEVELS: Partial<Record<AlertLevel, string>> = {
  [AlertLevel.INFO]: "Info",
  [AlertLevel.WARNING]: "Warning",
  [AlertLevel.CRITICAL]: "Critical",
};

export const SPANS: Partial<Record<BetaSpan, string>> = {
  [BetaSpan.BETA_SPAN_24H]: "24 h",
  [BetaSpan.BETA_SPAN_7D]: "7 d",
  [BetaSpan.BETA_SPAN_30D]: "30 d",
};

const VENUES: Record<string, string> = { bybit: "Bybit", binance: "Binance", binanceusdm: "Binance", okx: "OKX" };

/** Return the name of an exchange, such as "Bybit" for "bybit". */
export const venueName = (venue: string) => VENUES[venue] ?? venue.replace(/^./, (letter) => letter.toUpperCase());

/** How an input came from the exchange. */
export const TRANSPORTS: Partial<Record<Transport, string>> = {
  [Transport.STREAM]: "streamed",
  [Transport.POLL]: "requested",
};

/** Return why no liquidations are known. */
export const noLiquidations = (venue: string) =>
  `Not known: no stream of liquidations comes from ${venueName(venue)} at present.`;
