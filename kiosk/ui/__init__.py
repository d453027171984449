"""
What the customer sees: screens as pure content, drawn by Pillow.

:mod:`~kiosk.ui.screens` decides what a screen says, :mod:`~kiosk.ui.draw` makes
pixels of it, :mod:`~kiosk.ui.presenter` puts them on the display's layers.
"""
