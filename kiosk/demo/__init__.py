"""
A whole call on one machine: a room server, an agent and a kiosk as processes.

Knows them only from outside: their command line, their configuration files
and their control sockets.  Nothing here touches media; what it reports is what
the kiosk says it received.
"""
