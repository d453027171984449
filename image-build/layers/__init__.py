"""
Reads and judges the layers and configurations that the kiosk's images are made of.

They are rpi-image-gen's files, and its words for what is in them are ours.  With the
standard library alone: the package's builder and CI have nothing else.
"""
