"""Records as protobuf messages and bytes, and back. No other package converts between them."""
