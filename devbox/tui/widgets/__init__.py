"""Widgets that draw immutable snapshots; they never fetch, wait or run anything."""
