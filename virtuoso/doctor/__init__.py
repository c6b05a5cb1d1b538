"""`virtuoso doctor`: checks all that the product needs, changes nothing, and says what to do.

    examination         runs all checks side by side, each within its time, and puts the findings in order
      venues            exchanges and CoinGecko, asked with the product's own clients: a SourceCheck each
      certificates      whether the certificates of these are verified
      clocks            the difference between this machine's clock and those of the venues
      memcached_servers each memcached server by itself
      directories       the directories that the settings name, and their disks
      secret_files      who may read the files with secrets, and the history
      history           whether the history answers, and its disk
      listeners         whether our ports are free
      edge              the settings of the edge: servers, certificate, log
      machine           libraries, environment variables, Envoy
    daemon_call         a blocking call that does not delay the end of the process
    finding             what a check found: a table for people, JSON for scripts, the exit code

A new check is a function that returns findings, and a line in `examination`. A failure keeps the product from working. A
warning is a problem that the product can work around. Checks use the product's own code, so their result holds for the
product. Each check has its own timeout, so a check that hangs affects only its own line.
"""
