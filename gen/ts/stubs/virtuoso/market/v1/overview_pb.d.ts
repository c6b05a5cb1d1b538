import type { GenEnum, GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/overview.proto.
 */
export declare const file_virtuoso_market_v1_overview: GenFile;
/**
 * The whole market in a few numbers. A number that was not measured is absent; so is what is counted or summed over the
 * whole venue while a tenth or more of its markets is unusable, since a part would pass for the whole.
 *
 * @generated from message virtuoso.market.v1.Overview
 */
export type Overview = Message<"virtuoso.market.v1.Overview"> & {
    /**
     * The state of the market. Absent until there is enough to tell; never UNSPECIFIED.
     *
     * @generated from field: optional virtuoso.market.v1.Regime regime = 1;
     */
    regime?: Regime | undefined;
    /**
     * How clear the regime is, 0-1. Absent with the regime.
     *
     * @generated from field: optional double regime_confidence = 2;
     */
    regimeConfidence?: number | undefined;
    /**
     * Since when this regime holds, on the exchange's clock. Absent with the regime.
     *
     * @generated from field: google.protobuf.Timestamp regime_since_time = 3;
     */
    regimeSinceTime?: Timestamp | undefined;
    /**
     * What the regime was decided from.
     *
     * @generated from field: virtuoso.market.v1.RegimeInputs regime_inputs = 4;
     */
    regimeInputs?: RegimeInputs | undefined;
    /**
     * How strongly BTC trends, either way, 0-100 (ADX of its candles). Absent without BTC's candles.
     *
     * @generated from field: optional double trend_strength = 5;
     */
    trendStrength?: number | undefined;
    /**
     * BTC's realised volatility, annualised, percent, from log returns. At least 0. Absent without BTC's candles.
     *
     * @generated from field: optional double volatility_percent = 6;
     */
    volatilityPercent?: number | undefined;
    /**
     * Cross-sectional standard deviation of the 24 hour moves of the whole venue, percentage points. At least 0.
     *
     * @generated from field: optional double dispersion_percent = 7;
     */
    dispersionPercent?: number | undefined;
    /**
     * How many symbols of the whole venue rise, fall and stand. Absent when no 24 hour figures were given.
     *
     * @generated from field: virtuoso.market.v1.Breadth breadth = 8;
     */
    breadth?: Breadth | undefined;
    /**
     * BTC's share, percent, 0-100, of what `btc_dominance_basis` says. Absent when neither could be had.
     *
     * @generated from field: optional double btc_dominance_percent = 9;
     */
    btcDominancePercent?: number | undefined;
    /**
     * What the dominance is a share of. UNSPECIFIED (the default) when it is absent.
     *
     * @generated from field: virtuoso.market.v1.DominanceBasis btc_dominance_basis = 10;
     */
    btcDominanceBasis: DominanceBasis;
    /**
     * Turnover of the whole venue's USDT perpetuals over 24 hours, USD. At least 0. Absent when it could not be added up.
     *
     * @generated from field: optional double total_turnover_24h_usd = 11;
     */
    totalTurnover24hUsd?: number | undefined;
    /**
     * When the dominance was measured, by its source's clock. Absent with it.
     *
     * @generated from field: google.protobuf.Timestamp btc_dominance_time = 12;
     */
    btcDominanceTime?: Timestamp | undefined;
};
/**
 * Describes the message virtuoso.market.v1.Overview.
 * Use `create(OverviewSchema)` to create a new message.
 */
export declare const OverviewSchema: GenMessage<Overview>;
/**
 * What the regime is decided from. Each is absent when it could not be measured.
 *
 * @generated from message virtuoso.market.v1.RegimeInputs
 */
export type RegimeInputs = Message<"virtuoso.market.v1.RegimeInputs"> & {
    /**
     * Turnover-weighted mean of the 24 hour moves, percent.
     *
     * @generated from field: optional double mean_move_percent = 1;
     */
    meanMovePercent?: number | undefined;
    /**
     * (rising - falling) / (rising + falling + flat), -1 to 1, over the whole venue.
     *
     * @generated from field: optional double breadth = 2;
     */
    breadth?: number | undefined;
    /**
     * BTC's trend, -1 (down) to 1 (up): ADX with its directional lines, and the slope of its EMA.
     *
     * @generated from field: optional double btc_trend = 3;
     */
    btcTrend?: number | undefined;
    /**
     * Cross-sectional standard deviation of the 24 hour moves, percentage points. At least 0.
     *
     * @generated from field: optional double dispersion_percent = 4;
     */
    dispersionPercent?: number | undefined;
    /**
     * BTC's realised volatility over that of its own last 30 days; 1 is usual. At least 0.
     *
     * @generated from field: optional double btc_volatility_ratio = 5;
     */
    btcVolatilityRatio?: number | undefined;
    /**
     * Median 24 hour move of the other symbols less BTC's, percentage points.
     *
     * @generated from field: optional double alts_against_btc_percent = 6;
     */
    altsAgainstBtcPercent?: number | undefined;
};
/**
 * Describes the message virtuoso.market.v1.RegimeInputs.
 * Use `create(RegimeInputsSchema)` to create a new message.
 */
export declare const RegimeInputsSchema: GenMessage<RegimeInputs>;
/**
 * How many symbols rise, fall and stand over 24 hours.
 *
 * @generated from message virtuoso.market.v1.Breadth
 */
export type Breadth = Message<"virtuoso.market.v1.Breadth"> & {
    /**
     * Symbols that rose.
     *
     * @generated from field: uint32 up = 1;
     */
    up: number;
    /**
     * Symbols that fell.
     *
     * @generated from field: uint32 down = 2;
     */
    down: number;
    /**
     * Symbols that did neither.
     *
     * @generated from field: uint32 flat = 3;
     */
    flat: number;
};
/**
 * Describes the message virtuoso.market.v1.Breadth.
 * Use `create(BreadthSchema)` to create a new message.
 */
export declare const BreadthSchema: GenMessage<Breadth>;
/**
 * The state of the market.
 *
 * @generated from enum virtuoso.market.v1.Regime
 */
export declare enum Regime {
    /**
     * Never sent: an unknown regime is absent.
     *
     * @generated from enum value: REGIME_UNSPECIFIED = 0;
     */
    UNSPECIFIED = 0,
    /**
     * No clear state.
     *
     * @generated from enum value: REGIME_NEUTRAL = 1;
     */
    NEUTRAL = 1,
    /**
     * The market rises.
     *
     * @generated from enum value: REGIME_BULLISH = 2;
     */
    BULLISH = 2,
    /**
     * The market falls.
     *
     * @generated from enum value: REGIME_BEARISH = 3;
     */
    BEARISH = 3,
    /**
     * Breadth and the smaller coins lead upwards while volatility falls.
     *
     * @generated from enum value: REGIME_RISK_ON = 4;
     */
    RISK_ON = 4,
    /**
     * Breadth and the smaller coins lead downwards while volatility rises.
     *
     * @generated from enum value: REGIME_RISK_OFF = 5;
     */
    RISK_OFF = 5
}
/**
 * Describes the enum virtuoso.market.v1.Regime.
 */
export declare const RegimeSchema: GenEnum<Regime>;
/**
 * What BTC's dominance is a share of.
 *
 * @generated from enum virtuoso.market.v1.DominanceBasis
 */
export declare enum DominanceBasis {
    /**
     * There is no figure.
     *
     * @generated from enum value: DOMINANCE_BASIS_UNSPECIFIED = 0;
     */
    UNSPECIFIED = 0,
    /**
     * The market capitalisation of all coins, from CoinGecko.
     *
     * @generated from enum value: DOMINANCE_BASIS_MARKET_CAP = 1;
     */
    MARKET_CAP = 1,
    /**
     * The turnover of the venue's USDT perpetuals.
     *
     * @generated from enum value: DOMINANCE_BASIS_TURNOVER = 2;
     */
    TURNOVER = 2
}
/**
 * Describes the enum virtuoso.market.v1.DominanceBasis.
 */
export declare const DominanceBasisSchema: GenEnum<DominanceBasis>;
