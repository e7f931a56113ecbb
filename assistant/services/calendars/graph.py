"""The driver's calendar in Microsoft 365, over plain REST.

Decided here: which requests a sync takes, when an incremental one is not to be trusted, and what
may be changed by whom. Neighbours: `graph_http` carries the requests, `graph_json` reads and
writes the JSON, `graph_delta` sorts rounds out, `mirror` calls `sync` in the background.

Source: Microsoft Graph v1.0 reference: event: delta, List calendarView, event: accept, decline,
tentativelyAccept, cancel, user: sendMail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from assistant.core.model import Appointment, Response, Span
from assistant.errors import NotFound, Refused
from assistant.services.calendars import graph_delta, graph_json
from assistant.services.calendars.graph_delta import Round, SyncState, sort_out
from assistant.services.calendars.graph_http import (
    SERVICE,
    Ask,
    BadRequest,
    Budget,
    GraphHttp,
    StateForgotten,
)
from assistant.services.calendars.graph_json import Json, Reader
from assistant.services.calendars.source import SyncResult

READ_SCOPES = ("Calendars.Read",)
CHANGE_SCOPES = ("Calendars.ReadWrite",)
MAIL_SCOPES = ("Mail.Send",)

PAGE_SIZE = 100
LISTED_PAGE_SIZE = 250
"""Of the plain calendar view, which serves up to 1000."""
MASTERS_ASKED_SINGLY = 3
"""More missing series than this cost less as one listing of the whole window."""
_PREFER = ('outlook.timezone="UTC"', 'outlook.body-content-type="text"')
_PREFER_PAGES = (f"odata.maxpagesize={PAGE_SIZE}", *_PREFER)
_SELECT = {"$select": graph_json.PROPERTIES}
_ANSWERS = {
    Response.ACCEPTED: "accept",
    Response.DECLINED: "decline",
    Response.TENTATIVE: "tentativelyAccept",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    name: str
    """What the driver calls this calendar."""
    addresses: frozenset[str] = frozenset()
    """The driver's e-mail addresses, lower case; more are learnt from own meetings."""
    market: str = "GB"
    """ISO 3166 alpha-2, for telephone numbers in invitations."""
    calendar_id: str = ""
    """Graph's id of a calendar, "" for the primary one."""
    can_change: bool = False
    """Signed in with Calendars.ReadWrite; else every change is refused."""
    can_mail: bool = False
    """Signed in with Mail.Send."""


