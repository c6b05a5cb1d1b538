"""Model <-> protobuf bytes: the only converter."""
