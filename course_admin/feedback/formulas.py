"""Convert a page's formulas to MathML when the page is made. So the page loads no script to typeset them."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from xml.etree import ElementTree

MOST = 2000
"""The maximum number of characters of a formula to render. Longer formulas are shown as source text."""
ALLOWED = {
    "math": {"display"}, "mrow": set(), "mi": set(), "mn": set(), "mtext": set(), "mfrac": {"linethickness"},
    "mo": {"stretchy", "fence", "minsize", "maxsize", "movablelimits"}, "msup": set(), "msub": set(), "msubsup": set(),
    "mover": {"accent"}, "munder": {"accentunder"}, "munderover": set(), "msqrt": set(), "mroot": set(),
    "mtable": {"columnalign", "rowspacing"}, "mtr": set(), "mtd": set(), "mspace": {"width"}, "mpadded": set(),
    "mstyle": {"displaystyle", "scriptlevel"},
}  # fmt: skip
"""Allowed elements and attributes: those of MathML Core that contain no links, styles or HTML."""
VALUE = re.compile(r"[A-Za-z0-9.+ -]{1,40}")
ALPHABETS = {"script": "SCRIPT", "double-struck": "DOUBLE-STRUCK", "fraktur": "FRAKTUR", "bold": "BOLD"}


@lru_cache(maxsize=2048)
def as_mathml(source: str, display: str = "inline") -> str:
    """Return LaTeX as MathML, or as source text in <code> if it cannot be converted. display: "inline" or "block".

    The attributes that LaTeX commands set (\\href, \\style, \\class) are left out.
    """
    from latex2mathml.converter import convert

    try:
        if len(source) > MOST:
            raise ValueError("too long")
        # latex2mathml does not escape "<" in \\text. It does not know the environment aligned, so align* replaces it.
        given = source.replace("<", r"\lt ").replace(">", r"\gt ").replace("{aligned}", "{align*}")
        found = ElementTree.fromstring(convert(given, display=display))
        return ElementTree.tostring(_clean(found), encoding="unicode", short_empty_elements=False)
    except Exception:  # of the LaTeX or XML parser: an invalid formula must not prevent the page
        dollars = "$$" if display == "block" else "$"
        return f"<code>{html.escape(dollars + source + dollars)}</code>"


def _clean(element: ElementTree.Element) -> ElementTree.Element:
    name = element.tag.rpartition("}")[2]
    if name not in ALLOWED:
        raise ValueError(f"no element of a formula: {name}")
    text, variant = element.text or "", element.get("mathvariant", "")
    made = ElementTree.Element(name)
    for key, value in element.items():
        if key in ALLOWED[name] and VALUE.fullmatch(value):
            made.set(key, value)
    if name == "mi" and variant == "normal":
        made.set("mathvariant", "normal")  # the only value that all browsers support
    made.text = "".join(_letter(letter, variant) for letter in text)
    made.extend(_clean(child) for child in element)
    return made


def _letter(letter: str, variant: str) -> str:
    """Return the Unicode character of a letter in another alphabet, because browsers do not support `mathvariant`."""
    size = "CAPITAL" if letter.isupper() else "SMALL"
    if variant in ALPHABETS and letter.isascii() and letter.isalpha():
        for family in (f"MATHEMATICAL {ALPHABETS[variant]}", ALPHABETS[variant], "BLACK-LETTER"):
            try:
                return unicodedata.lookup(f"{family} {size} {letter.upper()}")
            except KeyError:
                continue
    return letter
