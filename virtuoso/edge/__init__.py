"""The door for phones, browsers and scripts: one port that speaks gRPC-Web, JSON, plain gRPC and /healthz.

contract ──► configuration ──► envoy ──► a real Envoy, which talks to `service` (gRPC) and `monitor` (HTTP)

contract        the stubs' own descriptors, as Envoy's JSON transcoder wants them
configuration   plain values -> Envoy's whole configuration, as a dict; pure; listener, routes, clusters
replies         what Envoy says itself when no server of ours could, in the shape of our own errors
envoy           finds the program, runs it as a child, starts it again when it ends; its log becomes ours
tied            what stands between: it becomes Envoy, once it has asked to end with us

Nothing of the market is known here and nothing is parsed: a new RPC with a google.api.http rule is at the edge as soon as
the stubs have it. TLS, limits, compression, an access log and the web page each are a part more in `configuration`.
"""
