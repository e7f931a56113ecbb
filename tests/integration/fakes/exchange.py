"""A stand-in for an Exchange Server's web services (EWS). A fake.

Written from the Exchange Web Services reference. It keeps one calendar, unfolds nothing (items
are occurrences already, as in a CalendarView) and sends the properties that were asked for, no
others. It knows basic authentication only.
"""

from __future__ import annotations

import base64
import ssl
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from datetime import datetime
from xml.sax.saxutils import escape

from fakes.loopback import Answer, Loopback, Request

T = "{http://schemas.microsoft.com/exchange/services/2006/types}"
M = "{http://schemas.microsoft.com/exchange/services/2006/messages}"
USER, PASSWORD = "CONTOSO\\anna", "open sesame"

_ENVELOPE = """<?xml version="1.0" encoding="utf-8"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"
 xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">
<s:Header><t:ServerVersionInfo MajorVersion="15" MinorVersion="2" MajorBuildNumber="2562"
 MinorBuildNumber="20" Version="V2017_07_11"/></s:Header><s:Body>{body}</s:Body></s:Envelope>"""


def mailbox(name: str, address: str) -> str:
    return (
        f"<t:Mailbox><t:Name>{escape(name)}</t:Name>"
        f"<t:EmailAddress>{escape(address)}</t:EmailAddress></t:Mailbox>"
    )


def attendee(name: str, address: str, response: str = "Unknown") -> str:
    told = f"<t:ResponseType>{response}</t:ResponseType>"
    return f"<t:Attendee>{mailbox(name, address)}{told}</t:Attendee>"


def item(uid: str, start: str, end: str, **changes: str) -> dict[str, str]:
    """An item: element name -> content as XML. `start`, `end` in UTC, as EWS sends them."""
    return {
        "ItemId": uid,
        "Subject": f"Subject of {uid}",
        "Sensitivity": "Normal",
        "TextBody": "Agenda",
        "Start": start,
        "End": end,
        "IsAllDayEvent": "false",
        "LegacyFreeBusyStatus": "Busy",
        "Location": "Raum 1",
        "IsCancelled": "false",
        "CalendarItemType": "Occurrence",
        "MyResponseType": "Accept",
        "Organizer": mailbox("Ben Roth", "ben@contoso.com"),
        "RequiredAttendees": attendee("Anna Weber", "anna@contoso.com", "Accept")
        + attendee("Ben Roth", "ben@contoso.com"),
        "StartTimeZone": "W. Europe Standard Time",
        "EndTimeZone": "W. Europe Standard Time",
        **changes,
    }


