"""
The kiosk's event loop: facts in, machine, commands out.

Knows only :mod:`kiosk.call` and :mod:`kiosk.ports`; which adapters stand
behind the ports is the business of :mod:`kiosk.app`.
"""
