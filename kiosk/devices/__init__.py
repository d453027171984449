"""Adapters of the device ports: one per module, one vendor import each."""
