"""
What stands where a driver does, for tests and demonstrations.

Each fake takes the place of a kernel or vendor interface, so that the adapter above it
runs unchanged; each has the faults of the real thing as switches.
"""
