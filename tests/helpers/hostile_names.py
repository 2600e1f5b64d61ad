"""Names that do harm where they are not treated as data."""

import unicodedata

HOSTILE_NAMES = (
    '[/]', '[unknown]', '[red]x', '\x1b[31mred', '\x1b]0;title\x07', '\x9b2J', 'a\nb\r',
    '\u202eright to left', '\ud800', '$x^2$', r'$\frac{1$', r'\$5', '|a|', '<script>alert(1)</script>',
    '[a](javascript:b)', '*`_', '{0}', '{', '%s', '_', '', ' ',
    'x' * 300, 300 * 'y' + '1', 300 * 'y' + '2',
)  # fmt: skip


def assert_harmless(text, ends='\n'):
    """Assert that a text holds no control characters but its line ends."""
    control = {c for c in text if unicodedata.category(c)[0] == 'C' or c in '\u2028\u2029'}
    assert control <= set(ends)
