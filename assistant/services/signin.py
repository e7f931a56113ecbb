"""Signing in to Microsoft 365, and access tokens from then on.

Decided here: how a person signs in (device code, or a browser on this machine), when a token is
renewed, and what each refusal means in words. Neighbours: `authority` carries the requests,
`tokens` keeps the tokens, `graph_http` asks for them, the command line shows codes and links.

Source: Microsoft identity platform, "OAuth 2.0 authorization code flow", "device authorization
grant" and "Microsoft Entra authentication and authorization error codes".
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from assistant.errors import (
    BrokenAnswer,
    ConfigError,
    ServiceError,
    SignInNeeded,
    TooSlow,
    Unreachable,
)
from assistant.services.authority import Wire
from assistant.services.tokens import TokenStore

SERVICE = "Microsoft 365"
PUBLIC_CLOUD = "https://login.microsoftonline.com"
SIGN_IN_S = 300
"""How long a browser may take."""
EARLY_S = 600
"""A token with less life than this is renewed at once, so that a refusal is known in time."""

_MEANINGS = {
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """How the organisation knows this app."""

    client_id: str
    """Application (client) id of the app registration."""
    tenant: str = "organizations"
    """Directory id or domain; `organizations` for any work account."""
    scopes: Sequence[str] = ("Calendars.Read",)
    """Permissions to agree to at sign-in; only those of features that are switched on."""
    authority: str = PUBLIC_CLOUD
    """Another host for national clouds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    account: str
    """Sign-in name, "" when nobody is signed in."""
    warnings: tuple[str, ...]
    """What will fail soon or is not as safe as it could be."""