class GraphCalendar:
    """A `Source` that can also be changed (`ports.WritableCalendar`)."""

    def __init__(self, http: GraphHttp, settings: Settings) -> None:
        self._http = http
        self._settings = settings
        self._scopes = CHANGE_SCOPES if settings.can_change else READ_SCOPES
        place = f"/calendars/{quote(settings.calendar_id, safe='')}"
        self._root = f"/me{place if settings.calendar_id else ''}"

    @property
    def name(self) -> str:
        return self._settings.name

    def sync(self, window: Span, state: str = "") -> SyncResult:
        """See `Source.sync`."""
        budget = Budget(seconds=60.0, requests=60, bytes=100_000_000)
        known = SyncState.parse(state)
        if known and known.window == graph_json.build_window(window):
            try:
                return self._catch_up(known, window, budget)
            except StateForgotten:
                pass
        return self._start_over(window, budget)

    def _start_over(self, window: Span, budget: Budget) -> SyncResult:
        params = graph_json.build_window(window)
        ask = self._ask(f"{self._root}/calendarView/delta", params, _PREFER_PAGES)
        items, link = self._pages(ask, budget)
        return self._result(sort_out(items), SyncState(window=params, link=link), budget)

    def _catch_up(self, known: SyncState, window: Span, budget: Budget) -> SyncResult:
        items, link = self._pages(self._ask(known.link, None, _PREFER_PAGES), budget)
        changes = sort_out(items)
        if changes.has_gap(known.series):
            return self._start_over(window, budget)
        result = self._result(changes, replace(known, link=link), budget)
        return replace(result, removed=tuple(sorted(changes.removed)), is_full=False)

    def _result(self, found: Round, known: SyncState, budget: Budget) -> SyncResult:
        events = found.complete(self._missing(found, known, budget))
        own = self._settings.addresses.union(known.own, graph_json.own_addresses(events))
        reader = Reader(calendar=self.name, addresses=own, market=self._settings.market)
        appointments, problems = reader.read_all(events)
        state = replace(known, series=found.series_after(known.series), own=sorted(own))
        return SyncResult(appointments=appointments, problems=problems, state=state.dump())

    def _ask(self, path: str, params: Mapping[str, str] | None, prefer: Sequence[str]) -> Ask:
        return Ask(path=path, params=params, prefer=prefer, scopes=self._scopes)

    def _pages(self, ask: Ask, budget: Budget) -> tuple[list[Json], str]:
        """Every item of all pages, and the link for the next sync ("" for a plain listing)."""
        items: list[Json] = []
        while True:
            page = self._http.fetch(ask, budget)
            items += graph_delta.items_of(page)
            if not (following := page.get("@odata.nextLink")):
                return items, str(page.get("@odata.deltaLink") or "")
            ask = replace(ask, path=str(following), params=None)

    def _missing(self, found: Round, known: SyncState, budget: Budget) -> dict[str, Json]:
        """What completes bare occurrences: a few masters, or a listing of the whole window."""
        masters = found.missing_masters
        if len(masters) <= MASTERS_ASKED_SINGLY:
            return {uid: master for uid in masters if (master := self._master(uid, budget))}
        params = {**known.window, **_SELECT, "$top": str(LISTED_PAGE_SIZE)}
        ask = self._ask(f"{self._root}/calendarView", params, _PREFER)
        return {item["id"]: item for item in self._pages(ask, budget)[0]}

    def _master(self, uid: str, budget: Budget) -> Json | None:
        """None where the series has been deleted in the meantime."""
        try:
            answer = self._http.fetch(self._ask(_event(uid), _SELECT, _PREFER), budget)
        except NotFound:
            return None
        return graph_delta.items_of({"value": [answer]})[0]

    def respond(self, appointment: Appointment, response: Response) -> None:
        """Raises: Refused where there is nothing to answer, and as `GraphHttp.fetch`."""
        if appointment.response is Response.ORGANIZER or response not in _ANSWERS:
            raise Refused(SERVICE, "only an invitation can be answered, with yes, no or maybe")
        path = f"{_event(appointment.uid)}/{_ANSWERS[response]}"
        try:
            self._order("POST", path, {"sendResponse": True})
        except BadRequest:  # the organiser wants no answers: note it in the own calendar only
            self._order("POST", path, {"sendResponse": False})

    def create(self, appointment: Appointment) -> None:
        self._order("POST", f"{self._root}/events", graph_json.build_event(appointment))

    def move(self, appointment: Appointment, span: Span) -> None:
        self._insist_on_organizer(appointment)
        stretch = graph_json.build_stretch(span.start, span.end, appointment.zone)
        self._order("PATCH", _event(appointment.uid), stretch)

    def cancel(self, appointment: Appointment) -> None:
        """With others invited they are told; an entry of the driver alone is deleted."""
        self._insist_on_organizer(appointment)
        if appointment.others:
            self._order("POST", f"{_event(appointment.uid)}/cancel", {})
        else:
            self._order("DELETE", _event(appointment.uid), None)

    def notify(self, appointment: Appointment, recipients: Sequence[str], text: str) -> None:
        if not self._settings.can_mail:
            raise Refused(SERVICE, "signed in without permission to send mail (Mail.Send)")
        mail = graph_json.build_mail(appointment.title, text, recipients)
        self._order("POST", "/me/sendMail", mail, MAIL_SCOPES)

    def _insist_on_organizer(self, appointment: Appointment) -> None:
        if appointment.response is not Response.ORGANIZER:
            raise Refused(SERVICE, "only the organiser can move or cancel a meeting")

    def _order(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None,
        scopes: Sequence[str] = CHANGE_SCOPES,
    ) -> None:
        if scopes is CHANGE_SCOPES and not self._settings.can_change:
            raise Refused(SERVICE, "signed in to read only (Calendars.Read)")
        ask = Ask(method=method, path=path, scopes=scopes, body=body)
        self._http.fetch(ask, Budget(seconds=8.0, requests=4, bytes=1_000_000))


def _event(uid: str) -> str:
    return f"/me/events/{quote(uid, safe='')}"
