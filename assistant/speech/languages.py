"""What gives away the language that a name is written in: pure tables, for `phonemes.language_of`.

Languages are espeak-ng voices. Letters and endings are those of the commonest surnames of a
country; `given_names.txt`, beside this file, has what is told by no letter.
"""

from __future__ import annotations

SCRIPTS = {
    "CYRILLIC": "ru", "CJK": "cmn", "GREEK": "el", "HIRAGANA": "ja", "KATAKANA": "ja",
    "HANGUL": "ko", "ARABIC": "ar", "HEBREW": "he", "DEVANAGARI": "hi", "BENGALI": "bn",
    "TAMIL": "ta", "KANNADA": "kn", "SINHALA": "si", "THAI": "th", "ETHIOPIC": "am",
    "ARMENIAN": "hy", "GEORGIAN": "ka", "GUJARATI": "gu", "GURMUKHI": "pa", "TELUGU": "te",
    "MALAYALAM": "ml", "MYANMAR": "my",
}  # fmt: skip
SPELLINGS = (
    ("hr", r"[včdnr]ić$|đ"),
    ("pl", r"[łżźśćńąę]|(ski|ska|cki|cka|wicz|czyk|czak)$|szcz|^(grz|krz|prz|wró|sz[^áéiíu])"),
    ("hu", r"[őű]|^zs|(sz|cs|gy)[áéíóöúü]|[áéó](cs|th|sz)|[áéíóú]ri$|gyi$"),
    ("sk", r"[ľĺŕ]"),
    ("cs", r"[řěůďťň]|ov[áa]$|[áíýé].*[čšž]|[čšž].*[áíýé]|[čř][eí]k$"),
    ("lv", r"[āīūļņķģ]"),
    ("lt", r"[ėįų]|(auskas|aitis|evičius)$"),
    ("hr", r"[čšž]"),
    ("tr", r"[ğış]|^ç|o[gğ]lu$|demir$"),
    ("ro", r"[șțăţ]|(escu|eanu)$"),
    ("pt", r"ã|õe|ção|[nl]h[oa]$|lhães$|(eira|eiro)s?$"),
    ("et", r"õ"),
    ("es", r"ñ|(ió|í|á|ó|ú)n$|ía$|ío$|(gue|ne|nde|re|que|nche|éne|áre|íre|íne|óme)z$"),
    ("vi", r"[ơưđạảấầẩẫậắằẳẵặẹẻẽếềểễệịỉĩọỏốồổỗộớờởỡợụủũứừửữựỳỵỷỹ]"),
    ("da", r"[øæ]|gaard$"),
    ("fi", r"(nen|lainen)$|[äö].*(ää|öö|yy|kk)|^(ää|yy)"),
    ("sv", r"å|sson$|qvist$|str[öo]m$|[äö].*gren$"),
    ("de", r"[äöüß]|mann$|sch|(hauer|meier|meyer|inger|gartner|stein|bach|feld|heim)$|tz"),
    ("it", r"[òàì]$|(elli|ini|ucci|acci|[cdlnrt]ello|tti|ardi|aldi|zz[aio])$|cch|[nr]gh[ie]"),
    ("it", r"gli[aeo]|^gi[ao](?!n[kt])"),
    ("fr", r"[èêëçœâîôûà]|é|(eaux?|ault|oux|ette|elle|ier|ois|ieux|euil)$"),
    ("nl", r"ij|ieuw|uu|^sj|^kui|hoek|(stra|sma|huis|oven)$"),
)  # fmt: skip
"""(language, pattern), the surest first."""
VIETNAMESE = {
    "bui": "bùi", "dang": "đặng", "dinh": "đinh", "duong": "dương", "hoang": "hoàng",
    "huynh": "huỳnh", "ngo": "ngô", "nguyen": "nguyễn", "pham": "phạm", "phuong": "phương",
    "quoc": "quốc", "thi": "thị", "tran": "trần", "truong": "trương",
}  # fmt: skip
"""Names as people abroad write them -> with the letters that tell how they are read."""