class SignIn:
    """One account. Loads its tokens from `store`; needs no network to start.

    Raises: ConfigError without the libraries, or for a tenant that cannot be.
    """

    def __init__(self, registration: Registration, store: TokenStore) -> None:
        try:
            import msal
        except ImportError as error:
            raise ConfigError("calendars", "graph", "pip install 'roadcall[microsoft]'") from error
        self._scopes = list(registration.scopes)
        self._store = store
        self._lock = threading.Lock()
        self._refused = ""
        """Why the last early renewal failed."""
        self._unkept = ""
        """Why the tokens could not be stored."""
        self._wire = Wire()
        self._cache = msal.SerializableTokenCache()
        self._stored = ""
        """The text in the store, as far as we know."""
        self._load()
        try:
            self._app = msal.PublicClientApplication(
                registration.client_id,
                authority=f"{registration.authority}/{registration.tenant}",
                token_cache=self._cache,
                http_client=self._wire,
                instance_discovery=False,  # it would ask the network before the first token
            )
        except ValueError as error:
            raise ConfigError("calendars", "tenant", "must be a domain or directory id") from error

    def close(self) -> None:
        self._wire.close()

    def device_code(
        self,
        show: Callable[[str, str], None],
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> str:
        """Sign in on another device: `show` gets a code and the address to enter it at.

        Returns the sign-in name. Raises: SignInNeeded (with the reason), Unreachable, TooSlow,
        BrokenAnswer.
        """
        with self._faults():
            flow = self._app.initiate_device_flow(scopes=self._scopes)
            if "user_code" not in flow:
                raise self._refusal(flow)
            show(flow["user_code"], flow["verification_uri"])
            result = self._app.acquire_token_by_device_flow(
                flow, exit_condition=lambda f: is_cancelled() or f["expires_at"] < time.time()
            )
        return self._conclude(result)

    def browser(self, show: Callable[[str], None]) -> str:
        """Sign in with a browser on this machine (authorisation code with PKCE on loopback).

        `show` gets the link where no browser can be opened. Returns and raises as `device_code`.
        """
        with self._faults():
            result = self._app.acquire_token_interactive(
                self._scopes, timeout=SIGN_IN_S, auth_uri_callback=show
            )
        return self._conclude(result)

    def token(self, scopes: Sequence[str], *, renew: bool = False) -> str:
        """An access token, from the cache if it lives long enough. See `graph_http.Tokens`.

        Raises: SignInNeeded, Unreachable, TooSlow, BrokenAnswer.
        """
        with self._lock:
            try:
                result = self._silent(scopes, renew=renew)
            except SignInNeeded:
                if not self._load():
                    raise
                result = self._silent(scopes, renew=renew)  # with what another process has stored
            if not renew and result.get("expires_in", EARLY_S) < EARLY_S:
                result = self._renewed_early(scopes) or result
            self._save()
        return str(result["access_token"])

    def status(self) -> Status:
        accounts = self._app.get_accounts()
        warnings = (self._refused, self._unkept, self._wire.skew_warning, self._store.warning)
        return Status(
            account=accounts[0]["username"] if accounts else "",
            warnings=tuple(warning for warning in warnings if warning),
        )

    @property
    def is_refused(self) -> bool:
        """Whether the token in use is the last one: its early renewal was refused."""
        return bool(self._refused)

    def logout(self) -> None:
        """Forget the account and every token, here and in the store."""
        with self._lock:
            for account in self._app.get_accounts():
                self._app.remove_account(account)
            self._store.wipe()
            self._stored = ""

    def _silent(self, scopes: Sequence[str], *, renew: bool) -> dict[str, Any]:
        accounts = self._app.get_accounts()
        if not accounts:
            raise SignInNeeded(SERVICE, "nobody is signed in: run `roadcall login`")
        with self._faults():
            result = self._app.acquire_token_silent_with_error(
                list(scopes), accounts[0], force_refresh=renew
            )
        if not result or "error" in result:
            raise self._refusal(result or {})
        if "access_token" not in result:
            raise BrokenAnswer(SERVICE, "sign-in: an answer without a token")
        self._refused = ""
        return dict(result)

    def _renewed_early(self, scopes: Sequence[str]) -> dict[str, Any] | None:
        """None where it did not work; the old token is still good, the reason is remembered."""
        try:
            return self._silent(scopes, renew=True)
        except SignInNeeded as refusal:
            self._refused = f"soon signed out: {refusal}"
        except ServiceError:
            pass  # without network now; nothing is known against the sign-in
        return None

    def _conclude(self, result: Mapping[str, Any] | None) -> str:
        if not result or "error" in result:
            raise self._refusal(result or {})
        name = str(result.get("id_token_claims", {}).get("preferred_username", ""))
        with self._lock:
            for account in self._app.get_accounts():
                if account["username"] != name:
                    self._app.remove_account(account)
            self._refused = ""
            self._save()
        return name

    def _refusal(self, result: Mapping[str, Any]) -> ServiceError:
        """MSAL's answer in our words."""
        told = str(result.get("error_description") or result.get("error") or "")
        if result.get("error") == "temporarily_unavailable":
            return Unreachable(SERVICE, told)
        code, first_line = told.partition(":")[0], told.partition("\r\n")[0][:160]
        parts = (
            _MEANINGS.get(code, "sign in again"),
            self._wire.skew_warning,
            f"[{' '.join(first_line.split())}]" if told else "",
        )
        return SignInNeeded(SERVICE, " ".join(part for part in parts if part))

    def _load(self) -> bool:
        """Take over what is stored; whether that was anything new. A damaged text is wiped: it is
        as good as none, the driver signs in again."""
        text = self._store.load()
        if text == self._stored:
            return False
        self._stored = text
        try:
            parsed = json.loads(text)
        except ValueError:
            parsed = None
        if isinstance(parsed, dict) and all(isinstance(kind, dict) for kind in parsed.values()):
            self._cache.deserialize(text)
            return True
        self._store.wipe()
        return False

    def _save(self) -> None:
        if self._cache.has_state_changed:
            self._stored = self._cache.serialize()
            try:
                self._store.save(self._stored)
                self._unkept = ""
            except OSError as error:  # a full disk: good until the car is switched off
                self._unkept = f"the sign-in could not be kept: {error.strerror}"

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """The libraries' exceptions as ours."""
        import httpx
        from msal.exceptions import MsalError

        try:
            yield
        except httpx.TimeoutException as error:
            raise TooSlow(SERVICE, f"sign-in: {type(error).__name__}") from error
        except (httpx.HTTPError, MsalError) as error:
            raise Unreachable(SERVICE, f"sign-in: {error}") from error
        except (ValueError, KeyError, RuntimeError) as error:
            # RuntimeError: an id token that is not meant for us
            raise BrokenAnswer(SERVICE, f"sign-in: {error!r:.160}") from error
