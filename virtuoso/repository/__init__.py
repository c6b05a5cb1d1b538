"""Where snapshots and candles are stored: bytes under keys, whose content is never looked at.

`factory.open_repository` builds this stack from one setting. A call goes down it, and each layer changes one thing:

    TieredRepository               reads take the first tier that has the value, writes go to all; counts fallbacks
      InstrumentedRepository       counts reads and writes; damaged bytes become an absence
        CircuitBreakerRepository   limits a call to about a second; skips for a while what does not answer in time
          ShardedRepository        several memcached servers: each key has its own order of servers
            CircuitBreakerRepository   the same for one server
              MemcachedRepository  one server
          DirectoryRepository      one file a key, for the processes of one node
          MemoryRepository         for one process

Beneath: `keys` builds every key, `envelope` makes stored bytes self-checking, `thread_pool` keeps blocking calls off the
event loop. `composite` is for repositories made of several, which may hold several values of a key: `get_all` returns all
of them, and the caller, which knows their content, takes the newest.
"""
