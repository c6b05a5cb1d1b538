import type { GenEnum, GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/alert.proto.
 */
export declare const file_virtuoso_market_v1_alert: GenFile;
/**
 * An event for a trader or an operator. What many markets have at once is one alert, which lists them.
 *
 * @generated from message virtuoso.market.v1.Alert
 */
export type Alert = Message<"virtuoso.market.v1.Alert"> & {
    /**
     * The position of the alert among all alerts. A later alert has a larger cursor. WatchAlerts continues after it.
     *
     * @generated from field: string cursor = 1;
     */
    cursor: string;
    /**
     * What the alert is about.
     *
     * @generated from field: virtuoso.market.v1.AlertKind kind = 2;
     */
    kind: AlertKind;
    /**
     * How urgent the alert is.
     *
     * @generated from field: virtuoso.market.v1.AlertLevel level = 3;
     */
    level: AlertLevel;
    /**
     * When it happened, on the exchange's clock. For DATA_QUALITY, on our clock. Always present.
     *
     * @generated from field: google.protobuf.Timestamp observed_time = 4;
     */
    observedTime?: Timestamp | undefined;
    /**
     * The symbol as the venue names it. Empty (the default) when the alert is about several markets or about the system.
     *
     * @generated from field: string symbol = 5;
     */
    symbol: string;
    /**
     * What happened, in words. Never empty.
     *
     * @generated from field: string text = 6;
     */
    text: string;
    /**
     * The number behind the alert, in `unit`. The number of markets when `markets` lists them. Absent when there is none.
     *
     * @generated from field: optional double reading = 7;
     */
    reading?: number | undefined;
    /**
     * The unit of `reading`. Empty (the default) for a plain number.
     *
     * @generated from field: string unit = 8;
     */
    unit: string;
    /**
     * The id of the signal or opportunity. Empty (the default) when the alert is about neither.
     *
     * @generated from field: string reference = 9;
     */
    reference: string;
    /**
     * The exchange.
     *
     * @generated from field: string venue = 10;
     */
    venue: string;
    /**
     * The markets of an alert that is about several, BTC first, then the largest figures. Empty (the default) for an alert on
     * one market or on the system.
     *
     * @generated from field: repeated virtuoso.market.v1.AlertMarket markets = 11;
     */
    markets: AlertMarket[];
};
/**
 * Describes the message virtuoso.market.v1.Alert.
 * Use `create(AlertSchema)` to create a new message.
 */
export declare const AlertSchema: GenMessage<Alert>;
/**
 * One of the markets of an alert.
 *
 * @generated from message virtuoso.market.v1.AlertMarket
 */
export type AlertMarket = Message<"virtuoso.market.v1.AlertMarket"> & {
    /**
     * The symbol as the venue names it.
     *
     * @generated from field: string symbol = 1;
     */
    symbol: string;
    /**
     * Its number, in the unit that an alert of this kind on one market has: percent of a move, USDT of a trade, the score or
     * the R of a signal. Absent when there is none.
     *
     * @generated from field: optional double reading = 2;
     */
    reading?: number | undefined;
    /**
     * The id of its signal or opportunity. Empty (the default) when the alert is about neither.
     *
     * @generated from field: string reference = 3;
     */
    reference: string;
};
/**
 * Describes the message virtuoso.market.v1.AlertMarket.
 * Use `create(AlertMarketSchema)` to create a new message.
 */
export declare const AlertMarketSchema: GenMessage<AlertMarket>;
/**
 * What an alert is about.
 *
 * @generated from enum virtuoso.market.v1.AlertKind
 */
export declare enum AlertKind {
    /**
     * Never sent.
     *
     * @generated from enum value: ALERT_KIND_UNSPECIFIED = 0;
     */
    UNSPECIFIED = 0,
    /**
     * A signal opened.
     *
     * @generated from enum value: ALERT_KIND_SIGNAL_OPENED = 1;
     */
    SIGNAL_OPENED = 1,
    /**
     * A signal closed.
     *
     * @generated from enum value: ALERT_KIND_SIGNAL_CLOSED = 2;
     */
    SIGNAL_CLOSED = 2,
    /**
     * An opportunity was found.
     *
     * @generated from enum value: ALERT_KIND_OPPORTUNITY = 3;
     */
    OPPORTUNITY = 3,
    /**
     * The regime of the market changed.
     *
     * @generated from enum value: ALERT_KIND_REGIME_CHANGE = 4;
     */
    REGIME_CHANGE = 4,
    /**
     * A trade that is unusually large for its market.
     *
     * @generated from enum value: ALERT_KIND_LARGE_TRADE = 5;
     */
    LARGE_TRADE = 5,
    /**
     * An unusually large volume in five minutes.
     *
     * @generated from enum value: ALERT_KIND_VOLUME_SPIKE = 6;
     */
    VOLUME_SPIKE = 6,
    /**
     * An unusually high or low funding rate.
     *
     * @generated from enum value: ALERT_KIND_FUNDING_EXTREME = 7;
     */
    FUNDING_EXTREME = 7,
    /**
     * An unusually large change of open interest within an hour, up or down.
     *
     * @generated from enum value: ALERT_KIND_OPEN_INTEREST_SURGE = 8;
     */
    OPEN_INTEREST_SURGE = 8,
    /**
     * An unusually large move of the price within 15 minutes. It has a further alert at each doubling and when it becomes critical.
     *
     * @generated from enum value: ALERT_KIND_PRICE_MOVE = 9;
     */
    PRICE_MOVE = 9,
    /**
     * The data is stale, few symbols have a score, a venue fails or refuses us, or another venue is used. Also the end of such
     * a problem.
     *
     * @generated from enum value: ALERT_KIND_DATA_QUALITY = 10;
     */
    DATA_QUALITY = 10,
    /**
     * Unusually large liquidations of one side within five minutes.
     *
     * @generated from enum value: ALERT_KIND_LIQUIDATION = 11;
     */
    LIQUIDATION = 11
}
/**
 * Describes the enum virtuoso.market.v1.AlertKind.
 */
export declare const AlertKindSchema: GenEnum<AlertKind>;
/**
 * How urgent an alert is.
 *
 * @generated from enum virtuoso.market.v1.AlertLevel
 */
export declare enum AlertLevel {
    /**
     * Never sent.
     *
     * @generated from enum value: ALERT_LEVEL_UNSPECIFIED = 0;
     */
    UNSPECIFIED = 0,
    /**
     * For information.
     *
     * @generated from enum value: ALERT_LEVEL_INFO = 1;
     */
    INFO = 1,
    /**
     * To be checked.
     *
     * @generated from enum value: ALERT_LEVEL_WARNING = 2;
     */
    WARNING = 2,
    /**
     * Act now.
     *
     * @generated from enum value: ALERT_LEVEL_CRITICAL = 3;
     */
    CRITICAL = 3
}
/**
 * Describes the enum virtuoso.market.v1.AlertLevel.
 */
export declare const AlertLevelSchema: GenEnum<AlertLevel>;
