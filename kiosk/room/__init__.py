"""RTCRoom, both ends, without a socket or a clock: messages, rules, signatures."""
