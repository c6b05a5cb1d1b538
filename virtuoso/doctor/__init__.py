"""`virtuoso doctor`: looks at all that the product needs, changes nothing, and says what to do.

    examination   the table of checks; runs them side by side, each within its time, and puts the findings in order
      venues      each exchange by the product's own client; from those: certificates and clocks; CoinGecko
      storage     each memcached server by itself; directories and their disks
      listeners   our ports: free, ours already, or somebody else's
      edge        what the edge is given: servers, certificate, log
      machine     what is installed, what the environment asks for
    aside         blocking calls that nobody waits for at the end
    finding       what a check found; the table for people, JSON for scripts, the exit code

A new thing to look at is a function that returns findings and a line in `examination`. A failure is what keeps the product
from working; what it can do without, or has a substitute for, is a warning. Checks ask by the product's own code, so what
is well here is well there. Time-outs are here rather than in the callers: a check that hangs costs only its own line.
"""
