"""One port for phones, browsers and scripts. It serves gRPC-Web, JSON, plain gRPC, /healthz and the web page.

spec ──► configuration ──► envoy ──► an Envoy process, which calls `service` (gRPC), `monitor` (HTTP) and `page` (HTTP)

spec             the settings of an edge, as plain values
configuration    a pure function from a spec to Envoy's whole configuration, as a dict. Its parts:
    listener         the port: buffers, TLS, HTTP
    filters          the HTTP filters: compression, CORS, limits, transcoding
    routes           the cluster, timeout and retries for each path
    clusters         the upstream servers and their health checks
    local_replies    the error replies of Envoy itself, in the format of our servers' errors
    access_log       the log of each request
    contract         the descriptors of the stubs for Envoy's JSON transcoder
envoy            finds Envoy, runs it as a child process, restarts it when it ends, and copies its log into ours
tls              Envoy's TLS with callers and with the servers
certificate      checks certificates and keys before Envoy starts, and tells Envoy about renewals
die_with_parent  makes the kernel end Envoy with its parent process, then becomes Envoy
page             serves the files of the web page from memory, because Envoy cannot serve files

This package knows nothing about the market and parses no message. A new RPC with a google.api.http rule is available at the
edge as soon as the stubs have it. The sources of the page are in `virtuoso/web/`. Its build is in gen/web, or in `site/` of
a wheel.
"""
