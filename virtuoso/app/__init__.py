"""The composition root. It connects all components. Below the command line, it is the only package that reads settings.
Each command has a module that imports only what it needs. For example, a server imports neither ccxt nor numpy.

    process     runs one command until it ends or receives a stop signal; knows the module of each command
    nodes       up, demo, replay: a supervisor of child processes (`node`, `supervisor`, `banner`)
    serve       repository -> SnapshotCache, history -> MarketServer, and a monitor port
    collect     exchanges -> feeds -> engine -> Collector, and a monitor port
    recordings  record, play, and the description of a recording
    edge        the web page -> Envoy -> servers
    evaluate, doctor, probe, settings
    parts       shared by several commands: repository, monitor
"""
