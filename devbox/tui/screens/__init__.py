"""The three screens, each loaded when first opened."""
