"""The storage of snapshots and candles: a key-value store of bytes that does not interpret the values.

`factory.open_repository` builds this stack from one setting. A call passes through the layers from top to bottom:

    TieredRepository               reads from the first tier that has the value, writes to all tiers; counts fallbacks
      InstrumentedRepository       counts reads and writes; treats damaged bytes as a missing value
        CircuitBreakerRepository   limits a call to about a second; skips a repository for a while after a timeout
          ShardedRepository        several memcached servers: each key has its own order of servers
            CircuitBreakerRepository   the same for one server
              MemcachedRepository  one server
          DirectoryRepository      one file per key, for the processes of one node
          MemoryRepository         for one process

`notices.NotifyingRepository` is around the stack of a publisher. It tells the servers of the node about each new head.

Helper modules: `keys` builds all keys. `envelope` adds a checksum to stored bytes. `thread_pool` runs blocking calls outside
the event loop. `composite` is for repositories with several parts, which may hold different values of a key. Their `get_all`
returns all values. The caller knows the content and takes the newest.
"""
