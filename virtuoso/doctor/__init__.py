"""`virtuoso doctor`: checks all that the product needs, changes nothing, and says what to do.

    examination         runs all checks side by side, each within its time, and puts the findings in order
      venues            exchanges and CoinGecko, asked with the product's own clients: a SourceCheck each
      certificates      which certificates of these were verified
      clocks            this machine's clock against those of the venues
      memcached_servers each memcached server by itself
      directories       the directories that the settings name, and their disks
      history           whether the history answers, and its disk
      listeners         whether our ports are free
      edge              what the edge is given: servers, certificate, log
      machine           libraries, environment variables, Envoy
    daemon_call         runs a blocking call that nothing waits for at the end
    finding             what a check found: a table for people, JSON for scripts, the exit code

A new check is a function that returns findings, and a line in `examination`. A failure keeps the product from working. A
warning is something that the product can do without or has a substitute for. Checks use the product's own code, so their
result holds for the product. Each check has a timeout of its own: one that hangs costs only its own line.
"""
