"""Skype for Business by UCWA, against a stand-in built from the published resources (a fake)."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme
from fakes.loopback import Answer, Loopback
from fakes.network import Network
from parts import eventually
from ucwa.frontend import PASSWORD, Frontend

from assistant.core.events import Connected, DeviceFailed, Ended, EndReason, Event, Ringing
from assistant.core.model import JoinInfo, Presence
from assistant.errors import (
    Busy,
    ConfigError,
    OnTelephone,
    Refused,
    SignInNeeded,
    Unreachable,
)
from assistant.services.calls import ucwa
from assistant.services.calls.skype import SkypeLine

ANNA = "sip:anna@contoso.test"
ROOM = "sip:boss@contoso.test;gruu;opaque=app:conf:focus:id:ABC123"
PHONE = "tel:+491701234567"

pytestmark = pytest.mark.usefixtures("no_threads_left")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def frontend() -> Frontend:
    return Frontend()


@pytest.fixture
def server(authority: trustme.CA, frontend: Frontend) -> Iterator[Loopback]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with Loopback(frontend.answer, tls=context) as loopback:
        yield loopback


class Car:
    def __init__(self, server: Loopback, authority: trustme.CA, folder: Path, **more: str) -> None:
        authority.cert_pem.write_to_path(folder / "ca.pem")
        self.events: list[Event] = []
        own = {
            "account": "driver@contoso.test",
            "password": PASSWORD,
            "phone": "+49 170 1234567",
            "discovery": server.url,
            "ca_file": str(folder / "ca.pem"),
        }
        self.line = SkypeLine({**own, **more}, self.events.append)

    def ready(self) -> Car:
        eventually(lambda: self.line.can(ANNA), "signed-in line")
        return self

    def expect(self, event: Event) -> None:
        eventually(lambda: event in self.events, repr(event))


@pytest.fixture
def start(server: Loopback, authority: trustme.CA, tmp_path: Path) -> Iterator[Callable[..., Car]]:
    """Starts a car with further settings; it is closed whatever happens."""
    with ExitStack() as stack:

        def started(**settings: str) -> Car:
            one = Car(server, authority, tmp_path, **settings)
            stack.callback(one.line.close)
            return one

        yield started


@pytest.fixture
def car(start: Callable[..., Car]) -> Car:
    return start().ready()


def connect(car: Car, frontend: Frontend) -> None:
    car.line.dial(ANNA, "Anna")
    car.expect(Ringing(uri=ANNA, name="Anna"))
    frontend.ring()
    frontend.accept()
    car.expect(Connected(uri=ANNA, name="Anna"))


@pytest.mark.parametrize("embeds", [True, False], ids=["whole events", "links only"])
def test_the_drivers_telephone_is_rung_and_anna_connected(
    car: Car, frontend: Frontend, *, embeds: bool
) -> None:
    frontend.embeds = embeds
    connect(car, frontend)
    verb, body = frontend.orders[-1]
    assert (verb, body["phoneNumber"], body["to"]) == ("startPhoneAudio", PHONE, ANNA)
    assert len(body["operationId"]) <= 50
    frontend.hang_up()
    car.expect(Ended(uri=ANNA, name="Anna", reason=EndReason.HANG_UP))
    assert car.events == [
        Ringing(uri=ANNA, name="Anna"),
        Connected(uri=ANNA, name="Anna"),
        Ended(uri=ANNA, name="Anna", reason=EndReason.HANG_UP),
    ]


def test_the_driver_is_made_available_on_the_telephone(car: Car, frontend: Frontend) -> None:
    verb, body = frontend.orders[0]
    assert car.line.can(ANNA) and verb == "makeMeAvailable"
    assert (body["audioPreference"], body["phoneNumber"]) == ("PhoneAudio", "+491701234567")


def test_a_meeting_is_joined_and_then_rings_the_telephone(car: Car, frontend: Frontend) -> None:
    join = JoinInfo(provider="skype-business", sip_uri=ROOM)
    assert car.line.can_join(join)
    car.line.join(join, "Budget")
    assert frontend.orders[-1][0] == "joinOnlineMeeting"
    assert frontend.orders[-1][1]["onlineMeetingUri"] == ROOM
    frontend.admit()
    car.expect(Ringing(uri=ROOM, name="Budget"))
    assert frontend.orders[-1][0] == "addPhoneAudio"
    frontend.accept()
    car.expect(Connected(uri=ROOM, name="Budget"))
    car.line.hang_up()
    car.expect(Ended(uri=ROOM, name="Budget", reason=EndReason.HANG_UP))


@pytest.mark.parametrize(
    ("subcode", "reason"),
    [
        ("Busy", EndReason.BUSY),
        ("Declined", EndReason.DECLINED),
        ("DestinationNotFound", EndReason.NOT_FOUND),
        ("Timeout", EndReason.NO_ANSWER),
        ("DialoutNotAllowed", EndReason.REFUSED),
        ("PstnCallFailed", EndReason.UNREACHABLE),
        ("SomethingNew", EndReason.UNREACHABLE),
    ],
)
def test_failures_are_told_apart(
    car: Car, frontend: Frontend, subcode: str, reason: EndReason
) -> None:
    car.line.dial(ANNA)
    frontend.refuse(subcode)
    car.expect(Ended(uri=ANNA, reason=reason))


def test_a_meeting_that_lets_nobody_in(car: Car, frontend: Frontend) -> None:
    car.line.join(JoinInfo(provider="skype-business", sip_uri=ROOM))
    frontend.admit("Forbidden")
    car.expect(Ended(uri=ROOM, reason=EndReason.REFUSED))


def test_hanging_up_before_and_after_the_answer(car: Car, frontend: Frontend) -> None:
    car.line.dial(ANNA)
    with pytest.raises(Busy):
        car.line.dial("sip:ben@contoso.test")
    car.expect(Ringing(uri=ANNA))
    car.line.hang_up()
    car.expect(Ended(uri=ANNA, reason=EndReason.HANG_UP))
    assert frontend.orders[-1][0] == "cancel"
    connect(car, frontend)
    eventually(lambda: _does(car.line.hold, True), "link to hold")
    car.line.hold(False)
    car.line.hang_up()
    car.expect(Ended(uri=ANNA, name="Anna", reason=EndReason.HANG_UP))
    verbs = [verb for verb, _ in frontend.orders[-3:]]
    assert verbs == ["holdPhoneAudio", "resumePhoneAudio", "stopPhoneAudio"]


def _does(order: object, on: bool) -> bool:
    try:
        order(on)  # type: ignore[operator]
    except OnTelephone:
        return False
    return True


def test_a_policy_that_forbids_it_is_told_and_the_line_is_free_again(
    car: Car, frontend: Frontend
) -> None:
    frontend.policy_refuses = True
    with pytest.raises(Refused):
        car.line.dial(ANNA)
    frontend.policy_refuses = False
    connect(car, frontend)


def test_a_server_without_call_via_work_reaches_nobody(
    frontend: Frontend, start: Callable[..., Car]
) -> None:
    frontend.allows_phone_audio = False
    car = start()
    eventually(lambda: car.line.can_join(JoinInfo(provider="", sip_uri=ROOM)), "sign-in")
    assert not car.line.can(ANNA)
    with pytest.raises(Unreachable):
        car.line.dial(ANNA)


def test_presence(car: Car) -> None:
    assert car.line.presence(ANNA) is Presence.BUSY
    assert car.line.presence("nobody@contoso.test&x=1\r\n") is Presence.UNKNOWN


@pytest.mark.parametrize("what", ["forget", "replace"])
def test_a_lost_application_is_made_again(car: Car, frontend: Frontend, what: str) -> None:
    connect(car, frontend)
    getattr(frontend, what)()
    car.expect(Ended(uri=ANNA, name="Anna", reason=EndReason.LOST))
    eventually(lambda: frontend.applications == 2, "second application", 15)
    car.events.clear()
    car.ready().line.dial(ANNA)
    car.expect(Ringing(uri=ANNA))


def test_an_expired_token_is_renewed_without_notice(car: Car, frontend: Frontend) -> None:
    frontend.revoke()
    connect(car, frontend)
    assert frontend.applications == 1


def test_a_wrong_password_is_told_once_and_not_tried_until_the_account_is_locked(
    start: Callable[..., Car], frontend: Frontend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ucwa, "_RETRY_AFTER_S", 0.01)
    car = start(password="swordfish")
    eventually(lambda: car.events, "word about it")
    (told,) = car.events
    assert isinstance(told, DeviceFailed) and isinstance(told.error, SignInNeeded)
    with pytest.raises(Unreachable):
        car.line.dial(ANNA)
    assert "swordfish" not in repr(vars(car.line)) + repr(told.error)
    threading.Event().wait(0.5)
    assert frontend.sign_ins == 1


DOMAIN = "contoso.test"


@pytest.fixture
def network(
    authority: trustme.CA, frontend: Frontend, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Network]:
    """The organisation from outside: its discovery host, and the pool where the driver lives."""
    hosts = (f"lyncdiscover.{DOMAIN}", f"pool.{DOMAIN}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts).configure_cert(context)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with (
        Loopback(frontend.answer, tls=context) as server,
        Network(dict.fromkeys(hosts, urlsplit(server.url).port or 0)) as network,
    ):
        monkeypatch.setenv("HTTPS_PROXY", network.url)
        frontend.redirect = f"https://pool.{DOMAIN}/"
        yield network


def test_discovery_looks_inside_then_outside_and_follows_to_the_home_pool(
    network: Network, frontend: Frontend, start: Callable[..., Car]
) -> None:
    connect(start(discovery="").ready(), frontend)
    hosts = list(dict.fromkeys(network.asked))
    assert hosts == [f"lyncdiscoverinternal.{DOMAIN}", f"lyncdiscover.{DOMAIN}", f"pool.{DOMAIN}"]
    assert frontend.asked_for_tokens == {f"pool.{DOMAIN}"}


def test_the_network_is_lost_in_a_call_and_the_line_comes_back(
    network: Network, frontend: Frontend, start: Callable[..., Car]
) -> None:
    car = start(discovery="").ready()
    connect(car, frontend)
    lost = Ended(uri=ANNA, name="Anna", reason=EndReason.LOST)

    def is_cut() -> bool:
        network.cut()  # a connection that is just being made is cut the next time
        return lost in car.events

    eventually(is_cut, "lost call")
    eventually(lambda: frontend.applications == 2, "second application", 30)
    car.ready()


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "https://contoso.test.evil.example/", "http://localhost/"],
)
def test_discovery_is_not_led_out_of_the_organisation(
    server: Loopback, frontend: Frontend, start: Callable[..., Car], elsewhere: str
) -> None:
    frontend.redirect = elsewhere
    car = start()
    eventually(lambda: server.requests, "discovery")
    with pytest.raises(Unreachable):
        car.line.dial(ANNA)
    assert not any(PASSWORD.encode() in request.body for request in server.requests)


def test_the_token_issuer_must_belong_to_the_organisation(
    server: Loopback, start: Callable[..., Car]
) -> None:
    challenge = 'MsRtcOAuth href="https://evil.example/token",grant_type="password"'
    root = json.dumps({"_links": {"user": {"href": "/root/user"}}}).encode()
    server.upset(Answer(body=root), Answer(status=401, headers={"WWW-Authenticate": challenge}))
    car = start()
    eventually(lambda: len(server.requests) == 2, "challenge")
    with pytest.raises(Unreachable):
        car.line.dial(ANNA)
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[1]",
        b"",
        b'{"_links": 1}',
        b'{"_links": {"user": {"href": "https://localhost:99999999/"}}}',
        b'{"_links": {"user": {"href": "https://[localhost/"}}}',
    ],
)
def test_broken_answers_do_no_harm(
    server: Loopback, start: Callable[..., Car], caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    server.upset(Answer(body=body))
    car = start()
    eventually(lambda: "skype: " in caplog.text, "word about it")
    assert not car.line.can(ANNA)


def test_what_happens_on_the_telephone_is_done_there(car: Car, frontend: Frontend) -> None:
    connect(car, frontend)
    for order in (lambda: car.line.mute(True), lambda: car.line.send_tones("1")):
        with pytest.raises(OnTelephone):
            order()


@pytest.mark.parametrize(
    ("key", "value"),
    [("account", "driver"), ("phone", "112"), ("ca_file", "/nowhere.pem"), ("colour", "red")],
)
def test_wrong_settings_are_named(key: str, value: str) -> None:
    settings = {"account": "driver@contoso.test", "phone": "+491701234567", key: value}
    with pytest.raises(ConfigError) as caught:
        SkypeLine(settings, lambda _: None)
    assert caught.value.values["key"] == key


def test_the_stand_in_speaks_as_published(frontend: Frontend, shared: Path) -> None:
    published = json.loads((shared / "ucwa" / "resources.json").read_text())["resources"]
    for sent in frontend.resources():
        known = published[sent["rel"]]
        names = {name for name, _ in known["properties"]} | {"rel", "_links", "_embedded"}
        assert set(sent) <= names, sent["rel"]
        links = {name for name, _ in known["links"]}
        assert not links or set(sent["_links"]) <= links | {"self"}, sent["rel"]
