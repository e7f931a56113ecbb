"""The driver's vocabulary: which spoken forms name which person, meeting or organisation.

Neighbours: `names` has the rules for one name; `match` looks up and repairs what was heard;
`template` puts the forms into the recogniser's automaton.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from assistant.core import names
from assistant.core.locales import Locale
from assistant.core.model import Appointment, Attendee, Candidate, Contact, Named
from assistant.core.numbers import Spoken

_LIKENESS = 0.72
"""Below this likeness a name is not even offered."""
_MOST_CANDIDATES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """The spoken forms of one kind of names."""

    phrases: Mapping[Spoken, tuple[str, ...]]
    """Words -> keys of everything they name (two Annas: two)."""
    longest: int
    texts: tuple[str, ...]
    """The forms joined with blanks, in the order of `phrases`, for rapidfuzz."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What the driver can name."""

    person: Lexicon
    """Values are display names."""
    title: Lexicon
    """Values are titles of appointments as written."""
    org: Lexicon
    """Values are organisations as written in the address book."""

    def of(self, kind: str) -> Lexicon:
        return {"person": self.person, "title": self.title, "org": self.org}[kind]


def build_vocabulary(
    locale: Locale, contacts: Sequence[Contact], appointments: Sequence[Appointment]
) -> Vocabulary:
    """Private appointments lend no title; everybody invited to a meeting is a person."""
    public = [a for a in appointments if not a.is_private]
    titles = dict.fromkeys(a.title for a in public)
    return Vocabulary(
        person=_lexicon(_people(locale, contacts, appointments)),
        title=_lexicon(
            (form, title)
            for title in titles
            for form in names.title_forms(title, locale.spoken, locale.generic, locale.language)
        ),
        org=_lexicon(
            (form, contact.organisation)
            for contact in contacts
            for form in names.organisation_forms(contact.organisation)
        ),
    )


def _lexicon(pairs: Iterable[tuple[Spoken, str]]) -> Lexicon:
    table: dict[Spoken, dict[str, None]] = {}
    for form, value in pairs:
        if form and value:
            table.setdefault(form, {})[value] = None
    return Lexicon(
        phrases={form: tuple(values) for form, values in table.items()},
        longest=max(map(len, table), default=0),
        texts=tuple(map(" ".join, table)),
    )


def _people(
    locale: Locale, contacts: Sequence[Contact], appointments: Sequence[Appointment]
) -> Iterator[tuple[Spoken, str]]:
    known = {email.lower(): c for c in contacts for email in c.emails}
    by_name = {names.clean_name(c.name).lower(): c for c in contacts}
    people = list(contacts)
    for attendee in _invited(appointments):
        name = names.clean_name(attendee.name)
        if attendee.email.lower() in known or name.lower() in by_name:
            continue
        by_name[name.lower()] = contact = Contact(name=name)
        people.append(contact)
    for contact in people:
        for form in names.person_forms(contact, locale.honorifics):
            yield form, contact.name


def _invited(appointments: Sequence[Appointment]) -> Iterator[Attendee]:
    for appointment in appointments:
        yield from appointment.others
        organizer = appointment.organizer
        if organizer is not None and not organizer.is_self and not organizer.is_resource:
            yield organizer


def named(lexicon: Lexicon, heard: str) -> Named:
    """What `heard` may mean, best first; equal scores where it fits several equally."""
    exact = lexicon.phrases.get(tuple(heard.split()))
    if exact:
        return Named(heard=heard, candidates=tuple(Candidate(value=v, score=1.0) for v in exact))
    found = process.extract(
        heard, lexicon.texts, scorer=fuzz.ratio, score_cutoff=100 * _LIKENESS, limit=24
    )
    forms = list(lexicon.phrases)
    best: dict[str, float] = {}
    for _, score, index in found:
        for value in lexicon.phrases[forms[index]]:
            best[value] = max(best.get(value, 0.0), score / 100)
    ranked = sorted(best.items(), key=lambda pair: -pair[1])[:_MOST_CANDIDATES]
    return Named(heard=heard, candidates=tuple(Candidate(value=v, score=s) for v, s in ranked))
