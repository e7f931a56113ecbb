"""Signing in to Microsoft 365, and access tokens from then on.

Decided here: how a person signs in (device code, or a browser on this machine), when a token is
renewed. Neighbours: `authority` carries the requests, `refusals` explains, `tokens` keeps the
tokens, `graph_http` asks for them, the command line and the head-up page show codes.

Source: Microsoft identity platform, "OAuth 2.0 authorization code flow" and "device authorization
grant".
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
from assistant.services.refusals import refusal
from assistant.services.tokens import TokenStore

SERVICE = "Microsoft 365"
PUBLIC_CLOUD = "https://login.microsoftonline.com"
SIGN_IN_S = 300
"""How long a browser may take."""
EARLY_S = 600
"""A token with less life than this is renewed at once, so that a refusal is known in time."""


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
        self._is_out = False
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

        Returns the sign-in name. Raises: SignInNeeded (with the reason), CodeExpired (or
        cancelled), SignInDeclined, Unreachable, TooSlow, BrokenAnswer.
        """
        with self._faults():
            flow = self._app.initiate_device_flow(scopes=self._scopes)
            if "user_code" not in flow:
                raise self._refusal(flow)
            show(flow["user_code"], flow["verification_uri"])
        return self._conclude(
            self._awaited(flow, lambda _: is_cancelled() or flow["expires_at"] < time.time())
        )

    def _awaited(
        self, flow: dict[str, Any], is_over: Callable[[Mapping[str, Any]], bool]
    ) -> Mapping[str, Any]:
        """What came of the code; a network that goes away meanwhile is waited for.

        Source: RFC 8628, section 3.5 (a connection that times out is no end of the flow).
        """
        while True:
            try:
                with self._faults():
                    answer = self._app.acquire_token_by_device_flow(flow, exit_condition=is_over)
                    return dict(answer)
            except (TooSlow, Unreachable):
                if is_over(flow):
                    raise
                time.sleep(flow.get("interval", 5))

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
                self._is_out = True
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
        """Whether there is no token, or the one in use is the last: its renewal was refused."""
        return self._is_out or bool(self._refused)

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
        self._is_out = False
        if renew or result.get("expires_in", EARLY_S) >= EARLY_S:
            self._refused = ""
        return dict(result)

    def _renewed_early(self, scopes: Sequence[str]) -> dict[str, Any] | None:
        """None where it did not work; the old token is still good, the reason is remembered."""
        try:
            return self._silent(scopes, renew=True)
        except SignInNeeded as refusal:
            if self._load():
                return self._silent(scopes, renew=False)  # with what another process has stored
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
            self._refused, self._is_out = "", False
            self._save()
        return name

    def _refusal(self, result: Mapping[str, Any]) -> ServiceError:
        return refusal(SERVICE, result, self._wire.skew_warning)

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
