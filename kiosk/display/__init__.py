"""Displays: adapters of :class:`kiosk.ports.Display`, one per module."""
