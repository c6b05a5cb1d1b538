"""`virtuoso top`: the dashboard in a terminal. All of it comes through virtuoso.client, from this machine or another.

command.py      words of the command line -> plain.py or application.py
plain.py        one table on standard output
application.py  the dashboard on the whole terminal, and its keys
  banner.py     where the data comes from, how old it is, how the connection is; the whole market in two lines
  board.py      the table
  symbol.py     one symbol: dimensions, components, sentences; its day, by spark.py
  alerts.py     alerts as they happen
words.py        numbers, ages and enums as people read them
columns.py      what the table's columns are, and what stands in their cells
view.py         which rows are shown, and in which order
watchlist.py    the symbols that are marked, in a file

Only application.py and what stands beneath it load Textual.
"""
