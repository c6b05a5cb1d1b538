"""The door for phones, browsers and scripts: one port that speaks gRPC-Web, JSON, plain gRPC and /healthz, and has the page.

plan ──► configuration ──► envoy ──► a real Envoy, which talks to `service` (gRPC), `monitor` (HTTP) and `page` (HTTP)

plan            what the edge shall be, in plain values
configuration   a plan -> Envoy's whole configuration, as a dict; pure. Its parts, each with one reason to change:
    listener        the port: buffers, TLS, HTTP
    filters         what each call goes through: compression, CORS, limits, transcoding
    routes          who answers which path, how long that may take, when another server is asked
    clusters        what is behind, and how it is found to be well
    replies         what Envoy says itself when no server of ours could, in the shape of our own errors
    access_log      what is written of each call
    contract        the stubs' own descriptors, as Envoy's JSON transcoder wants them
envoy           finds the program, runs it as a child, starts it again when it ends; its log becomes ours
certificate     looks at certificate and key before Envoy does, and tells it when they were renewed
tied            what stands between: it becomes Envoy, once it has asked to end with us
page            the web page's files in memory, for Envoy has no means to serve them

Nothing of the market is known here and nothing is parsed: a new RPC with a google.api.http rule is at the edge as soon as
the stubs have it. `virtuoso/web` holds the page's sources; the build is in gen/web, and in `site/` of a wheel.
"""
