"""The language of the product: its records, its errors, its ports to the outside. It imports no other package of ours."""
