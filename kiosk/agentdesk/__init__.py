"""
The agents' desk: a page with which people answer kiosks, no program installed.

An agent at a desk is a party of a room as every other: the server's own protocol logs
him in, gives him a seat, and publishes and plays his streams, so that no kiosk needs to
know what a desk is, and nothing a desk does can do to a room what a party cannot.  It
runs in the room server's process (``kiosk.app.desk_process`` puts both together), for
there is the queue, but knows nothing of the server: all it asks goes through
:mod:`kiosk.agentdesk.ports`.
"""
