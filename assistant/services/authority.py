"""The wire between MSAL and Microsoft's sign-in servers.

Decided here: that discovery needs no network, how long a request may take, and whether this
machine's clock can be trusted. Neighbour: `signin` hands this to MSAL as its `http_client`.

Source: Microsoft identity platform, "OpenID Connect", for the endpoints of a tenant.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

TIMEOUT_S = 10.0
CLOCK_TOLERANCE_S = 300


class Wire:
    """MSAL's connection: ours, so that it is bounded and asks nothing that is known already."""

    def __init__(self) -> None:
        import httpx

        self._answer = httpx.Response
        self._http = httpx.Client(timeout=TIMEOUT_S)
        self.skew_warning = ""

    def get(self, url: str, **options: Any) -> Any:
        """Discovery is answered from the documented endpoints; MSAL asks before all else, and a
        car may start without network."""
        head, found, _ = url.partition("/v2.0/.well-known/openid-configuration")
        if found:
            return self._answer(200, json=_endpoints(head))
        return self._checked(self._http.get(url, **_known(options)))

    def post(self, url: str, **options: Any) -> Any:
        return self._checked(self._http.post(url, **_known(options)))

    def close(self) -> None:
        self._http.close()

    def _checked(self, response: Any) -> Any:
        """Note how far this machine's clock is off: signed times are useless then.

        Raises: ValueError where the answer is no JSON object; MSAL takes that for granted.
        """
        if response.status_code < 500 and not isinstance(json.loads(response.text), dict):
            raise ValueError("the answer is no JSON object")
        try:
            there = parsedate_to_datetime(response.headers["date"]).timestamp()
        except (KeyError, ValueError):
            return response
        off_s = time.time() - there
        is_off = abs(off_s) > CLOCK_TOLERANCE_S
        way = "ahead" if off_s > 0 else "behind"
        self.skew_warning = f"this clock is {abs(off_s) / 60:.0f} min {way}" if is_off else ""
        return response


def _known(options: Mapping[str, Any]) -> dict[str, Any]:
    names = ("params", "data", "headers")
    return {name: options[name] for name in names if options.get(name)}


def _endpoints(tenant_url: str) -> dict[str, str]:
    """The OpenID configuration of a tenant, as documented."""
    return {
        "issuer": f"{tenant_url}/v2.0",
        "authorization_endpoint": f"{tenant_url}/oauth2/v2.0/authorize",
        "token_endpoint": f"{tenant_url}/oauth2/v2.0/token",
        "device_authorization_endpoint": f"{tenant_url}/oauth2/v2.0/devicecode",
    }
