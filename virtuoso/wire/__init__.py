"""Convert records to protobuf messages and bytes, and back. No other package does this."""
