"""Which meeting service a link belongs to, judged by its host and path.

A link counts only when it leads into a meeting: home pages, downloads, recordings, sign-up pages
and lists of telephone numbers do not, and neither does a foreign host that looks like a known
one. Links wrapped by mail filters are unwrapped. Neighbours: `joining` finds the links.

Source: the link forms in each provider's help pages; [MS-OCSMP] and "Simple URLs in Skype for
Business Server" (learn.microsoft.com) for the on-premises forms.
"""

from __future__ import annotations

import re
from base64 import b64decode
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

LONGEST_URL = 2_048
_WRAPPED_AT_MOST = 3
"""Filters are chained in practice at most twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingLink:
    provider: str
    """As `JoinInfo.provider`."""
    url: str
    sip_uri: str = ""


_TEAMS = r"teams\.(?:microsoft\.(?:com|us)|cloud\.microsoft)|(?:dod|gov)\.teams\.microsoft\.us"
_ZOOM = r"zoom\.(?:us|com|com\.cn)|zoomgov\.com|zoom-x\.de"
_SERVICES: tuple[tuple[str, str, str], ...] = (
    # provider, host and everything under it, path with query
    ("teams", _TEAMS, r"/(?:_#/)?l/meetup-join/.+|/meet/\d+\?(?:.*&)?p=\w+.*"),
    ("teams", _TEAMS, r"/dl/launcher/\w+\.html\?.*(?:%2F|/)l(?:%2F|/)(?:meetup-join|meet)\b.+"),
    ("teams", _TEAMS, r"/event/[\w-]+@[\w-]+.*"),
    ("teams", r"teams\.live\.com", r"/meet/\w+.*"),
    ("zoom", _ZOOM, r"/(?:j|w|s)/\d{5,}.*|/wc/(?:join/)?\d{5,}.*|/my/[\w.-]+.*"),
    ("zoom", _ZOOM, r"/join\?(?:.*&)?confno=\d+.*"),
    ("webex", r"webex\.com(?:\.cn)?", r"/(?:meet|join)/[\w.@-]+.*"),
    ("webex", r"webex\.com(?:\.cn)?", r"/(?:.*/)?(?:[jgm]\.php|joinservice).*\?.*MTID=.+"),
    ("webex", r"webex\.com(?:\.cn)?", r"/(?:wbxmjs|webappng|webapp)/.+"),
    ("meet", r"meet\.google\.com", r"/(?:_meet/)?[a-z]{3,4}-[a-z]{3,4}-[a-z]{3,4}(?:[/?].*)?"),
    ("meet", r"meet\.google\.com", r"/(?:_meet/)?lookup/[\w-]+.*"),
    ("meet", r"stream\.meet\.google\.com", r"/stream/[\w-]+.*"),
    ("meet", r"g\.co", r"/meet/[\w-]+.*"),
    ("goto", r"gotomeeting\.com|goto\.com", r"/(?:join|meeting|install)/\d{6,}.*"),
    ("goto", r"gotomeet\.me|(?:meet|app)\.goto(?:meeting)?\.com", r"/(?:meet/)?[\w.-]{3,}.*"),
    ("goto", r"gotowebinar\.com", r"/join/[\w-]+.*"),
    ("whereby", r"whereby\.com", r"/(?!information|user|pricing|blog|login|org)[\w.-]{2,}.*"),
    ("jitsi", r"meet\.jit\.si|8x8\.vc|meet\.ffmuc\.net|jitsi\.riot\.im", r"/[^/?].*"),
    ("jitsi", r"jitsi(?:-meet)?\.[\w.-]+|meet\.jitsi\.[\w.-]+", r"/[^/?].*"),
    ("bluejeans", r"bluejeans\.com", r"/(?:meet/|webrtc/)?\d{3,}.*|/[\w.-]+/\d{3,}.*"),
    ("bluejeans", r"primetime\.bluejeans\.com", r"/a2m/live-event/\w+.*"),
    ("skype", r"join\.skype\.com", r"/(?!download)[\w/-]{6,}.*"),
    ("skype-business", r"meet\.lync\.com", r"/[^/?]+/[^/?]+/\w+.*"),
    ("other", r"meet\.around\.co", r"/r/\w+.*"),
    ("other", r"ovice\.(?:in|com)", r"/.*"),
    ("other", r"userzoom\.com", r"/participate/.+"),
    ("other", r"demodesk\.com", r"/[A-Z0-9]{6,}.*"),
    ("other", r"app\.slack\.com", r"/huddle/\w+/\w+.*"),
    ("other", r"(?:app\.)?gather\.town", r"/app/.+"),
    ("other", r"tuple\.app", r"/c/\w+.*"),
    ("other", r"conference\.istesuit\.com", r"/.+"),
    ("other", r"doxy\.me", r"/[\w.-]+.*"),
    ("other", r"app\.cal\.com", r"/video/\w+.*"),
    ("other", r"livekit\.io", r"/rooms/.+"),
    ("other", r"meetecho\.com", r"/.*\bsession=\d+.*"),
    ("other", r"streamyard\.com", r"/(?:guest/)?\w{8,}.*"),
    ("other", r"workplace\.com", r"/groupcall/.+"),
    ("other", r"zhumu\.(?:com|me)", r"/(?:wc/join|j|s)/\w+.*"),
    ("other", r"chime\.aws", r"/(?!download|login)\w+.*"),
    ("other", r"ringcentral\.com", r"/(?:j|join|teamsmeeting)/.+|/.*\bmeeting/.*"),
    ("other", r"(?:8x8\.vc|meet\.8x8\.com)", r"/.+"),
    ("other", r"(?:meetings|meet)\.dialpad\.com|uberconference\.com", r"/(?:room/)?[\w.-]+.*"),
    ("other", r"vc\.(?:lark(?:suite)?|feishu)\.(?:com|cn)", r"/j/\d+.*"),
    ("other", r"(?:meeting\.tencent|voovmeeting)\.com", r"/(?:dm|s|p|dw)/\w+.*"),
    ("other", r"join\.me|join\.freeconferencecall\.com", r"/(?!download)[\w.-]+.*"),
    ("other", r"call\.lifesizecloud\.com|lifesize\.com", r"/\d+.*"),
    ("other", r"meet\.starleaf\.com", r"/\d+.*"),
    ("other", r"kmeet\.infomaniak\.com", r"/\w+.*"),
    ("other", r"app\.alfaview\.com", r"/.*(?:join|room).+"),
    ("other", r"meet(?:ing)?\.zoho\.(?:com|eu|in)", r"/(?:meeting/|join\?).*"),
    ("other", r"riverside\.fm", r"/studio/.+"),
    ("other", r"discord\.(?:gg|com)", r"/(?:channels/)?\d+/\d+.*"),
    ("other", r"facetime\.apple\.com", r"/join.*"),
    ("other", r"wire\.com", r"/.*conversation-join/.+"),
    ("other", r"meet\.element\.io|call\.element\.io", r"/.+"),
    ("other", r"livestorm\.co", r"/p/[\w-]+/live.*"),
    ("other", r"butter\.us|vowel\.com|pop\.com", r"/(?:j/|#/g/)\w.+"),
    ("other", r"lu\.ma|vimeo\.com", r"/(?:join|showcase|event)/.+"),
    ("other", r"hangouts\.google\.com", r"/(?:hangouts|call)/.+"),
    ("other", r"event\.demio\.com|join\.coscreen\.co|jam\.systems|meet\.stream", r"/[\w-]{3,}.*"),
    ("other", r"gong\.io|preply\.com|reclaim\.ai", r"/(?:.*/)?(?:call|lesson|room|m)/.+"),
    ("other", r"cliq\.zoho\.(?:com|eu|in)", r"/meetings/.+"),
    ("other", r"app\.teemyco\.com|meet\.pumble\.com|duo\.app\.goo\.gl", r"/.{4,}"),
    ("other", r"meet\.vonage\.com|meetings\.vonage\.com", r"/\w+.*"),
    ("other", r"teamviewer\.com|go\.blizz\.com", r"/(?:meet|join)/\w.+"),
    ("other", r"vsee\.com", r"/c/\w+.*"),
    ("other", r"senfcall\.de", r"/\w+.*"),
    ("other", r"bbcollab\.com", r"/(?:guest|collab)/.+"),
)
_WRAPPERS = tuple(
    (re.compile(where), name)
    for where, name in (
        (r"(?:[\w-]+\.)+safelinks\.protection\.(?:outlook\.com|office365\.us)/.*", "url"),
        (r"statics\.teams\.cdn\.(?:office\.net|live\.net)/.*safelinks.*", "url"),
        (r"(?:www\.)?google\.com/url", "q"),
        (r"(?:www\.)?google\.com/url", "url"),
        (r"linkprotect\.cudasvc\.com/.*", "a"),
        (r"urldefense\.proofpoint\.com/v2/url", "u"),
        (r"(?:[\w-]+\.)+trendmicro\.com/.*", "url"),
        (r"protect\d?\.fireeye\.com/.*", "u"),
        (r"(?:[\w-]+\.)+protection\.sophos\.com/.*", "u"),
        (r"l\.facebook\.com/l\.php", "u"),
        (r"slack-redir\.net/link", "url"),
    )
)
"""Mail filters and redirect pages by host and path, with the query field that holds the address.

