"""Signing in: MSAL's real code, over real TLS, against a stand-in for Microsoft (a fake)."""

from __future__ import annotations

import ssl
import threading
import webbrowser
from pathlib import Path

import pytest
from fakes.authority import ADDRESS, USER_CODE, Authority, browse
from fakes.desk import READ, Desk, ignore
from fakes.loopback import Answer

from assistant.errors import (
    BrokenAnswer,
    CodeExpired,
    ConfigError,
    SignInDeclined,
    SignInNeeded,
    Unreachable,
)
from assistant.services.signin import Registration, SignIn
from assistant.services.tokens import TokenStore


def test_device_code(authority: Authority, desk: Desk) -> None:
    shown = []
    authority.polls_before_approval = 1
    sign_in = desk.start()
    name = sign_in.device_code(lambda code, address: shown.append((code, address)))
    assert name == "anna@contoso.com"
    assert shown == [(USER_CODE, ADDRESS)]
    assert sign_in.token(READ) == "access1"
    assert sign_in.status().account == "anna@contoso.com"
    assert authority.grants == ["device_code", "device_code"]


def test_only_the_permissions_named_are_asked_for(authority: Authority, desk: Desk) -> None:
    desk.start("Calendars.ReadWrite", "Mail.Send").device_code(ignore)
    assert authority.granted - {"openid", "profile", "offline_access"} == {
        "Calendars.ReadWrite",
        "Mail.Send",
    }


def test_a_device_code_can_be_abandoned(authority: Authority, desk: Desk) -> None:
    authority.polls_before_approval = 99
    with pytest.raises(CodeExpired, match="not entered in time"):
        desk.start().device_code(ignore, is_cancelled=lambda: True)


@pytest.mark.parametrize(
    ("error", "expected"),
    [("expired_token", CodeExpired), ("authorization_declined", SignInDeclined)],
)
def test_a_device_code_that_comes_to_nothing(
    authority: Authority, desk: Desk, error: str, expected: type[Exception]
) -> None:
    def refuse(*_: str) -> None:
        authority.refusal = {"error": error, "error_description": "AADSTS1: no"}

    with pytest.raises(expected):
        desk.start().device_code(refuse)


def test_a_network_that_goes_away_meanwhile_is_waited_for(authority: Authority, desk: Desk) -> None:
    authority.polls_before_approval = 1
    lost = Answer(status=503, body=b"")
    assert desk.start().device_code(lambda *_: authority.upset(lost)) == "anna@contoso.com"


