"""Texts and names that broke some program somewhere."""

from __future__ import annotations

from typing import Final


BAD_IDS: Final = (
    "", ".", "..", "../etc/passwd", "a/b", "a\\b", "a b", " a", "a ", "a\n", "a\r\nb",
    "a\x00", "\x00", "a\tb", "\x7f", "\x1b[2J", "x" * 65, "x" * 10_000, "é", "\u202eabc",
    "abc\u202c", "\u200b", "\u0430", "\uff41", "🎥", "a'b", 'a"b', "a`b", "<b>", "a%2fb", "a%00",
    "*", "?", "a*", "a?b=c", "a&b=c", "a#b", "a:b", "a;b", "a,b", "a.b", "__proto__.x",
    "${jndi:ldap://x}", "{{7*7}}", "$(id)", "`id`", "' OR 1=1 --", "\ufeffa", "a\u2028b",
    "\ud800", "NUL:", "a@b", "a=b", "a+b", "~a", "!", "(a)", "[a]", "{a}",
)  # fmt: skip
"""None of them is 1 to 64 of A-Z a-z 0-9 _ -."""

ODD_IDS: Final = (
    "__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf",
    "None", "null", "undefined", "NaN", "true", "0", "-1", "-", "_", "--", "con", "aux",
    "self", "__class__", "__init__", "x" * 64, "desk-test", "echo", "admin", "root",
)  # fmt: skip
"""Names of the grammar that mean something elsewhere, and nothing here."""

WRONG_KINDS: Final[tuple[object, ...]] = (
    None, True, False, 0, 1, -1, 2**63, 1.5, [], [[]], ["desk"], {}, {"desk": 1},
)  # fmt: skip

TEXTS: Final = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><b>', "&lt;b&gt;",
    "\u202egnp.exe", "\u2066\u2067\u2068abc\u2069", "a\u0300" * 300, "﷽" * 100,
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢", "👩‍👩‍👧‍👦" * 50, "\ufeff", "\u200b\u200d", "\u2028\u2029", "\ufffe",
    "\U000e0001\U000e0061", "\ue000", "%s%n%x", "{0}{}", "$(reboot)", "'; DROP TABLE facts; --",
    "\\n\\r\\x1b", "=cmd|' /C calc'!A0", "العربية עברית", "中文字幕测试", "x" * 1024,
)  # fmt: skip
"""Without control characters: what people could send."""

CONTROL_TEXTS: Final = (
    "a\x00b", "a\nb\r\nINFO kiosk: forged line", "\x1b[2J\x1b[31mred", "\x1b]0;title\x07",
    "\x08\x08\x08", "\x7f", "a\x85b", "\x9b31m", "\r", "\x0b\x0c",
)  # fmt: skip
