"""
Says what is in a root file system, and under which licences: NOTICE and an SPDX list.

It reads what Debian's packages and Python's wheels say of themselves; a hook of the
application layer runs it, so that every image and the appliance carry both files.
Standard library only: it runs with the Python of whatever machine builds.
"""
