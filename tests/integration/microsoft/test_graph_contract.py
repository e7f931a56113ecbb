"""Our requests and the stand-in's answers against Microsoft's own description of Graph.

A stand-in that only we believe in proves nothing: every exchange of a full run is held against
the OpenAPI description, in both directions, and the stand-in is fuzzed with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fakes.driver import NOW, WINDOW, Driver
from fakes.graph import GraphMailbox
from fakes.graph_events import event, weekly
from fakes.loopback import Answer, Request
from hypothesis import HealthCheck, Phase, given, settings
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from assistant.core.model import Response, Span
from assistant.errors import NotFound
from assistant.services.calendars.graph_people import GraphPeople

NOT_DESCRIBED = {
    ("POST", "/me/events"),
    ("POST", "/me/events/own/cancel"),
    ("DELETE", "/me/events/own"),
}
"""What we ask that Microsoft's extract leaves out."""


class Contract:
    """Microsoft's description."""

    def __init__(self, file: Path) -> None:
        self.raw = json.loads(file.read_text())
        self._checker = OpenAPI.from_dict(self.raw)

    def check(self, request: Request, answer: Answer) -> None:
        """Raises OpenAPIError where either side breaks it."""
        asked = MockRequest(
            "https://graph.microsoft.com",
            request.method,
            f"/v1.0{request.path}",
            args=dict(request.query),
            headers=dict(request.headers),
            data=request.body,
            content_type=request.headers.get("content-type", ""),
        )
        told = MockResponse(
            data=answer.body,
            status_code=answer.status,
            headers=dict(answer.headers),
            content_type=answer.headers.get("Content-Type", "application/json"),
        )
        self._checker.validate_request(asked)
        self._checker.validate_response(asked, told)

    def operation(self, request: Request) -> tuple[str, str]:
        """(method, path template)."""
        parts = request.path.split("/")
        if parts[2] == "events" and len(parts) > 3:
            parts[3] = "{event-id}"
        return request.method, "/".join(parts)

    def parameters(self, request: Request) -> set[str]:
        """Names of the query parameters that may be sent."""
        method, path = self.operation(request)
        shared = self.raw["components"]["parameters"]
        described = self.raw["paths"][path][method.lower()].get("parameters", [])
        resolved = [shared[p["$ref"].rsplit("/", 1)[1]] if "$ref" in p else p for p in described]
        return {parameter["name"] for parameter in resolved if parameter["in"] == "query"}

    @property
    def operations(self) -> set[tuple[str, str]]:
        return {
            (method.upper(), path)
            for path, item in self.raw["paths"].items()
            for method in item.keys() & {"get", "post", "patch", "put", "delete"}
        }


@pytest.fixture(scope="module")
def contract(shared: Path) -> Contract:
    return Contract(shared / "graph-openapi" / "graph-subset.openapi.json")


def run_everything(mailbox: GraphMailbox, driver: Driver) -> None:
    """Every request we can make, and every kind of answer."""
    calendar = driver.calendar
    mailbox.page_limit = 3
    own = {"emailAddress": {"name": "Anna Weber", "address": "anna@contoso.com"}}
    mailbox.put(*(event(f"e{i}", NOW, responseRequested=i != 1) for i in range(5)))
    mailbox.put(event("day", NOW.replace(hour=0), 24 * 60, isAllDay=True), weekly("w", NOW, 2))
    mailbox.put(event("own", NOW, isOrganizer=True, organizer=own))
    first = calendar.sync(WINDOW)
    known = {appointment.uid: appointment for appointment in first.appointments}
    mailbox.delete("e0")
    second = calendar.sync(WINDOW, first.state)
    mailbox.delete("w.0")
    calendar.sync(WINDOW, second.state)
    mailbox.forget_links()
    mailbox.upset(mailbox.throttled())
    calendar.sync(WINDOW, second.state)
    mailbox.withholds_masters = True
    calendar.sync(WINDOW)
    mailbox.put(*(weekly(f"v{i}", NOW, 1) for i in range(4)))
    calendar.sync(WINDOW)
    for uid, response in [("e1", "accepted"), ("e2", "declined"), ("e3", "tentative")]:
        calendar.respond(known[uid], Response(response))
    with pytest.raises(NotFound):
        calendar.respond(known["e0"], Response.ACCEPTED)
    calendar.move(known["own"], Span(start=NOW, end=NOW + timedelta(hours=1)))
    calendar.notify(known["e1"], ["ben@contoso.com"], "late")
    calendar.cancel(known["own"])
    calendar.cancel(replace(known["own"], attendees=()))
    calendar.create(known["own"])
    mailbox.contacts = [{"id": "1", "displayName": "Anna", "businessPhones": ["+49 69 1"]}]
    mailbox.people = [{"id": "1", "displayName": "Anna", "phones": [], "imAddress": None}]
    GraphPeople(driver.http, "DE").contacts()
    GraphPeople(driver.http, "DE").colleagues()


