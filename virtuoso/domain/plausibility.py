"""What is plausible in data from outside, and what happens to data that is not.

All limits are in this module. The code that reads a kind of data applies the limit and counts each refusal by its reason in
`virtuoso_invalid_rows_total`.

| Data | Plausible | Otherwise |
|---|---|---|
| the venue's time in tickers | at most 60 s behind or ahead of ours; moves forward | the reply is refused: VenueStale |
| the venue's time ahead of ours | as far ahead in two readings | it is used only as far as both readings agree |
| the time of a streamed message ahead of ours | as far ahead in 8 in a row | it is used only as far as all of them agree |
| the venue's time in other replies | at most 60 s ahead of ours | the reply is refused: VenueStale |
| a time in a row | not before 2009, at most 5 s ahead of its reply | the row is refused |
| the opening time of a bar | a multiple of the bar's length, at most 60 s ahead of its reply | the bar is refused |
| the end of the newest bar | at most two bars and 60 s before its reply | the reply is refused: VenueStale |
| the age of a ticker whose row has a time | at most 10 minutes | the row is refused: the market has no ticker |
| the time of a row with mark, index and funding | at most 60 s ahead of ours, 10 minutes behind | the fields are absent |
| the time at which a market was listed | not before 2009, at most 60 s ahead of ours | the field is absent |
| a time in a stored snapshot | at most 60 s after the snapshot was computed (`expire_time` excepted) | the row is refused |
| stored scores of the last minutes | scores of 0 to 100 of 36 minutes; at most 60 s after now | their means begin again |
| a time in the history | at most 60 s after now | the record is left out; a signal closed in the future is active |
| the time of BTC's market share | at most 1 hour behind ours, 60 s ahead | the reply is refused: VenueStale |
| BTC's market share times the total capitalisation | 18 to 22 million BTC, its supply | the reply is refused: BadData |
| digits of prices and sizes in the list of markets | at most 30 | the row is refused |
| the time since a ticker was received | at most 60 s before the newest one | the market has no ticker |
| a streamed book and a requested one | 60 % of the best 50 levels are equal, once in two times | it is subscribed anew |
| trades of a reading that their stream did not send | none that is older than 3 s | the stream is subscribed anew |
| the last trade of a market | at most 15 minutes before the newest data | no score; signals are not judged meanwhile |
| the venue's time in a streamed order book | at most 100 ms before that of the change before it | the book is read again |
| the changes of a streamed order book | each begins where the one before ended, in any order within 1 s | it is read again |
| known levels of a streamed order book that has more | at least 50 a side | the book is read again |
| a requested order book that begins a stream | within 75 ms of a change, once in five times | it is read again |
| an interruption of the watch of liquidations | at most 5 minutes | sums begin after it; else they are lower bounds |
| mark, index and funding from a stream of their own | at most 10 s old | the fields are absent |
| a number | finite and at most 1e18; a price or an amount is at least 1e-18 | the row, or the field, is refused |
| a change of 24 hours | as the opening price says, up to 0.05 points, 1 % of it and a tick | the field is absent |
| two shares of accounts, long and short | their sum is 1, up to 0.01; their ratio is below 1,000 | the row is refused |
| mark and index price | within 20 % of the last price | the field is absent |
| funding rate | at most 5 % per interval | the field is absent |
| funding interval | 1 to 24 hours; not above the time between last and next payment | that of past payments, or absent |
| rows of one key, such as trades of one id | they are equal | all of them are refused |
| two bars of one time that differ | one has a volume, the other has none: the first is used | both are refused |
| a tick size | the last price is a whole number of ticks, at most 1e12 | the field is absent |
| a last price | within a factor of 1.4 of a price read in the last minute | that price is used until a second one agrees |
| a last price | within a factor of 1.4 of the ticker's range of 24 hours | the change of 24 hours is absent |
| turnover / volume of 24 hours | a mean price within the day's range, or 10 % beyond it | both are absent |
| a turnover of 24 hours | within a factor of 2 of one read in the last minute | absent until a second reading confirms it |
| the last price at which a signal opens | within 1 % of mark price and newest close, no older than a minute | none opens |
| the newest close beside it | ended at most 10 minutes before | no signal opens |
| last price and newest close | within a factor of 1.4 (30m and 4h: 5) | trades and book decide, or both are refused |
| closes of two timeframes at one time | within a factor of 1.4 | the coarser candles are refused |
| the ticker's price of 24 hours ago | within a factor of 1.4 of all candles | odd candles, or the change, are refused |
| a bar's high and low | within a factor of 25 of open or close | the bar is refused |
| the volume of a bar that takers bought | 0 to the volume of the bar | it is unknown for this bar |
| a bar's open | within a factor of 1.4 of the close before it (5 after a gap) | bars of another scale are refused |
| the turnover of a venue's markets | known for 90 % of them | no totals; the list is read again in a minute |
| the sum of known turnovers | at least 90 % of the venue's last known sum | no totals |
| the newest 4h bar of an outlook | at most 15 minutes after the next one is due | nothing is said: BARS_LATE |
| symbols with bars for outlooks | at most 400, by turnover | the bars of others are discarded |
| pages of a list of markets | at most 100, and none is requested twice | the pages read so far are used |
| a new list of markets | lacks no market that trades and at most 10 % of all | refused twice; then 10 % of those trading |
| scores of a pass | of at least 90 % of the measurable symbols | no signal opens |
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
MAX_BOOK_STEP_BACK_MS = 100  # the clocks of a venue's machines differ
MAX_BOOK_DISTANCE_MS = 75  # between a requested book and the nearest change; changes come every 100 ms
MAX_WATCH_GAP_MS = 5 * MINUTE_MS  # a restart or a new connection takes seconds
MAX_STREAMED_PREMIUM_AGE_MS = 10 * SECOND_MS  # they come once a second
MAX_ROW_LEAD_MS = 5 * SECOND_MS  # maximum lead of a row's time over its reply's; a venue's clocks differ
MAX_TICKER_AGE_MS = 10 * MINUTE_MS  # some venues date a ticker by its last trade, and small markets trade rarely
MIN_FUNDING_INTERVAL_MS, MAX_FUNDING_INTERVAL_MS = 60 * MINUTE_MS, 24 * 60 * MINUTE_MS
MAX_TRADE_GAP_MS = 15 * MINUTE_MS  # in recorded markets of 1 million USDT a day, no gap is above 10 minutes
MAX_CLOSE_AGE_MS = 10 * MINUTE_MS  # of the close that confirms the entry of a signal
MAX_DOMINANCE_AGE_MS = 60 * MINUTE_MS
MAX_BAR_LEAD_MS = MINUTE_MS
MAX_BAR_DELAY_MS = MINUTE_MS  # the next bar is overdue two bar lengths and this time after the end of the newest one
MAX_OUTLOOK_DELAY_MS = 15 * MINUTE_MS  # a round reads 200 symbols one by one

# Numbers
SMALLEST = 1e-18  # a smaller price or amount is an error, and ratios of it are 0 or infinite
LARGEST = 1e18  # a larger number in market data is an error, and sums of its square overflow
MAX_PRICE_DISTANCE = 0.2  # relative to the last price; a mark or index farther away is of another market or time
MAX_ENTRY_DISTANCE = 0.01  # of mark price and newest close from the entry of a signal, in log prices
MAX_CHANGE_ERROR, MAX_CHANGE_DEVIATION = 0.05, 0.01  # of a change of 24 hours: percentage points, share of the change
MAX_ACCOUNT_RATIO = 1_000  # long accounts divided by short accounts
SHARE_ROUNDING = 0.01  # maximum distance of the sum of two shares from 1
MAX_FUNDING_RATE = 0.05  # no venue allows a funding rate above 4 % per interval
MAX_OPEN_JUMP = 1.4  # a bar's open divided by the close before it; the largest recorded ratio is 1.12 (5m, 30m)
MAX_PRICE_STEP = 1.4  # a price divided by one a minute before; in the worst two hours recorded, 1.3 % of minutes exceed it
PRICE_STEP_MS = MINUTE_MS
MAX_PRICE_AGE_MS = MINUTE_MS  # receipt of a ticker before that of the newest one; a reading receives all of them at once
MAX_MEAN_PRICE_EXCESS = 1.1  # turnover / volume divided by the end of the day's range; at most 1.02 in 7,000 recorded rows
MAX_TURNOVER_STEP = 2.0  # a turnover divided by one a minute before; 1 of 100,000 recorded steps of 5 minutes exceeds it
MAX_WICK = 25.0  # ratio of a bar's high or low to its body; the largest recorded one in a market older than a day is 11
MAX_GAP_JUMP = 5.0  # a bar's open divided by the close before missing bars; the largest recorded move in 30 minutes is 4.9
MAX_TICKS = 1e12  # maximum number of ticks in a price; more digits are not exact in a float
MAX_DIGITS = 30  # after the decimal point of a price or size
TICK_ROUNDING = 1e-3  # maximum distance of a price from a whole number of ticks, in ticks
BTC_SUPPLY = (18e6, 22e6)  # (least, most) BTC that exist; it was 18 million in 2020 and never exceeds 21 million
MIN_EQUAL_LEVELS = 0.6  # share of equal levels of two order books; in motion, 95 % are equal within 0.1 s
MAX_STREAM_LAG_MS = 3 * SECOND_MS  # time by which a stream may send a trade later than a reading
PRICE_ROUNDING = 1e-6  # relative tolerance of open and close beyond high and low; venues round each price separately
MIN_BOOK_LEVELS = 50  # known ones of a side; components of a score use so many

# Shares of a list
MIN_KNOWN_TURNOVER = 0.9  # share of markets, and of their turnover; totals of less would cover only a part of the venue
MAX_LOST_MARKETS = 0.1  # share of the previous list; if a new list lacks more, it must be confirmed
FEW_LOST_MARKETS = 2  # a new list may always lack this number of markets, even if the previous list is short
MAX_PAGES = 100  # maximum number of pages of one list of markets
MAX_OUTLOOK_SYMBOLS = 400
MAX_WITHOUT_DATA = 0.5  # share of the tracked symbols that trade; more of them mean a failure of the venue
MIN_SCORED_SHARE = 0.9  # share of the measurable symbols; a pass with fewer scores calls no signal
LIST_CONFIRMATIONS = 2  # number of lists in a row that are refused before one is accepted
