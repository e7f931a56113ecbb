"""The words around a telephone conference in an invitation: English, German, French.

Neighbour: `dialin` reads with them.

Source: invitation texts of Teams, Skype for Business, Zoom, Webex, Meet and GoTo.
"""

from __future__ import annotations

import re

HOST_ONLY = r"(?:host|leader|moderator\w*|organi[sz]er|organisateur|animateur|chair\w*|leiter\w*)"
CODE = r"(?P<code>(?!0\d[\d ./-]{7})\d[\d .\-\u00a0\u2011]{1,22}\d)"
"""Not what begins like a national telephone number."""
COLON = r"[^\S\n]*(?:\([^)\n]{0,60}\))?[^\S\n]*[:：=#–-]?[^\S\n]*"
CONFERENCE_LABELS = (
    r"phone[- ]?conference[- ]?id|telefonkonferenz-?\s?id|telefonkonferenzkennung"
    r"|(?:id|identifiant) de (?:la )?(?:conférence|l.audioconférence)(?: téléphonique)?",
    r"conf(?:erence)? (?:id|code|number|pin)|konferenz-?\s?(?:id|kennung|nummer|code|pin|kennwort)"
    r"|konferenzraum(?:nummer)?(?=:)|raum-?\s?(?:nr\.?|nummer|id|pin)(?=:)"
    r"|(?:participant|attendee|guest|access|dial-?in|bridge)(?: access)? ?(?:code|id)"
    r"|(?:zugangs|zugriffs|teilnehmer|einwahl)-?\s?(?:code|kennung|pin)"
    r"|(?:code|numéro) (?:pin |confidentiel )?(?:d.accès|(?:de )?participant|(?:d.)?invité)"
    r"|(?:code|numéro) (?:de |de la )?conférence"
    r"|(?:enter|saisissez|entrez|tapez) (?:the |le )?(?:code|pin)(?=[^\S\n:]*:?\s*\d[\d ]{3,}\d)",
)
"""The phone's own id first, then what conferences without a web side call it."""
MEETING_LABELS = (
    r"meeting (?:id|number)|webinar id|meeting[- ]?kennnummer|meeting-?\s?id|besprechungs-?\s?id"
    r"|(?:id|identifiant|numéro) (?:de )?(?:la |l.)?réunion|meeting access code|sitzungs-?\s?id"
)
PIN_LABELS = (
    r"(?:(?:meeting|phone|numeric|telefon|teilnehmer|numerischer?)[- ]?)?"
    r"(?:passcode|password|kenncode|kennwort|kennung|passwort|pin(?:-?code)?)"
    r"|code (?:secret|confidentiel|pin|d.accès)|mot de passe(?: (?:de )?(?:la )?réunion)?"
)
DIAL_LABELS = re.compile(
    r"dial[- ]?(?:in|by)|\bdial(?:ing)?\b|call[- ]in\b|call in\b|join by (?:phone|telephone)"
    r"|by (?:tele)?phone|one[- ]tap|join from (?:a )?(?:phone|mobile)|tap to join"
    r"|toll(?:[- ]free)?\b|gebühren(?:frei|pflichtig)|numéro (?:vert|payant|gratuit)"
    r"|pont téléphonique|(?:call|dial|conference) details|audio[- ]only|\(audio seulement\)"
    r"|\(nur audio\)|\bdial into\b|\bcon(?:f(?:erence)?)?[ -]?(?:call|line)\b|\btele?con\b"
    r"|\btele(?:phone )?conference|audio[- ]?(?:conference|bridge|konferenz|conférence)"
    r"|téléconférence|\ben audio\b|réunion téléphonique|numéro de pont"
    r"|\btelko\b|\btel\.?-?konferenz|konferenz(?:nummer|telefon|schaltung|leitung)"
    r"|\bbridge\b|einw(?:ahl|ähl)|wähl(?:en|e|t)\b[^.\n]{0,20}\bein\b|wähl(?:en|e|t) sie sich\b"
    r"|(?:per|über) (?:das )?telefon|telefonisch|rufen sie an|\banrufen\b"
    r"|telefonkonferenz|compose[rz]|par téléphone|appelez|numéros? d.(?:accès|appel)"
    r"|depuis (?:votre|un) téléphone"
    r"|numéro de conférence|se connecter par|conférence téléphonique",
    re.IGNORECASE,
)
PERSONAL = re.compile(
    r"\b(?:mobile|mobil|handy|cell|fax|direct(?: line)?|durchwahl|office|büro|portable|bureau"
    r"|assistant\w*|switchboard|zentrale|hotline|help ?desk|support|emergency|notfall|urgence"
    r"|voice ?mail|mailbox|anrufbeantworter|messagerie|répondeur"
    r"|questions?|(?:rück)?fragen|kontakt|contacte?r?|erreichbar|cancel|absage\w*|stornier\w*"
    r"|annule[rz]|call me|reach me|ruf\w* mich|appelle[rz]?.moi"
    r"|(?:call|appelez|rufen sie) (?:m(?:rs?|s|me|lle)|frau|herrn?|monsieur|madame))\b"
    r"|\bif you|\bfalls|\bsi vous",
    re.IGNORECASE,
)
TELEPHONE = re.compile(
    r"(?:\s*|.*,\s*)(?:tel(?:efon|ephone)?|tél(?:éphone)?|phone|ph|t|m|p)\b", re.IGNORECASE
)
RULE = re.compile(r"\s*(?:[_=.~:*-]{2,}|--)\s*$")
"""A drawn line, or the mark above a signature."""
FAR_LINES = 3
"""A number further than this from the last word or number of a dial-in belongs to nobody."""
QUICK = re.compile(
    r"(?P<number>\+[\d ().\-\u00a0\u2011]{6,24}\d)\s*(?:,+\s*|;\s*(?:ext|postd)=)"
    r"(?P<code>\d{3,14})#*(?:,*(?:\*|0#,+)(?P<pin>\d{3,12})#)?"
)
"""`+1 323-849-4874,,766918553#` and Zoom's `+4969…,,83041234567#,,,,*123456#`."""
URL = re.compile(r"\b(?:https?://|(?:[a-z\d-]{1,63}\.){1,4}[a-z]{2,9}/)[^\s<>]+", re.IGNORECASE)
TELECONFERENCE = re.compile(
    r"tele(?:phone )?conference|con(?:f(?:erence)?)? call|telefonkonferenz|\btelko\b"
    r"|audio-?(?:konferenz|conférence)|téléconférence|code (?:pin |confidentiel )?participant"
    r"|(?:participant|attendee|teilnehmer)[- ]?(?:code|pin|passcode)",
    re.IGNORECASE,
)
"""Says that a text is about a conference by telephone, wherever its numbers stand."""
LOOSE = re.compile(
    r"(?:\A|[\n,;:/|(–]|(?<!\w)-|\b(?:and|then|with|the|enter|key in|using|prompted"
    r"|und|mit|dem|der|danach|dann|puis|et|le|avec|tapez|entrez))[^\S\n]*"
    r"(?:(?:(?:the |le |enter |access |conf )?(?:code|pin|pin-?code|id|passcode|passwort|kennwort)"
    r"\W{0,4}(?P<code>\d[\d ]{2,12}\d)"
    r"|(?:raum|room)(?: number)?\W{1,3}(?P<room>\d{5,12}))(?!\w|[/.-]\d)"
    r"|(?P<keyed>\d[\d ]{2,12}\d)[^\S\n]*#)",
    re.IGNORECASE,
)
"""Too loose for anything but what follows a number to dial in: `, then enter 52417#`."""
SHORTEST_LOOSE = 4
LOOSELY_NEAR = 160
"""Characters."""
VANITY = re.compile(
    r"(?<![\w+])(?:\+?1[-. ]|0)?8(?:00|33|44|55|66|77|88)[-. ]"
    r"(?=[A-Z\d-]*[A-Z]{3})[A-Z\d](?:-?[A-Z\d]){6}\b"
)
"""`1-800-GOFEDEX`, a free number spelt on the keys of a telephone."""
NO_PIN = r"(?!(?:none|keiner?|aucun|not|nicht|non|n/a)\b)"
BEHIND = re.compile(
    r"\s*(?:\([^)\n]{0,60}\)\s*)?[,;]?\s*(?:PIN|Code)\s*[:：]?\s*(?P<code>\d[\d ]{2,16}\d)\s*#",
    re.IGNORECASE,
)
