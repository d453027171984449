"""
A fleet at the operator's desk: one spreadsheet in, one signed bundle per device out.

``spreadsheet`` reads what Excel and others write, ``columns`` says what each column
sets, ``inventory`` makes devices of the rows, ``rendering`` writes their bundles,
``signing`` vouches for them.  Nothing here runs on a kiosk, asks a network or logs.
"""