def test_a_browser_on_this_machine(
    desk: Desk, authority: Authority, trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MSAL opens the standard library's browser; this one is a person in a hurry."""
    visits = []

    def open_browser(url: str) -> bool:
        visits.append(threading.Thread(target=browse, args=(url, trust)))
        visits[0].start()
        return True

    monkeypatch.setattr(webbrowser, "open", open_browser)
    sign_in = desk.start()
    assert sign_in.browser(ignore) == "anna@contoso.com"
    assert sign_in.token(READ) == "access1"
    assert authority.grants == ["authorization_code"]
    visits[0].join()


def test_without_a_browser_the_link_is_shown(
    desk: Desk, trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    visits = []

    def show(url: str) -> None:
        visits.append(threading.Thread(target=browse, args=(url, trust)))
        visits[0].start()

    assert desk.start().browser(show) == "anna@contoso.com"
    visits[0].join()


def test_a_refusal_in_the_browser(
    desk: Desk, authority: Authority, trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    authority.refusal = {"error": "access_denied", "error_description": "AADSTS65004: declined"}
    visits = []

    def show(url: str) -> None:
        visits.append(threading.Thread(target=browse, args=(url, trust)))
        visits[0].start()

    with pytest.raises(SignInNeeded, match="the permissions were declined"):
        desk.start().browser(show)
    visits[0].join()


def test_the_next_start_needs_no_sign_in(authority: Authority, desk: Desk) -> None:
    desk.start().device_code(ignore)
    assert desk.start().token(READ) == "access1"
    assert authority.grants.count("refresh_token") == 0


def test_a_start_without_network_has_its_token(authority: Authority, desk: Desk) -> None:
    desk.start().device_code(ignore)
    asked = len(authority.requests)
    sign_in = desk.start()
    assert sign_in.token(READ) == "access1"
    assert sign_in.status().account == "anna@contoso.com"
    assert len(authority.requests) == asked


def test_discovery_is_never_asked_for(authority: Authority, desk: Desk) -> None:
    desk.start().device_code(ignore)
    desk.start().token(READ, renew=True)
    assert {request.path.rpartition("/")[2] for request in authority.requests} == {
        "devicecode",
        "token",
    }


def test_a_refused_token_is_renewed(authority: Authority, desk: Desk) -> None:
    sign_in = desk.start()
    sign_in.device_code(ignore)
    assert sign_in.token(READ, renew=True) == "access2"
    assert desk.start().token(READ) == "access2"
    assert authority.grants[-1] == "refresh_token"


def test_a_token_near_its_end_is_renewed_early(authority: Authority, desk: Desk) -> None:
    authority.expires_in_s = 599
    sign_in = desk.start()
    sign_in.device_code(ignore)
    assert sign_in.token(READ) == "access2"


def test_a_refusal_is_announced_before_the_token_ends(authority: Authority, desk: Desk) -> None:
    authority.expires_in_s = 599
    sign_in = desk.start()
    sign_in.device_code(ignore)
    authority.refusal = {"error": "invalid_grant", "error_description": "AADSTS50173: revoked"}
    assert sign_in.token(READ) == "access1"
    assert any("soon signed out" in warning for warning in sign_in.status().warnings)


def test_a_lost_network_near_the_end_of_a_token_is_no_warning(
    authority: Authority, desk: Desk
) -> None:
    authority.expires_in_s = 599
    sign_in = desk.start()
    sign_in.device_code(ignore)
    authority.upset(Answer(status=503))
    assert sign_in.token(READ) == "access1"
    assert not any("soon signed out" in warning for warning in sign_in.status().warnings)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("AADSTS50173", "revoked or the password changed"),
        ("AADSTS53003", "rules block this sign-in"),
        ("AADSTS65001", "nobody has agreed to these permissions"),
        ("AADSTS700082", "not used for 90 days"),
        ("AADSTS70043", "a fresh sign-in from time to time"),
        ("AADSTS90094", "an administrator has to approve"),
        ("AADSTS99999", "sign in again"),
    ],
)
def test_refusals_are_explained(authority: Authority, desk: Desk, code: str, words: str) -> None:
    sign_in = desk.start()
    sign_in.device_code(ignore)
    told = f"{code}: A sentence for developers.\r\nTrace ID: 1\r\nCorrelation ID: 2"
    authority.refusal = {"error": "invalid_grant", "error_description": told}
    with pytest.raises(SignInNeeded) as caught:
        sign_in.token(READ, renew=True)
    assert words in str(caught.value)
    assert code in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "Trace" not in str(caught.value)


def test_device_codes_forbidden_by_the_registration(authority: Authority, desk: Desk) -> None:
    told = "AADSTS7000218: The request body must contain: 'client_assertion' or 'client_secret'."
    authority.refusal = {"error": "invalid_client", "error_description": told}
    with pytest.raises(SignInNeeded, match="public client flows"):
        desk.start().device_code(ignore)


def test_permissions_nobody_agreed_to(desk: Desk) -> None:
    sign_in = desk.start()
    sign_in.device_code(ignore)
    with pytest.raises(SignInNeeded, match="nobody has agreed"):
        sign_in.token(("Mail.Send",))


def test_a_sign_in_by_another_process_is_noticed(authority: Authority, desk: Desk) -> None:
    driving = desk.start()
    with pytest.raises(SignInNeeded):
        driving.token(READ)
    desk.start().device_code(ignore)
    assert driving.token(READ) == "access1"

    authority.refusal = {"error": "invalid_grant", "error_description": "AADSTS50173: revoked"}
    with pytest.raises(SignInNeeded):
        driving.token(READ, renew=True)
    authority.refusal = None
    desk.start().device_code(ignore)
    assert driving.token(READ, renew=True) == "access3"


def test_a_tenant_that_cannot_be(file: Path) -> None:
    with pytest.raises(ConfigError, match="tenant"):
        SignIn(Registration(client_id="x", tenant=""), TokenStore(file))


def test_nobody_is_signed_in(desk: Desk) -> None:
    sign_in = desk.start()
    with pytest.raises(SignInNeeded, match="roadcall login"):
        sign_in.token(READ)
    assert sign_in.status().account == ""


def test_another_account_takes_the_place_of_the_first(authority: Authority, desk: Desk) -> None:
    sign_in = desk.start()
    sign_in.device_code(ignore)
    authority.user = "ben@contoso.com"
    sign_in.device_code(ignore)
    assert sign_in.status().account == "ben@contoso.com"
    assert sign_in.token(READ) == "access2"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(body=b"<html>Hotel Wi-Fi</html>"), BrokenAnswer),
        (Answer(body=b'{"access_tok'), BrokenAnswer),
        (Answer(body=b"[]"), BrokenAnswer),
        (Answer(body=b'{"token_type": "Bearer"}'), BrokenAnswer),
        (Answer(status=500, body=b"oops"), Unreachable),
        (Answer(status=400, body=b'{"error": "temporarily_unavailable"}'), Unreachable),
    ],
)
def test_bad_answers(
    authority: Authority, desk: Desk, answer: Answer, expected: type[Exception]
) -> None:
    sign_in = desk.start()
    sign_in.device_code(ignore)
    authority.upset(answer)
    with pytest.raises(expected):
        sign_in.token(READ, renew=True)


@pytest.mark.parametrize("body", [b"{}", b'{"user_code": "ABCD1234", "device_code": "x"}'])
def test_half_a_device_code(authority: Authority, desk: Desk, body: bytes) -> None:
    authority.upset(Answer(body=body))
    with pytest.raises((BrokenAnswer, SignInNeeded)):
        desk.start().device_code(ignore)


def test_no_network(authority: Authority, desk: Desk) -> None:
    desk.start().device_code(ignore)
    authority.__exit__(None, None, None)
    later = desk.start()
    with pytest.raises(Unreachable):
        later.token(READ, renew=True)
    assert later.token(READ) == "access1"


@pytest.mark.parametrize(("off_s", "way"), [(-3600, "60 min ahead"), (3600, "60 min behind")])
def test_a_wrong_clock_is_named(authority: Authority, desk: Desk, off_s: float, way: str) -> None:
    sign_in = desk.start()
    sign_in.device_code(ignore)
    assert not any("this clock" in warning for warning in sign_in.status().warnings)
    authority.clock_off_s = off_s
    authority.refusal = {"error": "invalid_grant", "error_description": "AADSTS1: no"}
    with pytest.raises(SignInNeeded, match=f"this clock is {way}"):
        sign_in.token(READ, renew=True)
    assert f"this clock is {way}" in sign_in.status().warnings
