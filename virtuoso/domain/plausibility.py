"""What is plausible in data from outside, and what happens to data that is not.

All limits are in this module. The code that reads a kind of data applies the limit and counts each refusal by its reason in
`virtuoso_invalid_rows_total`.

| Data | Plausible | Otherwise |
|---|---|---|
| the venue's time in tickers | at most 60 s behind or ahead of ours; moves forward | the reply is refused: VenueStale |
| the venue's time ahead of ours | as far ahead in two readings | it is used only as far as both readings agree |
| the venue's time in other replies | at most 60 s ahead of ours | the reply is refused: VenueStale |
| a time in a row | not before 2009, at most 5 s ahead of its reply (bars: 60 s) | the row is refused |
| the age of a ticker whose row has a time | at most 10 minutes | the row is refused: the market has no ticker |
| the time of a row with mark, index and funding | at most 60 s ahead of ours, 10 minutes behind | the fields are absent |
| the time at which a market was listed | not before 2009, at most 60 s ahead of ours | the field is absent |
| a time in a stored snapshot | at most 60 s after the snapshot was computed (`expire_time` excepted) | the row is refused |
| a time in the history | at most 60 s after now | the record is left out; a signal closed in the future is active |
| the time of BTC's market share | at most 1 hour behind ours, 60 s ahead | the reply is refused: VenueStale |
| the last trade of a market | at most 15 minutes before the newest data | no score; signals are not judged meanwhile |
| a number | finite and at most 1e18; a price above 0 | the row, or the field, is refused |
| mark and index price | within 20 % of the last price | the field is absent |
| funding rate | at most 5 % per interval | the field is absent |
| funding interval | 1 to 24 hours; not above the time between last and next payment | that of past payments, or absent |
| rows of one key, such as trades of one id | they are equal | all of them are refused |
| two bars of one time | only one of them has a volume | both are refused; otherwise the one with a volume is used |
| a last price | within a factor of 1.4 of one within a minute before | refused until a second reading confirms it |
| a last price | within a factor of 1.4 of the ticker's range of 24 hours | the change of 24 hours is absent |
| turnover / volume of 24 hours | a mean price: within the day's range, or 10 % beyond it | both are absent |
| a turnover of 24 hours | within a factor of 2 of one within a minute before | absent until a second reading confirms it |
| last price and newest close | within a factor of 1.4 | trades and book decide; if they cannot, both are refused |
| closes of two timeframes at one time, price 24 hours ago | the same | the coarser candles, or the change, are refused |
| a bar's open | within a factor of 1.4 of the close before it (5 after a gap) | bars of another scale are refused |
| the list of markets | 90 % of the traded markets are listed and have a turnover | no totals; read again in a minute |
| a new list of markets | 90 % of the old one, and all that trade; or two more lists agree | the old list is used |
| tracked symbols without data | at most half of those that trade | the snapshot is incomplete |
"""

from __future__ import annotations

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS

# Times
EARLIEST_MS = 1_230_768_000_000  # 2009-01-01, before the first trade of any crypto asset
LAST_SECOND = 1 << 33  # in the year 2242; the age of a later time would not fit into a Duration
MAX_CLOCK_LAG_MS = MINUTE_MS  # maximum time by which a venue's clock may be behind ours
MAX_CLOCK_LEAD_MS = MINUTE_MS  # maximum time by which a venue's clock may be ahead of ours
MAX_CLOCK_STEP_BACK_MS = 5 * SECOND_MS
MAX_CLOCK_STILL_MS = 15 * SECOND_MS
MAX_ROW_LEAD_MS = 5 * SECOND_MS  # maximum lead of a row's time over its reply's; a venue's clocks differ
MAX_TICKER_AGE_MS = 10 * MINUTE_MS  # some venues date a ticker by its last trade, and small markets trade rarely
MIN_FUNDING_INTERVAL_MS, MAX_FUNDING_INTERVAL_MS = 60 * MINUTE_MS, 24 * 60 * MINUTE_MS
MAX_TRADE_GAP_MS = 15 * MINUTE_MS  # in recorded markets of 1 million USDT a day, no gap is above 10 minutes
MAX_DOMINANCE_AGE_MS = 60 * MINUTE_MS
MAX_BAR_LEAD_MS = MINUTE_MS
MAX_BAR_DELAY_MS = MINUTE_MS  # the newest bar may be missing for two periods and this time

# Numbers
LARGEST = 1e18  # a larger number in market data is an error, and sums of its square overflow
MAX_PRICE_DISTANCE = 0.2  # of mark and index from the last price, relative; others belong to another market or time
MAX_FUNDING_RATE = 0.05  # no venue allows a funding rate above 4 % per interval
MAX_OPEN_JUMP = 1.4  # ratio of a bar's open to the close before it; the largest recorded ones: 5m and 30m 1.12, 4h 1.01
MAX_PRICE_STEP = 1.4  # of a price within a minute; in the worst two hours recorded, 1.3 % of minutes had a larger one
PRICE_STEP_MS = MINUTE_MS
MAX_MEAN_PRICE_EXCESS = 1.1  # of a day's mean price over its range; at most 2 % in 7,000 recorded rows
MAX_TURNOVER_STEP = 2.0  # of a day's turnover within a minute; in 5 minutes, one of 100,000 recorded steps is larger
MAX_GAP_JUMP = 5.0  # the same across missing bars; the largest recorded moves within 30 minutes are 4.9
PRICE_ROUNDING = 1e-6  # relative tolerance of open and close beyond high and low; venues round each price separately

# Shares of a list
MIN_KNOWN_TURNOVER = 0.9  # of the markets; below it, totals would cover only a part of the venue
MAX_LOST_MARKETS = 0.1  # of the previous list of markets; more must be confirmed
FEW_LOST_MARKETS = 2  # need no confirmation, even in a short list
MAX_WITHOUT_DATA = 0.5  # of the tracked symbols that trade; more would be a failure of the venue
LIST_CONFIRMATIONS = 2  # further lists that must lack the same share of markets
