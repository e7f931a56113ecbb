"""The numbers of one contact: normalised, in the order the driver would want them tried.

Neighbours: `vcard`, `addresscsv` and the directory back ends add what they find,
`core.dialing` knows what may be dialled at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from assistant.core.dialing import parse_target
from assistant.core.model import NumberKind, PhoneNumber
from assistant.errors import UnsafeTarget

_KINDS = (
    # words of vCard types, labels and column headings in EN, DE, FR; the first that fits
    (None, r"fax|pager|télécopie|modem|bbs|telex"),
    (NumberKind.MOBILE, r"cell|mobil|handy|iphone|portable|natel|gsm"),
    (NumberKind.WORK, r"work|business|office|company|büro|gesch[äa]ft|dienst|arbeit|firma|bureau"),
    (NumberKind.WORK, r"travail|professionnel|\bpro\b|zentrale"),
    (NumberKind.HOME, r"home|privat|domicile|maison|personnel|haus"),
)
_ORDER = tuple(NumberKind)


def kind_of(words: str) -> NumberKind | None:
    """What a label says a number is; None for machines that nobody answers."""
    for kind, pattern in _KINDS:
        if re.search(pattern, words, re.IGNORECASE):
            return kind
    return NumberKind.OTHER


@dataclass(slots=True, kw_only=True)
class Numbers:
    """Collects one contact's numbers."""

    region: str
    """ISO 3166 alpha-2 that completes national numbers."""
    problems: list[str] = field(default_factory=list)
    _found: list[tuple[bool, PhoneNumber]] = field(default_factory=list)

    def add(self, raw: str, kind: NumberKind | None, is_preferred: bool = False) -> None:
        """Note one number or `sip:` address; what cannot be dialled becomes a problem."""
        if (
            kind is None
            or not raw.strip()
            or re.match(r"(?!sips?:|tel:)[a-z]+:", raw, re.IGNORECASE)
        ):
            return
        try:
            target = parse_target(raw.strip(), self.region)
        except UnsafeTarget as error:
            self.problems.append(str(error))
            return
        if target.scheme in ("sip", "sips"):
            kind = NumberKind.SIP
        self._found.append((is_preferred, PhoneNumber(kind=kind, uri=target.uri)))

    def in_order(self) -> tuple[PhoneNumber, ...]:
        """Mobile, work, home, other, SIP; within a kind the preferred one first; each once."""
        ranked = sorted(self._found, key=lambda f: (_ORDER.index(f[1].kind), not f[0]))
        once: dict[str, PhoneNumber] = {}
        for _, number in ranked:
            once.setdefault(number.uri, number)
        return tuple(once.values())
