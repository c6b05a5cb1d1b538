"""Measure the cost of Virtuoso on this machine: `tools/bench`.

    machine     the cores and memory of the machine; CPU and memory of processes
    node        the product as its operators run it: an exchange, `virtuoso up`, and another server on one core
    baselines   the same dashboard from simpler servers: a grpc.aio echo, FastAPI with memcached; and Envoy in front of ours
    page        the web page in Chromium as a phone on a slow connection: first paint, interactive, bytes of script
    load        h2load: requests per second, p50 and p99, from its log of every request
    refresh     CPU time of scoring, in a separate process
    streams     many WatchDashboard streams: the time from publication to each receipt
    report      a figure, its target, and whether it was reached; the table and the JSON

Only one server is under load at a time. All servers are pinned to the same core and take turns (A B C A B C). Figures are
medians over the rounds and show their spread. All load goes to 127.0.0.1.
"""