class ExchangeServer(Loopback):
    """`server.host` is what the driver would put into the configuration."""

    def __init__(self, tls: ssl.SSLContext, items: Iterable[dict[str, str]] = ()) -> None:
        super().__init__(self.serve, tls)
        self.host = self.url.removeprefix("https://")
        self.items = {entry["ItemId"]: entry for entry in items}
        self.orders: list[tuple[str, ET.Element]] = []
        """Everything that was changed or sent: (element name, element)."""

    def put(self, *items: dict[str, str]) -> None:
        self.items |= {entry["ItemId"]: entry for entry in items}

    def serve(self, request: Request) -> Answer:
        wanted = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {wanted}":
            return Answer(status=401, headers={"WWW-Authenticate": "Basic"})
        if request.path != "/EWS/Exchange.asmx":
            return Answer(status=404)
        body = next(e for e in ET.fromstring(request.body).iter() if e.tag.startswith(M))
        name = body.tag.removeprefix(M)
        return _soap(getattr(self, f"_{name}")(body))

    def _GetFolder(self, _: ET.Element) -> str:  # noqa: N802 (EWS's names)
        folder = (
            '<t:CalendarFolder><t:FolderId Id="F1" ChangeKey="c"/>'
            "<t:FolderClass>IPF.Appointment</t:FolderClass><t:DisplayName>Kalender</t:DisplayName>"
            "<t:TotalCount>1</t:TotalCount><t:ChildFolderCount>0</t:ChildFolderCount>"
            "</t:CalendarFolder>"
        )
        return _response("GetFolder", f"<m:Folders>{folder}</m:Folders>")

    def _FindItem(self, body: ET.Element) -> str:  # noqa: N802
        view = body.find(f"{M}CalendarView")
        start, end = (datetime.fromisoformat(view.get(f"{side}Date")) for side in ("Start", "End"))
        most = int(view.get("MaxEntriesReturned", "1000"))
        found = [
            entry
            for entry in self.items.values()
            if datetime.fromisoformat(entry["Start"]) < end
            and datetime.fromisoformat(entry["End"]) >= start
        ]
        ids = "".join(f"<t:CalendarItem>{_id(e)}</t:CalendarItem>" for e in found[:most])
        is_last = "true" if len(found) <= most else "false"
        return _response(
            "FindItem",
            f'<m:RootFolder TotalItemsInView="{len(found)}" IncludesLastItemInRange="{is_last}">'
            f"<t:Items>{ids}</t:Items></m:RootFolder>",
        )

    def _GetItem(self, body: ET.Element) -> str:  # noqa: N802
        asked = {
            (uri.get("FieldURI") or "").partition(":")[2] for uri in body.iter(f"{T}FieldURI")
        } | {uri.get("PropertyName") for uri in body.iter(f"{T}ExtendedFieldURI")}
        messages = []
        for reference in body.iter(f"{T}ItemId"):
            entry = self.items.get(reference.get("Id", ""))
            if entry is None:
                messages.append(_error("GetItem", "ErrorItemNotFound", "not found in the store."))
            else:
                messages.append(_success("GetItem", f"<m:Items>{_xml(entry, asked)}</m:Items>"))
        return _wrapped("GetItem", "".join(messages))

    def _CreateItem(self, body: ET.Element) -> str:  # noqa: N802
        order = next(iter(body.find(f"{M}Items")))
        name = order.tag.removeprefix(T)
        self.orders.append((name, body))
        made = (
            '<t:CalendarItem><t:ItemId Id="new" ChangeKey="ck"/></t:CalendarItem>'
            if name == "CalendarItem"
            else ""
        )
        return _response("CreateItem", f"<m:Items>{made}</m:Items>")

    def _UpdateItem(self, body: ET.Element) -> str:  # noqa: N802
        self.orders.append(("UpdateItem", body))
        changed = '<t:CalendarItem><t:ItemId Id="mine" ChangeKey="ck2"/></t:CalendarItem>'
        return _response("UpdateItem", f"<m:Items>{changed}</m:Items>")

    def _DeleteItem(self, body: ET.Element) -> str:  # noqa: N802
        self.orders.append(("DeleteItem", body))
        return _response("DeleteItem", "")


def _id(entry: dict[str, str]) -> str:
    return f'<t:ItemId Id="{entry["ItemId"]}" ChangeKey="ck"/>'


def _xml(entry: dict[str, str], asked: set[str | None]) -> str:
    parts = [_id(entry)]
    for name, content in entry.items():
        if name not in asked:
            continue
        if name.endswith("TimeZone"):
            parts.append(f'<t:{name} Id="{content}" Name="{content}"/>')
        elif name.startswith("OnlineMeeting"):
            parts.append(
                "<t:ExtendedProperty><t:ExtendedFieldURI DistinguishedPropertySetId="
                f'"PublicStrings" PropertyName="{name}" PropertyType="String"/>'
                f"<t:Value>{content}</t:Value></t:ExtendedProperty>"
            )
        else:
            parts.append(f"<t:{name}>{content}</t:{name}>")
    return f"<t:CalendarItem>{''.join(parts)}</t:CalendarItem>"


def _success(operation: str, inner: str) -> str:
    name = f"m:{operation}ResponseMessage"
    code = "<m:ResponseCode>NoError</m:ResponseCode>"
    return f'<{name} ResponseClass="Success">{code}{inner}</{name}>'


def _error(operation: str, code: str, text: str) -> str:
    name = f"m:{operation}ResponseMessage"
    told = f"<m:MessageText>{text}</m:MessageText><m:ResponseCode>{code}</m:ResponseCode>"
    return f'<{name} ResponseClass="Error">{told}<m:Items/></{name}>'


def _wrapped(operation: str, messages: str) -> str:
    name = f"m:{operation}Response"
    return f"<{name}><m:ResponseMessages>{messages}</m:ResponseMessages></{name}>"


def _response(operation: str, inner: str) -> str:
    return _wrapped(operation, _success(operation, inner))


def refusal(operation: str, code: str) -> Answer:
    """The server understands and says no."""
    return _soap(_wrapped(operation, _error(operation, code, "No.")))


def _soap(body: str) -> Answer:
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    return Answer(body=_ENVELOPE.format(body=body).encode(), headers=headers)


def texts(element: ET.Element, name: str) -> list[str]:
    """Content of every element called `name`, namespaces left out."""
    return [e.text or "" for e in element.iter() if e.tag.rpartition("}")[2] == name]


def addresses(element: ET.Element, group: str) -> list[str]:
    """E-mail addresses inside the elements called `group`."""
    inside = (e for e in element.iter() if e.tag.rpartition("}")[2] == group)
    return [address for e in inside for address in texts(e, "EmailAddress")]
