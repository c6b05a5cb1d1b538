"""One port for phones, browsers and scripts. It speaks gRPC-Web, JSON, plain gRPC and /healthz, and has the web page.

spec ──► configuration ──► envoy ──► a real Envoy, which calls `service` (gRPC), `monitor` (HTTP) and `page` (HTTP)

spec             what an edge is, in plain values
configuration    a spec -> Envoy's whole configuration, as a dict; pure. Its parts, each with one reason to change:
    listener         the port: buffers, TLS, HTTP
    filters          what each request passes: compression, CORS, limits, transcoding
    routes           which server answers a path, within what time, and when another server is tried
    clusters         the servers behind, and their health checks
    local_replies    what Envoy answers itself when no server of ours could, in the shape of our own errors
    access_log       what is logged about each request
    contract         the stubs' own descriptors, as Envoy's JSON transcoder needs them
envoy            finds the program, runs it as a child, and starts it again when it ends; its log becomes ours
certificate      checks certificate and key before Envoy does, and tells it when they were renewed
die_with_parent  the process between us and Envoy: it becomes Envoy, after it has asked the kernel to end it with us
page             serves the web page's files from memory, because Envoy cannot serve files

Nothing about the market is known here, and no message is parsed: a new RPC with a google.api.http rule is at the edge as
soon as the stubs have it. `virtuoso/web/` has the page's sources. Its build is in gen/web, and in a wheel in `site/`.
"""
