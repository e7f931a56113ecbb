"""Reply key + values -> a sentence for ears.

The sentences are the locale file's (`[intents.*] say`, `[phrases]`, `[errors]`); numbers, lists,
dates and plurals come from CLDR (babel) and num2words. Decided here: how a clock time, a day, a
duration, a title and a name are spoken, and what a passenger must not hear.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from babel import Locale as CldrLocale
from babel.dates import format_date, format_time, get_day_names, get_month_names
from babel.lists import format_list
from babel.units import format_unit
from num2words import num2words

from assistant.core.model import Appointment
from assistant.errors import AssistantError, ConfigError

MAX_ITEMS = 3
"""Items of a list before "more?": what a listening driver keeps in mind."""

MAX_WORDS = 20
"""Words before "more?", some 7 s of speech."""

_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_PREFIX = re.compile(r"^\s*((re|fw|fwd|aw|wg|tr|sv|rép)\s*:\s*)+", re.IGNORECASE)
_URL = re.compile(r"\b(https?|sips?|tel|msteams):\S+", re.IGNORECASE)
_PICTOGRAPH = re.compile("[\U0001f000-\U0001faff\u2190-\u2bff\ufe0f\u200d]+")
_SYMBOLS = re.compile(r"[\[\](){}<>*_#|~^=\\\"]+")


@dataclass(frozen=True, slots=True)
class Wording:
    """The voice of one locale."""

    tag: str
    """BCP 47, `en-GB`."""
    replies: Mapping[str, str]
    phrases: Mapping[str, str]
    errors: Mapping[str, str]
    cldr: CldrLocale = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cldr", CldrLocale.parse(self.tag, sep="-"))

    # --- sentences -----------------------------------------------------------------------------

    def reply(self, key: str, **values: str) -> str:
        """The sentence of `key` (`calendar.next.running`). Raises ConfigError for a gap."""
        return render(self._get(self.replies, key), values)

    def phrase(self, key: str, **values: str) -> str:
        return render(self._get(self.phrases, key), values)

    def counted(self, key: str, number: int, **values: str) -> str:
        """`key.one` or `key.other` by the plural rule, with `{count}` filled."""
        form = str(self.cldr.plural_form(number))
        chosen = f"{key}.{form}" if f"{key}.{form}" in self.replies else f"{key}.other"
        return self.reply(chosen, count=self.number(number), **values)

    def error(self, error: AssistantError) -> str:
        """What the driver hears when `error` happened."""
        values = {k: self.phrases.get(f"{k}_{v}", v) for k, v in error.values.items()}
        return render(self._get(self.errors, error.say), values)

    def _get(self, table: Mapping[str, str], key: str) -> str:
        try:
            return table[key]
        except KeyError:
            raise ConfigError(self.tag, key, "has no sentence in this locale") from None

    # --- values --------------------------------------------------------------------------------

    def number(self, number: int) -> str:
        return str(num2words(number, lang=self.cldr.language))

    def time(self, moment: datetime) -> str:
        """A clock time as people say it: "quarter past three", "fünfzehn Uhr"."""
        if (moment.hour, moment.minute) in ((12, 0), (0, 0)):
            return self.phrase("noon" if moment.hour else "midnight")
        key = f"time_{moment.minute}"
        if key not in self.phrases:
            key = "time_pad" if moment.minute < 10 else "time_other"
        spoken = self.phrase(
            key,
            hour=self._hour(moment.hour),
            next=self._hour((moment.hour + 1) % 24),
            minute=self.number(moment.minute),
        )
        return spoken + self._part_of_day(moment.hour)

    def _hour(self, hour: int) -> str:
        if self.phrases.get("hours") == "12":
            hour = hour % 12 or 12
        said = self.phrases.get(f"hour_{hour}") or self.number(hour)
        unit = self.phrases.get(f"hour_unit_{self.cldr.plural_form(hour)}", "")
        return f"{said} {unit}".strip()

    def _part_of_day(self, hour: int) -> str:
        """Only where the bare hour would mislead a working person."""
        if self.phrases.get("hours") != "12" or 7 <= hour < 19:
            return ""
        return " " + self.phrase("in_the_morning" if hour < 12 else "in_the_evening")

    def clock(self, moment: datetime) -> str:
        """A clock time to be read: `15:30`."""
        return format_time(moment, "HH:mm", locale=self.cldr)

    def day(self, day: date, today: date, form: str = "on_day") -> str:
        """today, tomorrow, on Friday, on Friday the fourth of December; with `to_day` as said
        after "move it to"."""
        days = (day - today).days
        if -1 <= days <= 1:
            return self.phrase(("yesterday", "today", "tomorrow")[days + 1])
        if 0 < days < 7:
            return self.phrase(form, day=format_date(day, "EEEE", locale=self.cldr))
        return self.phrase(form, day=self.full_date(day, with_year=day.year != today.year))

    def full_date(self, day: date, *, with_year: bool) -> str:
        """Friday the fourth of December."""
        return self.phrase(
            "date",
            weekday=format_date(day, "EEEE", locale=self.cldr),
            dom=self.phrases.get(f"dom_{day.day}") or self.number(day.day),
            ordinal=str(num2words(day.day, lang=self.cldr.language, to="ordinal")),
            month=format_date(day, "MMMM", locale=self.cldr),
            year=str(day.year) if with_year else "",
        )

    def moment(self, moment: datetime, today: date) -> str:
        """at four o'clock, on Friday at four o'clock."""
        day = "" if moment.date() == today else self.day(moment.date(), today)
        return self.phrase("moment", day=day, time=self.time(moment))

    def spelt(self, heard: str) -> str:
        """The driver's own words for a time, with the capitals of weekdays and months."""
        names = (
            *get_day_names("wide", locale=self.cldr).values(),
            *get_month_names("wide", locale=self.cldr).values(),
            *self.phrases.get("nouns", "").split(),
        )
        written = {name.lower(): name for name in names}
        text = " ".join(written.get(word, word) for word in heard.split()).replace("' ", "'")
        for noun in filter(lambda noun: "-" in noun, names):
            text = text.replace(noun.replace("-", " "), noun)
        return text

    def duration(self, length: timedelta) -> str:
        """Hours and minutes: "1 hour and 30 minutes"; less than a minute counts as one."""
        minutes = max(1, round(length.total_seconds() / 60))
        hours, minutes = divmod(minutes, 60)
        parts = [("hour", hours), ("minute", minutes)]
        said = [
            format_unit(count, f"duration-{unit}", length="long", locale=self.cldr)
            for unit, count in parts
            if count
        ]
        return self.listing(said).replace("\xa0", " ")

    def listing(self, items: Sequence[str], style: str = "standard") -> str:
        """ "a, b and c"; style `or` for choices."""
        return format_list(list(items), style=style, locale=self.cldr)  # type: ignore[arg-type]

    def title(self, appointment: Appointment, *, hidden: bool = False) -> str:
        """A title for ears; private ones, and all of them when `hidden`, are not told."""
        if appointment.is_private or hidden:
            return self.phrase("private_title")
        return speakable(appointment.title) or self.phrase("no_title")


