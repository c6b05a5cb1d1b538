"""`virtuoso top`: the dashboard in a terminal. It reads everything through virtuoso.client, from this machine or another.

    once              one plain table on standard output
      plain_table     the text of that table
    live              the dashboard on the whole terminal
      application     what is shown when, and the keys
      header          environment, age of the data, connection; the whole market in two lines
      symbol_table    the table of symbols
      symbol_screen   one symbol: reads it again with each snapshot
      symbol_text     the text of that screen: score, dimensions, components, the last 24 hours
      alerts          alerts as they happen
      prompt          the input line for a search or a minimum score
      help            the keys and the numbers, explained
    columns           the columns of the table, and their cells
    table_view        which rows are shown, and in which order
    watchlist         the symbols that the user marked, in a file
    words             texts and formats: numbers, ages and enums as people read them
    sparkline, styles, connection

Only `live` and what is beneath it import Textual.
"""
