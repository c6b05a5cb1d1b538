"""Files of what the history stores, for `virtuoso export`.

    history ─► export (pages of records) ─► tables (rows) ─► csv_file | parquet_file

- tables         the columns of each table: name, kind, unit, meaning, and how to read it from a record
- export         the records of a time range and of some symbols, page by page, with progress
- csv_file, parquet_file   the two formats; each takes rows in batches and holds no more than one batch

export.md lists all columns. A file appears under its name only when it is complete.
"""
