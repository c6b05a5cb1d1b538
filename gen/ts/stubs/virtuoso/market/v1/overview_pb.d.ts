import type { GenEnum, GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Liquidations } from "./liquidation_pb.js";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/overview.proto.
 */
export declare const file_virtuoso_market_v1_overview: GenFile;
/**
 * The whole market in a few numbers. A number that was not measured is absent. Counts and sums of the whole venue are also
 * absent while more than a tenth of its markets is unusable.
 *
 * @generated from message virtuoso.market.v1.Overview
 */
export type Overview = Message<"virtuoso.market.v1.Overview"> & {
    /**
     * The state of the market. Absent while there is too little data. Never UNSPECIFIED.
     *
     * @generated from field: optional virtuoso.market.v1.Regime regime = 1;
     */
    regime?: Regime | undefined;
    /**
     * How clear the regime is, 0-1. The first regime after the first start of a collector has half of it, and all of it after an
     * hour. Absent without a regime.
     *
     * @generated from field: optional double regime_confidence = 2;
     */
    regimeConfidence?: number | undefined;
    /**
     * When the regime began, on the exchange's clock. Absent without a regime. See `regime_start_unknown`.
     *
     * @generated from field: google.protobuf.Timestamp regime_start_time = 3;
     */
    regimeStartTime?: Timestamp | undefined;
    /**
     * The numbers that decide the regime.
     *
     * @generated from field: virtuoso.market.v1.RegimeInputs regime_inputs = 4;
     */
    regimeInputs?: RegimeInputs | undefined;
    /**
     * How strongly BTC trends, up or down, 0-100: the ADX of 14 bars of 30 minutes. Absent without these bars.
     *
     * @generated from field: optional double trend_strength = 5;
     */
    trendStrength?: number | undefined;
    /**
     * BTC's realised volatility, percent per year, from the log returns of 24 hours of 5-minute bars. At least 0. Absent
     * without these bars.
     *
     * @generated from field: optional double volatility_percent = 6;
     */
    volatilityPercent?: number | undefined;
    /**
     * The standard deviation of the 24-hour moves of all symbols of the venue with turnover, percentage points. At least 0.
     * Absent with fewer than five moves.
     *
     * @generated from field: optional double dispersion_percent = 7;
     */
    dispersionPercent?: number | undefined;
    /**
     * How many symbols of the whole venue rose, fell or did not move. Absent when the venue gave no 24-hour moves.
     *
     * @generated from field: virtuoso.market.v1.Breadth breadth = 8;
     */
    breadth?: Breadth | undefined;
    /**
     * BTC's share of the total in `btc_dominance_basis`, percent, 0-100. Absent when it could not be measured.
     *
     * @generated from field: optional double btc_dominance_percent = 9;
     */
    btcDominancePercent?: number | undefined;
    /**
     * The total for BTC's share. UNSPECIFIED (the default) when the share is absent.
     *
     * @generated from field: virtuoso.market.v1.DominanceBasis btc_dominance_basis = 10;
     */
    btcDominanceBasis: DominanceBasis;
    /**
     * The turnover of all USDT perpetuals of the venue over 24 hours, USD. At least 0. Absent when it is not known.
     *
     * @generated from field: optional double total_turnover_24h_usd = 11;
     */
    totalTurnover24hUsd?: number | undefined;
    /**
     * When BTC's share was measured, on the clock of its source. Absent when the share is absent.
     *
     * @generated from field: google.protobuf.Timestamp btc_dominance_time = 12;
     */
    btcDominanceTime?: Timestamp | undefined;
    /**
     * The liquidations of all tracked symbols. Absent when the venue does not stream them.
     *
     * @generated from field: virtuoso.market.v1.Liquidations liquidations = 13;
     */
    liquidations?: Liquidations | undefined;
    /**
     * True when the regime already held when we first looked, so that it began at `regime_start_time` or earlier.
     *
     * @generated from field: bool regime_start_unknown = 14;
     */
    regimeStartUnknown: boolean;
};
/**
 * Describes the message virtuoso.market.v1.Overview.
 * Use `create(OverviewSchema)` to create a new message.
 */
export declare const OverviewSchema: GenMessage<Overview>;
/**
 * The numbers that decide the regime. A number is absent when it could not be measured. Numbers of the whole venue need at
 * least five symbols.
 *
 * @generated from message virtuoso.market.v1.RegimeInputs
 */
export type RegimeInputs = Message<"virtuoso.market.v1.RegimeInputs"> & {
    /**
     * The mean of the 24-hour moves of the whole venue, weighted by turnover, percent.
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
     * BTC's trend, -1 (down) to 1 (up), from the ADX with its directional lines and from the slope of the EMA.
     *
     * @generated from field: optional double btc_trend = 3;
     */
    btcTrend?: number | undefined;
    /**
     * The standard deviation of the 24-hour moves across the whole venue, percentage points. At least 0.
     *
     * @generated from field: optional double dispersion_percent = 4;
     */
    dispersionPercent?: number | undefined;
    /**
     * BTC's realised volatility of 24 hours divided by that of 30 days. 1 is normal. At least 0.
     *
     * @generated from field: optional double btc_volatility_ratio = 5;
     */
    btcVolatilityRatio?: number | undefined;
    /**
     * The median 24-hour move of all symbols except BTC, minus BTC's move, percentage points.
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
 * How many symbols with turnover rose, fell or did not move over 24 hours.
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
     * Symbols that did not move.
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
     * Never sent: the field is absent instead.
     *
     * @generated from enum value: REGIME_UNSPECIFIED = 0;
     */
    UNSPECIFIED = 0,
    /**
     * No clear direction.
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
     * Most symbols rise, most of them more than BTC, while volatility is below its usual level.
     *
     * @generated from enum value: REGIME_RISK_ON = 4;
     */
    RISK_ON = 4,
    /**
     * Most symbols fall, most of them more than BTC, while volatility is above its usual level.
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
 * The total for BTC's share.
 *
 * @generated from enum virtuoso.market.v1.DominanceBasis
 */
export declare enum DominanceBasis {
    /**
     * There is no dominance.
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
