"""What a delta round of Microsoft Graph says, and what it keeps silent about.

Decided here: how a bare occurrence of a series is completed, whether an incremental answer can
be trusted, and what the next round must know. Pure; neighbours: `graph` asks, `graph_json` reads
the completed events.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from assistant.errors import BrokenAnswer
from assistant.services.calendars.graph_http import SERVICE
from assistant.services.calendars.graph_json import PROPERTIES, Json, text_of
from assistant.services.calendars.outlook import both_ends

MAX_ATTENDEES = 500
"""Per event; Exchange Online itself stops at 500 invited in a tracked meeting."""
_KEPT = frozenset({*PROPERTIES.split(","), "@removed"})


def items_of(page: Json) -> list[Json]:
    """The items of one page, slimmed. Raises: BrokenAnswer where it is no such page."""
    try:
        return [slim(item) for item in page["value"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise BrokenAnswer(SERVICE, f"a page without proper events: {error!r:.120}") from error


def slim(item: Json) -> Json:
    """What is kept of an event while the other pages come in."""
    kept = {key: item[key] for key in item.keys() & _KEPT}
    kept["id"] = str(item["id"])
    if text := text_of(item):
        kept["body"] = {"content": both_ends(text)}
    if item.get("seriesMasterId"):
        kept["seriesMasterId"] = str(item["seriesMasterId"])
    if isinstance(item.get("attendees"), list):
        kept["attendees"] = item["attendees"][:MAX_ATTENDEES]
    return kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One delta round, all its pages, sorted out.

    A series comes as its master (with every property, at the time of its first occurrence) and
    as occurrences that carry little more than their times. That an occurrence was deleted is
    not said: its series is listed again without it. What lies outside the window is said to be
    removed although it was never there.

    Source: microsoftgraph/microsoft-graph-docs issues 7632, 6599, 22197 and pull request 4501.
    """

    events: Mapping[str, Json]
    """Id -> everything that takes place."""
    masters: Mapping[str, Json]
    removed: frozenset[str]

    @property
    def series(self) -> dict[str, set[str]]:
        """Id of each master -> ids of its occurrences in this round."""
        found: dict[str, set[str]] = {}
        for uid, event in self.events.items():
            if master := event.get("seriesMasterId"):
                found.setdefault(str(master), set()).add(uid)
        return found

    @property
    def missing_masters(self) -> list[str]:
        """Masters that bare occurrences need and that this round does not hold."""
        needed = {e["seriesMasterId"] for e in self.events.values() if _is_bare(e)}
        return sorted(needed - self.masters.keys())

    def has_gap(self, known: Mapping[str, Iterable[str]]) -> bool:
        """Whether a series known from before was listed again without all its occurrences."""
        touched = known.keys() & (self.masters.keys() | self.removed)
        listed = self.events.keys() | self.removed
        return any(set(known[master]) - listed for master in touched)

    def series_after(self, known: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
        """`known` brought up to date."""
        listed = self.series
        ids = {m: {*known.get(m, ()), *listed.get(m, ())} for m in known.keys() | listed.keys()}
        return {m: sorted(ids[m] - self.removed) for m in sorted(ids) if ids[m] - self.removed}

    def complete(self, extra: Mapping[str, Json]) -> list[Json]:
        """All events, bare ones filled up from the round's masters and from `extra`.

        `extra`: complete events by id, occurrences or masters. What stays bare is left out: its
        series is gone.
        """
        sources = {**self.masters, **extra}
        filled: list[Json] = []
        for uid, event in self.events.items():
            source = sources.get(uid) or sources.get(event.get("seriesMasterId", ""))
            if source and _is_bare(event):
                filled.append({**source, **event})
            elif not _is_bare(event):
                filled.append(event)
        return filled


def sort_out(items: Sequence[Json]) -> Round:
    """Pages that overlap are no harm: the last word on an id counts."""
    latest = {item["id"]: item for item in items}
    removed = frozenset(uid for uid, item in latest.items() if "@removed" in item)
    masters = {uid: e for uid, e in latest.items() if e.get("type") == "seriesMaster"}
    events = {uid: e for uid, e in latest.items() if uid not in masters and uid not in removed}
    return Round(events=events, masters=masters, removed=removed)


def _is_bare(event: Json) -> bool:
    return "subject" not in event and bool(event.get("seriesMasterId"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncState:
    """What the next sync needs to know of this one."""

    window: dict[str, str]
    """As `build_window` wrote it; the link is good for this one only."""
    link: str
    """The delta link, followed as it stands."""
    series: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Master id -> ids of the occurrences handed over."""
    own: Sequence[str] = ()
    """The driver's addresses, as far as they are known."""

    @classmethod
    def parse(cls, raw: str) -> SyncState | None:
        """None where `raw` is not what `dump` wrote."""
        try:
            state = cls(**json.loads(raw))
        except (ValueError, TypeError, RecursionError):
            return None
        is_whole = isinstance(state.link, str) and isinstance(state.series, dict)
        return state if is_whole and state.link else None

    def dump(self) -> str:
        return json.dumps(asdict(self))
