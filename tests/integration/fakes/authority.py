"""A stand-in for Microsoft's sign-in servers (login.microsoftonline.com). A fake.

Written from "OAuth 2.0 authorization code flow", "device authorization grant" and "ID tokens" of
the Microsoft identity platform. It holds one person who agrees to everything asked at sign-in.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import ssl
import time
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fakes.loopback import Answer, Loopback, Request

USER_CODE = "ABCD1234"
ADDRESS = "https://microsoft.com/devicelogin"


class Authority(Loopback):
    """`refusal`, when set, answers every grant: {"error": …, "error_description": …}."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        super().__init__(self._serve, tls)
        self.refusal: dict[str, str] | None = None
        self.user = "anna@contoso.com"
        self.expires_in_s = 3600
        self.polls_before_approval = 0
        self.granted: set[str] = set()
        self.grants: list[str] = []
        """Grant types asked for, in order."""
        self._challenges: dict[str, str] = {}
        self._nonce = ""
        self._asked_by_device: set[str] = set()
        self._refresh_token = ""
        self._count = 0

    def _serve(self, request: Request) -> Answer:
        tenant_path, _, what = request.path.partition("/oauth2/v2.0/")
        form = dict(parse_qsl(request.body.decode()))
        match request.method, what:
            case "GET", "authorize":
                return self._authorize(request.query)
            case "POST", "devicecode":
                return self._refused() if self.refusal else self._device_code(form["scope"])
            case "POST", "token":
                return self._token(form)
        return _json(404, {"error": "not_found", "error_description": tenant_path})

    def _authorize(self, query: Mapping[str, str]) -> Answer:
        """The page after signing in: a form that the browser posts to the redirect address."""
        code = f"code{len(self._challenges)}"
        self._challenges[code] = query["code_challenge"]
        self._nonce = query["nonce"]
        fields = self.refusal or {"code": code}
        inputs = "".join(
            f'<input name="{name}" value="{html.escape(value)}">'
            for name, value in {**fields, "state": query["state"]}.items()
        )
        page = f'<form action="{html.escape(query["redirect_uri"])}">{inputs}</form>'
        assert query["code_challenge_method"] == "S256"
        assert query["response_mode"] == "form_post"
        self.granted |= set(query["scope"].split())
        return Answer(body=page.encode(), headers={"Content-Type": "text/html"})

    def _device_code(self, scope: str) -> Answer:
        self._asked_by_device = set(scope.split())
        return _json(
            200,
            {
                "user_code": USER_CODE,
                "device_code": "device",
                "verification_uri": ADDRESS,
                "expires_in": 900,
                "interval": 1,
                "message": f"open {ADDRESS} and enter {USER_CODE}",
            },
        )

    def _token(self, form: Mapping[str, str]) -> Answer:
        kind = form["grant_type"].rpartition(":")[2]
        self.grants.append(kind)
        if self.refusal:
            return self._refused()
        if kind == "device_code":
            self.polls_before_approval -= 1
            if self.polls_before_approval >= 0:
                told = "AADSTS70016: OAuth 2.0 device flow error. Authorization is pending."
                return _json(400, {"error": "authorization_pending", "error_description": told})
            self.granted |= self._asked_by_device
        if kind == "authorization_code":
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            if self._challenges.pop(form["code"], "") != _unpadded(digest):
                return _json(400, {"error": "invalid_grant", "error_description": "AADSTS501481"})
        if kind == "refresh_token":
            if form["refresh_token"] != self._refresh_token:
                return _json(400, {"error": "invalid_grant", "error_description": "AADSTS70000"})
            if not set(form["scope"].split()) <= self.granted:
                told = "AADSTS65001: The user or administrator has not consented to use this."
                return _json(400, {"error": "invalid_grant", "error_description": told})
        return _json(200, self._tokens(form))

    def _tokens(self, form: Mapping[str, str]) -> dict[str, Any]:
        self._count += 1
        self._refresh_token = f"refresh{self._count}"
        now = int(time.time())
        claims = {
            "aud": form["client_id"],
            "iss": f"{self.url}/tid/v2.0",
            "sub": self.user,
            "oid": self.user,
            "tid": "tid",
            "preferred_username": self.user,
            "iat": now,
            "exp": now + 3600,
            "ver": "2.0",
            **({"nonce": self._nonce} if form["grant_type"] == "authorization_code" else {}),
        }
        return {
            "token_type": "Bearer",
            "scope": " ".join(s for s in self.granted if s[0].isupper()),
            "expires_in": self.expires_in_s,
            "ext_expires_in": self.expires_in_s,
            "access_token": f"access{self._count}",
            "refresh_token": self._refresh_token,
            "id_token": ".".join([_part({"alg": "none"}), _part(claims), "signature"]),
            "client_info": _part({"uid": self.user, "utid": "tid"}),
        }

    def _refused(self) -> Answer:
        return _json(400, self.refusal or {})


def browse(url: str, trust: ssl.SSLContext) -> None:
    """What a browser does at sign-in: open the page, post the form it holds."""
    with urllib.request.urlopen(url, context=trust, timeout=5) as page:
        text = page.read().decode()
    action = html.unescape(re.findall(r'action="([^"]+)"', text)[0])
    fields = re.findall(r'name="([^"]+)" value="([^"]+)"', text)
    form = urlencode([(name, html.unescape(value)) for name, value in fields]).encode()
    urllib.request.urlopen(action, form, timeout=5).close()


def _part(data: object) -> str:
    return _unpadded(json.dumps(data).encode())


def _unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _json(status: int, body: object) -> Answer:
    headers = {"Content-Type": "application/json"}
    return Answer(status=status, body=json.dumps(body).encode(), headers=headers)
