"""What Virtuoso costs, measured on this machine: `tools/bench`.

    machine     the cores and memory that the figures hold for; CPU and memory of processes
    node        the product as its operators run it: an exchange, `virtuoso up`, and another server on one core
    rivals      the same dashboard from simpler servers: a grpc.aio echo, FastAPI with memcached; and Envoy in front of ours
    page        the web page in Chromium as a phone on a slow line: first paint, interactive, bytes of script
    load        h2load: requests a second, p50 and p99, from its log of every request
    refresh     CPU of scoring, in its own process
    streams     many WatchDashboard streams: the time from publication to each receipt
    report      a figure, its aim, and whether it was reached; the table and the JSON

A load runs against one server at a time. All servers are pinned to the same core and take turns (A B C A B C). Figures are
medians over the rounds and show their spread. Only 127.0.0.1 is loaded.
"""
