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
} from "virtuoso-market";

// Enums in words. What a newer service may add is shown as a gap rather than guessed.

/** The members of an enum that have a name, each with its name, in the order of the enum. */
export function named<Member extends number>(
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
  [Regime.BULLISH]: "The market rises",
  [Regime.BEARISH]: "The market falls",
  [Regime.RISK_ON]: "Risk on: smaller coins lead up",
  [Regime.RISK_OFF]: "Risk off: smaller coins lead down",
};

export const ENVIRONMENTS: Partial<Record<Environment, string>> = {
  [Environment.LIVE]: "LIVE",
  [Environment.SIMULATED]: "SIMULATED",
  [Environment.REPLAY]: "REPLAY",
};

export const REASONS: Partial<Record<FallbackReason, string>> = {
  [FallbackReason.VENUE_BLOCKED]: "the exchange refuses us",
  [FallbackReason.VENUE_RATE_LIMITED]: "the exchange asked for a pause",
  [FallbackReason.VENUE_UNAVAILABLE]: "the exchange does not answer",
  [FallbackReason.VENUE_TIMED_OUT]: "the exchange takes too long",
  [FallbackReason.VENUE_BAD_DATA]: "the exchange sends what cannot be read",
  [FallbackReason.VENUE_EMPTY]: "the exchange sends no markets",
  [FallbackReason.VENUE_STALE]: "the exchange's clock stands still",
  [FallbackReason.VENUE_INCOMPLETE]: "the exchange gives too little to score",
  [FallbackReason.VENUE_RECOVERING]: "the exchange is back and being watched",
  [FallbackReason.NO_NEW_SNAPSHOT]: "no newer data has come",
  [FallbackReason.REPOSITORY_UNAVAILABLE]: "the data store does not answer",
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
  [OpportunityKind.CORRELATION_BREAKDOWN]: "Off the leash of BTC",
  [OpportunityKind.BETA_EXPANSION]: "Moves more with BTC",
  [OpportunityKind.BETA_COMPRESSION]: "Moves less with BTC",
  [OpportunityKind.RELATIVE_STRENGTH_BREAKOUT]: "Breakout against BTC",
  [OpportunityKind.REVERSION]: "Stretched from BTC",
  [OpportunityKind.CROSS_TIMEFRAME_DIVERGENCE]: "Short against long term",
  [OpportunityKind.FUNDING_EXTREME]: "Extreme funding",
};

export const ALERTS: Partial<Record<AlertKind, string>> = {
  [AlertKind.SIGNAL_OPENED]: "Signal",
  [AlertKind.SIGNAL_CLOSED]: "Signal ended",
  [AlertKind.OPPORTUNITY]: "Opportunity",
  [AlertKind.REGIME_CHANGE]: "Regime",
  [AlertKind.LARGE_TRADE]: "Large trade",
  [AlertKind.VOLUME_SPIKE]: "Volume",
  [AlertKind.FUNDING_EXTREME]: "Funding",
  [AlertKind.OPEN_INTEREST_SURGE]: "Open interest",
  [AlertKind.PRICE_MOVE]: "Price",
  [AlertKind.DATA_QUALITY]: "Data",
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

/** An exchange as one writes it. */
export const venueName = (venue: string) => VENUES[venue] ?? venue.replace(/^./, (letter) => letter.toUpperCase());