Source: links as Microsoft Safe Links, Google, Barracuda, Proofpoint URL Defense v2 (v3 keeps the
address in its path, as Cisco does), Trend Micro, FireEye, Sophos, Facebook and Slack write them.
"""
_PROOFPOINT = str.maketrans("-_", "%/")
_NATIVE = (
    ("zoom", re.compile(r"zoom(?:mtg|us)://[\w.-]+/join\?\S*confno=\d+\S*", re.IGNORECASE)),
    ("teams", re.compile(r"msteams:/{0,2}(?:l/meetup-join|meet|l/meet)/\S+", re.IGNORECASE)),
)
_COMPILED = tuple(
    (provider, re.compile(rf"(?:[\w-]+\.)*(?:{host})"), re.compile(path))
    for provider, host, path in _SERVICES
)
_NOT_A_ROOM = re.compile(
    r"/(?:download|static|favicon|pricing|support|help|terms|privacy|robots)\b", re.IGNORECASE
)
_SIMPLE_URL = re.compile(
    r"(?:/(?P<domain>[\w-]+(?:\.[\w-]+)+))?(?P<meet>/meet)?/(?P<user>[\w.@+-]+)/(?P<id>\w{4,12})/?"
)
_SFB_ID = re.compile(r"(?=.*\d)(?=.*[A-Z])[A-Z0-9]{6,9}")
_FOCUS = re.compile(
    r"(?:conf:)?(sip:[\w.+-]+@[\w.-]+;gruu;opaque=app:conf:focus:id:[\w-]+)", re.IGNORECASE
)


def recognise(raw: str, is_skype_text: bool = False) -> MeetingLink | None:
    """The meeting `raw` leads into, or None. `is_skype_text`: the words around it name Skype
    for Business, whose on-premises addresses cannot be told from others by themselves.
    """
    if found := _FOCUS.search(unquote(raw)):
        return MeetingLink(provider="skype-business", url="", sip_uri=found[1])
    url = unwrap(raw.replace("&amp;", "&"))
    for provider, pattern in _NATIVE:
        if pattern.fullmatch(url):
            return MeetingLink(provider=provider, url=url)
    parts = _split(url)
    if parts is None or _NOT_A_ROOM.match(parts.path):
        return None
    return _known(parts, url) or _on_premises(parts, url, is_skype_text)


def unwrap(url: str) -> str:
    """The address behind mail filters' rewritten links (Safe Links and the like)."""
    for _ in range(_WRAPPED_AT_MOST):
        parts = _split(url)
        inner = _inner(parts) if parts else ""
        if not inner.lower().startswith(("https:", "http:")):
            break
        url = inner
    return url


