"""Altered replies of exchanges, fed to the real adapter, feed, pass and servers' checks. See `tools/mutate --help`."""
