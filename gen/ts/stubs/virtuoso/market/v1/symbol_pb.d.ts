import type { GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/symbol.proto.
 */
export declare const file_virtuoso_market_v1_symbol: GenFile;
/**
 * A tracked symbol and what the venue says about it.
 *
 * @generated from message virtuoso.market.v1.Symbol
 */
export type Symbol = Message<"virtuoso.market.v1.Symbol"> & {
    /**
     * The symbol as the venue names it, such as "SHIB1000USDT".
     *
     * @generated from field: string symbol = 1;
     */
    symbol: string;
    /**
     * The asset without its multiplier, such as "SHIB". It is the same on every venue.
     *
     * @generated from field: string base_asset = 2;
     */
    baseAsset: string;
    /**
     * The number of units of the asset that the price is for, such as 1000. At least 1.
     *
     * @generated from field: uint32 multiplier = 3;
     */
    multiplier: number;
    /**
     * The rank by 24-hour turnover when the tracked symbols were last selected. 1 is the largest.
     *
     * @generated from field: uint32 rank = 4;
     */
    rank: number;
    /**
     * The smallest step of the price, USDT. Above 0. Absent when the venue does not give it.
     *
     * @generated from field: optional double tick_size = 5;
     */
    tickSize?: number | undefined;
    /**
     * When the venue listed the symbol. Absent when the venue does not give it.
     *
     * @generated from field: google.protobuf.Timestamp list_time = 6;
     */
    listTime?: Timestamp | undefined;
    /**
     * True when the symbol has a score in this snapshot. Default false.
     *
     * @generated from field: bool scored = 7;
     */
    scored: boolean;
    /**
     * Why the venue cannot measure the symbol, such as "MKRUSDT has not been traded on bybit for 24 hours". Empty (the
     * default) when it has a score, and while its data is still being read.
     *
     * @generated from field: string unscored_reason = 8;
     */
    unscoredReason: string;
};
/**
 * Describes the message virtuoso.market.v1.Symbol.
 * Use `create(SymbolSchema)` to create a new message.
 */
export declare const SymbolSchema: GenMessage<Symbol>;
