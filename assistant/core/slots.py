"""The driver's vocabulary: which spoken forms name which person, meeting or organisation.

Neighbours: `names` has the rules for one name; `match` looks up and repairs what was heard;
`template` puts the forms into the recogniser's automaton.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from assistant.core import names
from assistant.core.locale import Locale
from assistant.core.model import Appointment, Attendee, Candidate, Contact, Named
from assistant.core.numbers import Spoken

_LIKENESS = 0.72
"""Below this likeness a name is not even offered."""
_MOST_CANDIDATES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """The spoken forms of one kind of names."""

    phrases: Mapping[Spoken, Mapping[str, float]]
    """Words -> keys of everything they name (two Annas: two) -> how fully they name it."""
    longest: int
    texts: tuple[str, ...]
    """The forms joined with blanks, for rapidfuzz."""
    words: frozenset[str]
    """All words of the forms that are long enough to tell one from another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What the driver can name."""

    person: Lexicon
    """Values are display names."""
    title: Lexicon
    """Values are titles of appointments as written."""
    org: Lexicon
    """Values are organisations as written in the address book."""
    calendar: Lexicon
    """Values are the names the driver gave the calendars."""

    def of(self, kind: str) -> Lexicon:
        found = {
            "person": self.person,
            "title": self.title,
            "org": self.org,
            "calendar": self.calendar,
        }
        return found[kind]


def build_vocabulary(
    locale: Locale,
    contacts: Sequence[Contact],
    appointments: Sequence[Appointment],
    calendars: Sequence[str] = (),
) -> Vocabulary:
    """Private appointments lend no title; everybody invited to a meeting is a person."""
    public = [a for a in appointments if not a.is_private]
    titles = dict.fromkeys(a.title for a in public)
    return Vocabulary(
        person=_lexicon(_people(locale, contacts, appointments)),
        title=_lexicon(
            (form, title, 1.0)
            for title in titles
            for form in names.title_forms(title, locale.spoken, locale.generic, locale.language)
        ),
        org=_lexicon(
            (form, contact.organisation, 1.0)
            for contact in contacts
            for form in names.organisation_forms(contact.organisation)
        ),
        calendar=_lexicon(
            (form, name, 1.0)
            for name in calendars
            for form in names.calendar_forms(name, locale.language)
        ),
    )


def likeliest(
    contacts: Sequence[Contact], appointments: Sequence[Appointment], most: int
) -> tuple[Contact, ...]:
    """Those to be heard by name where an address book has too many: first whoever is in the
    calendar, then whose name has been given a sound, then who has a number; in their order."""
    if len(contacts) <= most:
        return tuple(contacts)
    met = {word.lower() for who in _invited(appointments) for word in (who.email, who.name)}

    def rank(contact: Contact) -> tuple[bool, bool, bool]:
        known = {contact.name.lower(), *(email.lower() for email in contact.emails)}
        return known.isdisjoint(met), not contact.say_like, not contact.numbers

    return tuple(sorted(contacts, key=rank)[:most])


def _lexicon(entries: Iterable[tuple[Spoken, str, float]]) -> Lexicon:
    table: dict[Spoken, dict[str, float]] = {}
    for form, value, fullness in entries:
        if form and value:
            meant = table.setdefault(form, {})
            meant[value] = max(fullness, meant.get(value, 0.0))
    return Lexicon(
        phrases=table,
        longest=max(map(len, table), default=0),
        texts=tuple(map(" ".join, table)),
        words=frozenset(word for form in table for word in form if len(word) > 3),
    )


def _people(
    locale: Locale, contacts: Sequence[Contact], appointments: Sequence[Appointment]
) -> Iterator[tuple[Spoken, str, float]]:
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
        for form, fullness in names.person_forms(contact, locale.honorifics):
            yield form, contact.name, fullness


def _invited(appointments: Sequence[Appointment]) -> Iterator[Attendee]:
    for appointment in appointments:
        yield from appointment.others
        organizer = appointment.organizer
        if organizer is not None and not organizer.is_self and not organizer.is_resource:
            yield organizer


def named(lexicon: Lexicon, heard: str, likeness: float = _LIKENESS) -> Named:
    """What `heard` may mean, best first; equal scores where it fits several equally."""
    best = dict(lexicon.phrases.get(tuple(heard.split()), {}))
    if not best:
        found = process.extract(
            heard, lexicon.texts, scorer=fuzz.ratio, score_cutoff=100 * likeness, limit=24
        )
        for text, score, _ in found:
            for value, fullness in lexicon.phrases[tuple(text.split())].items():
                best[value] = max(best.get(value, 0.0), fullness * score / 100)
    ranked = sorted(best.items(), key=lambda pair: -pair[1])[:_MOST_CANDIDATES]
    return Named(heard=heard, candidates=tuple(Candidate(value=v, score=s) for v, s in ranked))