def test_both_sides_keep_the_contract(
    contract: Contract, mailbox: GraphMailbox, driver: Driver
) -> None:
    run_everything(mailbox, driver)
    seen = set()
    for request, answer in mailbox.exchanges:
        if (request.method, request.path) in NOT_DESCRIBED:
            continue
        contract.check(request, answer)
        assert set(request.query) <= contract.parameters(request)
        seen.add(contract.operation(request))
    assert seen == contract.operations
    assert {200, 202, 204, 400, 404, 410, 429} <= {answer.status for _, answer in mailbox.exchanges}


def test_what_is_created_is_an_event(
    contract: Contract, mailbox: GraphMailbox, driver: Driver
) -> None:
    """The extract has no create call; the body it takes is the one that an update takes."""
    run_everything(mailbox, driver)
    (request,) = (r for r in mailbox.requests if (r.method, r.path) == ("POST", "/me/events"))
    contract.check(replace(request, method="PATCH", path="/me/events/x"), Answer(status=204))


# The judge must be able to find something: one broken exchange for every operation and side.

BAD_BODIES = {
    "PATCH /me/events/{event-id}": {"start": {"dateTime": 3}},
    "POST /me/events/{event-id}/accept": {"SendResponse": True},
    "POST /me/events/{event-id}/decline": {"sendResponse": "yes"},
    "POST /me/events/{event-id}/tentativelyAccept": {"sendresponse": True},
    "POST /me/sendMail": {"message": {"body": {"contentType": "plain"}}},
}
BAD_ITEMS: Mapping[str, Mapping[str, Any]] = {
    "GET /me/calendarView": {"showAs": "Busy"},
    "GET /me/calendarView/delta": {"isAllDay": "no"},
    "GET /me/events/{event-id}": {"attendees": {}},
    "GET /me/people": {"phones": [{"type": "Mobile"}]},
    "GET /me/contacts": {"businessPhones": "+49 69 1"},
}


def test_a_broken_request_is_found(
    contract: Contract, mailbox: GraphMailbox, driver: Driver
) -> None:
    run_everything(mailbox, driver)
    exchanges = {" ".join(contract.operation(r)): (r, a) for r, a in mailbox.exchanges}
    for name, body in BAD_BODIES.items():
        request, answer = exchanges[name]
        with pytest.raises(OpenAPIError):
            contract.check(replace(request, body=json.dumps(body).encode()), answer)


def test_a_broken_answer_is_found(
    contract: Contract, mailbox: GraphMailbox, driver: Driver
) -> None:
    run_everything(mailbox, driver)
    exchanges = {
        " ".join(contract.operation(r)): (r, a) for r, a in mailbox.exchanges if a.status == 200
    }
    for name, change in BAD_ITEMS.items():
        request, answer = exchanges[name]
        body = json.loads(answer.body)
        (body["value"][0] if "value" in body else body).update(change)
        with pytest.raises(OpenAPIError):
            contract.check(request, replace(answer, body=json.dumps(body).encode()))


def test_every_operation_has_a_counterexample(contract: Contract) -> None:
    assert {*BAD_BODIES, *BAD_ITEMS} == {" ".join(operation) for operation in contract.operations}


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_the_stand_in_survives_fuzzing(
    contract: Contract, mailbox: GraphMailbox, mode: GenerationMode
) -> None:
    """Well-formed and malformed requests: no crash, and only answers that are described."""
    mailbox.put(event("e", NOW), weekly("w", NOW, 2))
    schema = schemathesis.openapi.from_dict(contract.raw)
    schema.config.update(base_url=mailbox.url)
    for operation in schema.get_all_operations():
        fuzz(operation.ok(), mode)
    assert len(mailbox.requests) >= 10 * len(contract.operations)


def fuzz(operation: schemathesis.APIOperation, mode: GenerationMode) -> None:
    @settings(
        max_examples=15,
        phases=[Phase.generate],
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def once(case: schemathesis.Case) -> None:
        case.call_and_validate(
            headers={"Authorization": "Bearer good"},
            checks=[
                not_a_server_error,
                status_code_conformance,
                content_type_conformance,
                response_schema_conformance,
            ],
        )

    once()