def render(template: str, values: Mapping[str, str]) -> str:
    """Fill `{placeholders}`; a `[bracketed]` part is left out when one of its values is empty.

    Raises ConfigError when a value outside brackets is not given at all.
    """

    def optional(part: re.Match[str]) -> str:
        names = _PLACEHOLDER.findall(part[1])
        return part[1] if all(values.get(name) for name in names) else ""

    def value(placeholder: re.Match[str]) -> str:
        if placeholder[1] not in values:
            raise ConfigError(template, placeholder[1], "nothing fills this placeholder")
        return values[placeholder[1]]

    text = _PLACEHOLDER.sub(value, _OPTIONAL.sub(optional, template))
    return re.sub(r"\s+([.,])", r"\1", re.sub(r" {2,}", " ", text)).strip()


def speakable(text: str) -> str:
    """Text a voice can read: no reply prefixes, links, pictures or markup."""
    text = _URL.sub(" ", _PREFIX.sub("", text))
    text = _SYMBOLS.sub(" ", _PICTOGRAPH.sub(" ", text))
    text = re.sub(r"\b1\s*:\s*1\b", "one to one", text)
    text = re.sub(r"\bQ([1-4])\b", r"Q \1", text)
    return " ".join(text.split()).strip(" -–:;,.")


def budget(text: str, max_words: int = MAX_WORDS) -> tuple[str, str]:
    """Split a long answer at a sentence end within `max_words`: what is said, and the rest.

    Source: the spoken budget of docs/decisions.md (7 s or 20 words before "more?").
    """
    sentences = re.findall(r"[^.!?]+(?:[.!?]+(?=\s|$)|$)", text)
    said: list[str] = []
    for index, sentence in enumerate(sentences):
        words = sum(len(s.split()) for s in said) + len(sentence.split())
        if said and words > max_words:
            return " ".join(s.strip() for s in said), " ".join(s.strip() for s in sentences[index:])
        said.append(sentence)
    return text.strip(), ""
