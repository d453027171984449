"""
What becomes of a kiosk that fails again and again: :mod:`kiosk.ladder.rungs` decides,
:mod:`kiosk.ladder.record` writes the history down.  Pure: no clock, file or process.
"""