def _inner(parts: SplitResult) -> str:
    """What one wrapper carries, "" when `parts` is no wrapper."""
    host = parts.hostname or ""
    if host == "urldefense.com" and parts.path.startswith("/v3/__"):
        whole = parts.path + (f"?{parts.query}" if parts.query else "")
        return whole.removeprefix("/v3/__").partition("__;")[0]
    if host == "secure-web.cisco.com":
        return unquote(parts.path.rpartition("/")[2])
    query = parse_qs(parts.query)
    for hosts, name in _WRAPPERS:
        if name in query and hosts.fullmatch(host + parts.path):
            return _decoded(host, query[name][0])
    return ""


def _decoded(host: str, inner: str) -> str:
    """The address as each filter writes it into its own."""
    if host == "urldefense.proofpoint.com":
        return unquote(inner.translate(_PROOFPOINT))
    if host.endswith("protection.sophos.com"):
        with suppress(ValueError):  # binascii.Error and UnicodeDecodeError are such
            return b64decode(inner + "==").decode()
    return inner


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url[:LONGEST_URL])
        is_plain = parts.port in (None, 443, 80) and "@" not in parts.netloc
    except ValueError:
        return None
    return parts if is_plain and parts.scheme.lower() in ("https", "http") else None


def _known(parts: SplitResult, url: str) -> MeetingLink | None:
    host = (parts.hostname or "").rstrip(".")
    behind = parts.path + (f"?{parts.query}" if parts.query else "")
    behind += f"#{parts.fragment}" if parts.fragment else ""
    for provider, hosts, paths in _COMPILED:
        if hosts.fullmatch(host) and paths.fullmatch(behind):
            sip_uri = _lync_online(parts.path) if provider == "skype-business" else ""
            return MeetingLink(provider=provider, url=url, sip_uri=sip_uri)
    return None


def _lync_online(path: str) -> str:
    """`/contoso/amit.c/ID`: the tenant's domain is written without `.com`."""
    domain, user, meeting = path.strip("/").split("/")[:3]
    return _focus(user, domain if "." in domain else f"{domain}.com", meeting)


def _on_premises(parts: SplitResult, url: str, is_skype_text: bool) -> MeetingLink | None:
    """`https://meet.D/U/ID`, `https://H/meet/U/ID`, `https://H/D/meet/U/ID`."""
    host = parts.hostname or ""
    found = _SIMPLE_URL.fullmatch(parts.path)
    if not found or not (found["meet"] or (host.startswith("meet.") and not found["domain"])):
        return None
    if not (is_skype_text or _SFB_ID.fullmatch(found["id"])):
        return None
    domain = found["domain"] or host.partition(".")[2]
    sip_uri = _focus(found["user"], domain, found["id"])
    return MeetingLink(provider="skype-business", url=url, sip_uri=sip_uri)


def _focus(user: str, domain: str, meeting: str) -> str:
    """The conference's SIP address, as Microsoft's own join sample builds it."""
    address = user if "@" in user else f"{user}@{domain}"
    return f"sip:{address};gruu;opaque=app:conf:focus:id:{meeting}"
