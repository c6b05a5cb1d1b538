"""What Virtuoso costs, measured on the machine at hand: `tools/bench`.

    machine     what the figures hold for: cores, memory; CPU and memory of processes
    node        the product as its operators run it: an exchange, `virtuoso up`, and a further server pinned to one core
    rivals      the same dashboard from something simpler: a bare grpc.aio echo, FastAPI with memcached, Envoy in front
    page        the web page in Chromium as a phone on a slow line: first paint, interactive, bytes of script
    load        h2load: requests a second, p50 and p99, from its log of every request
    refresh     CPU of scoring, in a process of its own
    streams     many WatchDashboard streams: from publication to each receipt
    report      a figure, its aim, reached or not; the table and the JSON

A load runs against one server at a time, all of them pinned to the same core, in turns (A B C A B C); figures are medians
over the rounds and their spread is shown. Nothing but 127.0.0.1 is loaded.
"""
