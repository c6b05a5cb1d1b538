"""The composition root: the only part beneath the command line that reads settings, and the one place to learn the wiring.
Each command has a module that imports what it needs, so that a server loads neither ccxt nor numpy.

    process     runs one command until it is done or told to stop; knows the module of each command
    nodes       up, demo, replay: a supervisor of child processes (`node`, `supervisor`, `banner`)
    serve       repository -> SnapshotCache, history -> MarketServer, and a monitor port
    collect     exchanges -> feeds -> engine -> Collector, and a monitor port
    recordings  record, play, and what a recording holds
    edge        the web page -> Envoy before servers
    evaluate, doctor, probe, settings
    parts       what several commands open: repository, monitor
"""
