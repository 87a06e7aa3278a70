"""Names of columns, which may be any text, as identifiers and as comments of C."""

import re
from collections.abc import Collection

KEYWORDS = frozenset(
    (
        *("auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else"),
        *("enum", "extern", "float", "for", "goto", "if", "inline", "int", "long", "register"),
        *("restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch", "typedef"),
        *("union", "unsigned", "void", "volatile", "while"),
    )
)
"""Those of C99."""
LATER = frozenset(
    (
        *("alignas", "alignof", "asm", "bool", "constexpr", "false", "nullptr", "static_assert"),
        *("thread_local", "true", "typeof", "typeof_unqual"),
    )
)
"""Those of C23, which compilers take by default, and of GNU C."""
PLUS_PLUS = frozenset(
    (
        *("and", "and_eq", "bitand", "bitor", "catch", "char16_t", "char32_t", "char8_t", "class"),
        *("co_await", "co_return", "co_yield", "compl", "concept", "const_cast", "consteval"),
        *("constinit", "decltype", "delete", "dynamic_cast", "explicit", "export", "friend", "mutable"),
        *("namespace", "new", "noexcept", "not", "not_eq", "operator", "or", "or_eq", "private"),
        *("protected", "public", "reinterpret_cast", "requires", "static_cast", "template", "this"),
        *("throw", "try", "typeid", "typename", "using", "virtual", "wchar_t", "xor", "xor_eq"),
    )
)
"""Those of C++23 alone: a program in C++ may include the file."""
TAKEN = KEYWORDS | LATER | PLUS_PLUS
MACROS = re.compile(
    r"BUFSIZ|EOF|HUGE|INFINITY|MAXFLOAT|NAN|NULL|P_tmpdir|errno|i386|linux|math_errhandling|unix"
    r"|std(err|in|out)|DOMAIN|OVERFLOW|PLOSS|SING|TLOSS|UNDERFLOW|X_TLOSS"
    r"|(FILENAME|FOPEN|TMP)_MAX|HUGE_VAL[FL]?|MATH_ERR(NO|EXCEPT)|(FP|L|M|SEEK)_\w*[^\W_]"
)
"""Those without arguments of the headers that the file includes, and of compilers: a column of such a
name would be replaced before it is read. None ends in _."""
RESERVED = re.compile("_[A-Z]|__[A-Za-z]")
"""So begin names that C keeps for compilers."""
FORBIDDEN = re.compile(r"\W", re.ASCII)


def identifiers(names: list[str], taken: Collection[str] = ()) -> list[str]:
    """A name in C for each column, no two alike.

    >>> identifiers(["age", "int", "2nd", "a b", "a-b", "NAN", "__LINE__"])
    ['age', 'int_', '_2nd', 'a_b', 'a_b_', 'NAN_', 'c__LINE__']
    """
    found, used = list[str](), set(taken)
    for name in names:
        plain = FORBIDDEN.sub("_", name) or "_"
        plain = f"_{plain}" if plain[0].isdigit() else plain
        plain = f"c{plain}" if RESERVED.match(plain) else plain
        while plain in TAKEN or plain in used or MACROS.fullmatch(plain):
            plain += "_"
        used.add(plain)
        found.append(plain)
    return found


def comment(text: str) -> str:
    r"""A text that neither begins nor ends a comment, on one line.

    >>> comment("a*/b"), comment("a*\\ b"), comment("a\n/*")
    ('a* /b', 'a* / b', 'a / *')
    """
    plain = " ".join(text.split()).replace("\\", "/").replace("??/", "?/")  # both continue a line
    return plain.replace("*/", "* /").replace("/*", "/ *")
