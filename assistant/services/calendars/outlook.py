"""What Outlook's two services, Graph and EWS, mean alike.

Neighbours: `graph_json` and `exchange_items` read appointments with it.
"""

from __future__ import annotations

from assistant.core.joining import LONGEST_TEXT
from assistant.core.model import Response

_HALF = LONGEST_TEXT // 2 - 1


def both_ends(text: str) -> str:
    """As much of a long invitation as is looked at: join blocks stand first or last."""
    return text if len(text) <= LONGEST_TEXT else f"{text[:_HALF]}\n{text[-_HALF:]}"


def is_tentative(shown_as: object, response: Response) -> bool:
    """Outlook shows every unanswered invitation as tentative: that one says nothing."""
    is_shown_so = str(shown_as).lower() == "tentative" and response is not Response.NEEDS_ACTION
    return is_shown_so or response is Response.TENTATIVE
