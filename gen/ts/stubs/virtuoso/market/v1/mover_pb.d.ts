import type { GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { Message } from "@bufbuild/protobuf";
/**
 * Describes the file virtuoso/market/v1/mover.proto.
 */
export declare const file_virtuoso_market_v1_mover: GenFile;
/**
 * A symbol with one of the largest moves of the whole venue over 24 hours.
 *
 * @generated from message virtuoso.market.v1.Mover
 */
export type Mover = Message<"virtuoso.market.v1.Mover"> & {
    /**
     * The symbol as the venue names it.
     *
     * @generated from field: string symbol = 1;
     */
    symbol: string;
    /**
     * The last traded price, USDT. Above 0. Always present.
     *
     * @generated from field: double price = 2;
     */
    price: number;
    /**
     * The change over 24 hours, percent, as the venue gives it. Above 0 for gainers, below 0 for losers, above -100.
     *
     * @generated from field: double change_24h_percent = 3;
     */
    change24hPercent: number;
    /**
     * The turnover of the last 24 hours, USD. At least the floor of 500,000.
     *
     * @generated from field: double turnover_24h_usd = 4;
     */
    turnover24hUsd: number;
    /**
     * True when the symbol is tracked and GetConfluence has it. Default false.
     *
     * @generated from field: bool tracked = 5;
     */
    tracked: boolean;
    /**
     * The smallest price step of the market, USDT. Prices have its digits. Above 0. Absent when the venue does not state it.
     *
     * @generated from field: optional double tick_size = 6;
     */
    tickSize?: number | undefined;
};
/**
 * Describes the message virtuoso.market.v1.Mover.
 * Use `create(MoverSchema)` to create a new message.
 */
export declare const MoverSchema: GenMessage<Mover>;
