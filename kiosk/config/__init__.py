"""
The two configuration files: what may stand in them, and reading them.

Pure apart from reading files.  ``schema`` and ``server_schema`` are the single
source of keys, ranges and defaults; ``load`` reads layers and reports every
mistake at once; ``show`` writes the effective configuration back.  pydantic is
imported here and in nothing that a technician's quick command needs, so import
the submodule you want.
"""
