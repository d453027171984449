"""
The manual pages and the shells' completions, made of the program itself.

``python -m manual DIR`` writes ``kiosk.1`` (of the parser), ``kiosk.8`` (of the table of
events and of the errors' codes), ``kiosk.toml.5`` (of the schema) and, where shtab is
installed, the completions of bash and zsh.  The package is built with it, so no page can
be older than the program.
"""
