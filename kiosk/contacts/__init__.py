"""
What a finger meant, made of what a contact did.

``contact`` judges one contact, ``front`` all those of a kiosk.  Both are pure: edges
and times go in, presses come out, and every adapter whose buttons are contacts
(GPIO lines, keypads, switches) has its edges judged here.
"""

from kiosk.contacts.contact import Rules
from kiosk.contacts.front import Front, Place


__all__ = ["Front", "Place", "Rules"]
