"""What a refusal of Microsoft's sign-in servers means, in words.

Source: Microsoft identity platform, "Microsoft Entra authentication and authorization error
codes"; RFC 8628, section 3.5 (device code).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.errors import (
    CodeExpired,
    ServiceError,
    SignInDeclined,
    SignInNeeded,
    Unreachable,
)

_MEANINGS: Mapping[str, str] = {
    "AADSTS50011": "the app registration lacks the redirect address http://localhost",
    "AADSTS50020": "this account is of another organisation: check `tenant`",
    "AADSTS50057": "the account is disabled",
    "AADSTS50076": "a second factor is due: sign in again",
    "AADSTS50078": "the second factor has expired: sign in again",
    "AADSTS50079": "a second factor has to be set up: sign in in a browser first",
    "AADSTS50105": "the account has not been assigned to this app: ask your administrator",
    "AADSTS50173": "the sign-in was revoked or the password changed: sign in again",
    "AADSTS53000": "your organisation admits managed devices only: ask your administrator",
    "AADSTS53001": "your organisation admits joined devices only: ask your administrator",
    "AADSTS53003": "your organisation's rules block this sign-in (a conditional-access policy,"
    " often one against device codes): try the browser, or ask your administrator",
    "AADSTS65001": "nobody has agreed to these permissions yet: sign in again and agree",
    "AADSTS65004": "the permissions were declined: sign in again and agree",
    "AADSTS70008": "the sign-in has expired: sign in again",
    "AADSTS70016": "the code was not entered in time: sign in again",
    "AADSTS70019": "the code was not entered in time: sign in again",
    "AADSTS70043": "your organisation asks for a fresh sign-in from time to time: sign in again",
    "AADSTS90002": "there is no such organisation: check `tenant`",
    "AADSTS90094": "an administrator has to approve this app first",
    "AADSTS90095": "an administrator has to approve this app first; your request has been sent",
    "AADSTS700016": "the organisation does not know this app: check `client_id` and `tenant`",
    "AADSTS700082": "the sign-in was not used for 90 days: sign in again",
    "AADSTS7000218": 'the app registration must allow public client flows ("Authentication" page)',
}
"""For wording only: Microsoft changes these codes, so nothing is decided by them."""

_KINDS: Mapping[str, type[ServiceError]] = {
    "temporarily_unavailable": Unreachable,
    "authorization_pending": CodeExpired,
    "expired_token": CodeExpired,
    "authorization_declined": SignInDeclined,
}
"""Every other refusal means that somebody has to sign in."""


def refusal(service: str, result: Mapping[str, Any], hint: str) -> ServiceError:
    """MSAL's answer `result` as an error; `hint`: what else may be the reason."""
    told = str(result.get("error_description") or result.get("error") or "")
    code, first_line = told.partition(":")[0], told.partition("\r\n")[0][:160]
    parts = (
        _MEANINGS.get(code, "sign in again"),
        hint,
        f"[{' '.join(first_line.split())}]" if told else "",
    )
    kind = _KINDS.get(str(result.get("error")), SignInNeeded)
    return kind(service, " ".join(part for part in parts if part))
