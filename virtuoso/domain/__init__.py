"""The nouns of the product, and what several packages share. This package imports no other package of the product.

model, records, snapshot, inputs    the data: frozen records and enums (`contract_enum`)
ports, errors                       the interfaces to external systems, and all errors
plausibility                        the limits of plausible data
symbols, numbers, prices            the text of symbols, numbers and prices
clock, tasks                        time and asynchronous work
addresses, http_server, open_files  the network
private_files, certificates         files
setting_values                      the parsers of settings, for `virtuoso.config`
"""
