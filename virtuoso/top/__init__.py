"""`virtuoso top`: the dashboard in a terminal. It reads all data through virtuoso.client, from this or another machine.

    once              one plain table on standard output
      plain_table     the text of that table
    live              the full-screen dashboard
      application     the screens and the keys
      header          environment, age of the data, connection; market overview in one or two lines
      symbol_table    the table of symbols
      symbol_screen   one symbol, updated with each snapshot
      symbol_text     the text of that screen: score, dimensions, components, the last 24 hours
      alerts          live alerts
      prompt          the input line for a search or a minimum score
      help            explanation of the keys and the numbers
    columns           the columns of the table, and their cells
    moves           which numbers have just risen or fallen
    table_view        selection and order of the rows
    watchlist         the file of the symbols that the user marked
    words             texts and formats of numbers, ages and enums
    sparkline, styles, connection

Only `live` and the modules below it import Textual.
"""
