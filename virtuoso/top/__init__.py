"""`virtuoso top`: the dashboard in a terminal. It reads all data through virtuoso.client, from this or another machine.

    once              one plain table on standard output
      plain_table     the text of that table
    live              the full-screen dashboard
      application     the screens, the tabs and the keys
      header          environment, age of the data, connection; the market in two or three lines
      symbol_table    the table of symbols
      list_tab        a tab with a list and the details of one row
      lists/          what each list reads, and its texts
      symbol_screen   one symbol, updated with each snapshot
      symbol_text     the texts of that screen: score, dimensions, components, the last 24 hours
      candle_chart    its chart
      outlook_text    its outlook
      table           a table with a cursor
      text_box        a text that is drawn again only when it has changed
      prompt          the input line for a search or a minimum score
      help            explanation of the keys and the numbers
    context           what texts depend on: the newest dashboard, the time zone, the size of the screen
    reading           the last reply to a call, and why there is no newer one
    columns           the columns of the table of symbols, and their cells
    moves             which numbers have just risen or fallen
    table_view        selection and order of the rows
    watchlist         the file of the symbols that the user marked
    words, names      texts and formats of numbers, ages and enums; names of components and inputs
    bars, sparkline, styles, connection

Only `live` and the modules below it import Textual.
"""
