"""The core types of the product: records, errors and ports. This package imports no other package of the product."""
