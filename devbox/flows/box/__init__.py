"""The box and its private sidecars: observe → plan → execute, each operation with a cause (product.md X).

`api` lists what both faces may call. This package imports nothing by itself: `status` must not pay for `up`.
"""
