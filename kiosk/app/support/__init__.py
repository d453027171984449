"""
``kiosk support-bundle``: what those who support a kiosk ask for, in one archive.

``parts`` finds it, each part by itself: what fails is told in the manifest and costs
nothing else, so that it works when the kiosk does not.  ``scrubbing`` takes out every
secret, by its form and by its value; ``bundle`` writes the archive.
"""
