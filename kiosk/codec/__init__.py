"""
Coded and uncoded media: encoders, decoders, painted and audible clocks, pacing.

Everything here works on values given by the caller: no socket, no thread, no
device.  The only package beside the file devices that imports PyAV.
"""
