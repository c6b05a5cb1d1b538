"""Where snapshots and candles are kept: bytes under keys, their content never looked at.

A call goes down this stack, which `open.open_repository` builds from one setting; each layer changes one thing:

    Tiers            the first tier that has the value; writes go to all; counts fallbacks
      Metered        counts reads and writes; bytes that do not check become an absence
        Guarded      about a second a call; what does not answer is skipped for a while, then tried by one caller
          Ring       several memcached servers: each key has its order of servers, the next one stands in for a dead one
            Guarded  the same, a server
              Memcached
          Directory  one file a key, for the processes of one node
          Memory     for one process

Beneath: `keys` builds every key, `envelope` makes stored bytes self-checking, `threads` keeps blocking calls off the loop.
What a key's newest value is, when tiers differ, is the caller's to judge (`Tiers.get_all`): only it knows the content.
"""
