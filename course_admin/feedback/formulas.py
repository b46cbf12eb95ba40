"""Formulas of a page as MathML, made when the page is made: a page fetches no program that would typeset them."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from xml.etree import ElementTree

MOST = 2000
"""Characters of a formula that is rendered; longer ones are shown as they were written."""
ALLOWED = {
    "math": {"display"}, "mrow": set(), "mi": set(), "mn": set(), "mtext": set(), "mfrac": {"linethickness"},
    "mo": {"stretchy", "fence", "minsize", "maxsize", "movablelimits"}, "msup": set(), "msub": set(), "msubsup": set(),
    "mover": {"accent"}, "munder": {"accentunder"}, "munderover": set(), "msqrt": set(), "mroot": set(),
    "mtable": {"columnalign", "rowspacing"}, "mtr": set(), "mtd": set(), "mspace": {"width"}, "mpadded": set(),
    "mstyle": {"displaystyle", "scriptlevel"},
}  # fmt: skip
"""Elements and their attributes: those of MathML Core that neither link, nor style, nor carry HTML."""
VALUE = re.compile(r"[A-Za-z0-9.+ -]{1,40}")
ALPHABETS = {"script": "SCRIPT", "double-struck": "DOUBLE-STRUCK", "fraktur": "FRAKTUR", "bold": "BOLD"}


@lru_cache(maxsize=2048)
def as_mathml(source: str, display: str = "inline") -> str:
    """LaTeX as MathML, or as it was written, in <code>, where it cannot be rendered. display: "inline" or "block".

    What LaTeX's commands put into attributes (\\href, \\style, \\class) is left out.
    """
    from latex2mathml.converter import convert

    try:
        if len(source) > MOST:
            raise ValueError("too long")
        # A "<" inside \\text would come out as it is; the environment aligned is align's, inside of a formula.
        given = source.replace("<", r"\lt ").replace(">", r"\gt ").replace("{aligned}", "{align*}")
        found = ElementTree.fromstring(convert(given, display=display))
        return ElementTree.tostring(_clean(found), encoding="unicode", short_empty_elements=False)
    except Exception:  # of the parser of LaTeX, or of XML: no formula, and no reason to lose the page
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
        made.set("mathvariant", "normal")  # the only one that all browsers know
    made.text = "".join(_letter(letter, variant) for letter in text)
    made.extend(_clean(child) for child in element)
    return made


def _letter(letter: str, variant: str) -> str:
    """A letter of another alphabet, which has characters of its own: browsers do not know the attribute."""
    size = "CAPITAL" if letter.isupper() else "SMALL"
    if variant in ALPHABETS and letter.isascii() and letter.isalpha():
        for family in (f"MATHEMATICAL {ALPHABETS[variant]}", ALPHABETS[variant], "BLACK-LETTER"):
            try:
                return unicodedata.lookup(f"{family} {size} {letter.upper()}")
            except KeyError:
                continue
    return letter
