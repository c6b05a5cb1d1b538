"""The nouns of the product, what can go wrong, and what the outside must do. It imports nothing of ours."""
