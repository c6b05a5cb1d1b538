"""The gRPC service. It reads what collectors publish and never asks an exchange anything.

    Keeper  once a second: newest head -> snapshot bytes -> `intake` checks every row once -> View
       |    and each second it says anew how old that is: Present
    View    one snapshot, encoded field by field; immutable
       |
    Market  a handler per RPC: a few lines that join ready bytes; provenance + body is a reply
       |    and Chronicle has those that look back: closed signals, alerts, scores over time. It reads the history through
       |    Archive (opened when first needed, bounded in time); Tail follows new alerts for all streams at once
       |
    Calls   what is wrapped around every handler: request id, admission, validation, the error table, measures
       |
    MarketServer  port, health, reflection, and going down in order

Replies are bytes from the start (`response_serializer=None`): protobuf merges concatenated messages, so every body is
encoded once per snapshot without its provenance, which is field 1 of every reply and is put before it.
Nothing here knows an engine: the composition root hands in what `keeper.Source` and `keeper.Keys` ask for, and an opener of
a HistoryReader. While the history is down only what it alone knows is refused; health and the snapshot do not depend on it.
"""
