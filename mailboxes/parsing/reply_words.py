"""The words by which mail programs mark history, in the languages our customers' customers write."""

import re


def _any(*phrases: str) -> str:
    return "(?:" + "|".join(phrases) + ")"


# Verbs of attribution lines, in the very case programs write them.
VERBS = (
    *("wrote", "schrieb", "geschrieben", "a écrit", "a ecrit", "écrit", "escribió", "escribio", "escreveu"),
    *("ha scritto", "schreef", "het volgende geschreven", "napisał", "pisze", "skrev", "kirjoitti", "napsal"),
    *("пишет", "писал", "написал", "пише", "написав", "написа", "yazdı", "写道", "寫道", "は書きました"),
    *(
        "napísal",
        "ezt írta",
        "a scris",
        "έγραψε",
        "작성",
        "napisao",
        "írta",
        "đã viết",
        "menulis",
        "כתב",
        "のメール",
    ),
)
# How the last line of an attribution ends; one pattern each, for one with a literal beginning is found faster.
LINE_ENDS = {
    mark: re.compile(mark + r"[ \t>\u200e\u200f\u202a-\u202e\u2066-\u2069]*+(?:\n|\Z)")
    for mark in (":", "：", "--")
}
# What may stand after the verb: "(a)", a date (German, Dutch), one wrapped line, and the colon or dashes.
VERB_END = re.compile(
    r"[^\n:]{0,80}(?:\n(?![ \t]*[>\n])[^\n]{0,100}?)??"
    r"(?:[:：][ \t>]*(?=\n|\Z)|[ \t]-{2,}[ \t]*(?=\n|\Z)|\d\d?:\d\d(?::\d\d)?[^\n:]{0,40}:[ \t]*(?=\n|\Z))"
)
_BEGINNINGS = _any(
    *(
        "On",
        "Am",
        "Op",
        "Le",
        "El",
        "Il",
        "Em",
        "Den",
        "Dnia",
        "W dniu",
        "Dne",
        "Pe",
        "På",
        "W",
        "Kl",
        "Dia",
        "Dana",
        "Dňa",
        "În",
        "Dne",
    ),
    *("måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag", "mandag", "tirsdag", "lørdag"),
    *("søndag", "man", "tir", "tor", "fre", "lør", "søn", "mån", "tis", "lör", "sön"),
    *("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Mo", "Di", "Mi", "Do", "Fr", "Sa", "So", "Ons"),
    *("Lun", "Mar", "Mer", "Gio", "Ven", "Sab", "Dom", "В", "пн", "вт", "ср", "чт", "пт", "сб", "вс", "нд"),
)
# A word that begins such lines and then a digit; or a digit first; or a name with its address and a digit.
ATTRIBUTION = re.compile(
    r"\n[ \t>*_-]{0,12}"
    + _any(
        _BEGINNINGS + r"\b[^\n]{0,300}?\d",
        r"\d{1,4}[^\n]{3,200}?(?:@|\d:\d\d)",
        r"[^\n@]{0,120}@[^\n]{0,300}(?:\n[^\n]{0,200}){0,2}?\d",
        r"(?:Am|On|Le|El|Op|Em|Il)\b[^\n]{0,200}\n[^\n]{0,100}?\d",
    )
)
# In any language: a day at the beginning, a time of day, and at the end somebody's address, a word or two and a colon.
# A sentence that names both otherwise ("Write to Ann <…> at 10:30 about this:") is the sender's own.
BEGINS_WITH_DAY = re.compile(r"\n[^\n]{0,20}?\d")
ADDRESS_AT_END = re.compile(r"<[^\s<>()@]{1,100}@[^\s<>()]{1,200}>[^\d]{0,25}\Z")
# People write addresses in round brackets, too; it is an attribution only right above a quote.
ADDRESS_ABOVE_QUOTE = re.compile(r"[<(][^\s<>()@]{1,100}@[^\s<>()]{1,200}[>)]")
# Years of our calendar, and of the Thai one.
MOMENT = re.compile(r"(?=.{0,300}?(?:(?:19|20|۲۰|٢٠|२०)\d|25[5-9])\d).{0,300}?\d\d?[:.h]\d\d", re.DOTALL)
QUOTE_BELOW = re.compile(r"\s{0,4}>")
# "… at 10:00, Ann<ann@example.org> wrote:   It jams." goes on with the quote in the same line.
RUN_ON = re.compile(r"<[^\s<>@]{1,100}@[^\s<>]{1,200}>[^\n:<>]{0,40}:[ \t]{2,8}(?=\S)")
# Repeated headers without a subject name an address at least, or a time of day.
OF_MAIL = re.compile(r"@|\d\u200e?:\u200e?\d\d")
# "---------- Původní e-mail ----------" in whatever language, right above repeated headers.
RULE_ABOVE = re.compile(r"\n[ \t>]{0,6}[-_=*]{3,40}[^\n]{1,50}[-_=*]{3,40}[ \t]*\s*\Z")
# Old Gmail: "2026-11-20 10:00 GMT+01:00 Ann <ann@example.org>:" has no verb at all; right above a quote neither a
# time nor a colon is needed.
VERBLESS = re.compile(
    r"\n[ \t]*\d{4}[-/.]\d\d?[-/.]\d\d?[ T,]+"
    r"(?:\d\d?:\d\d(?::\d\d)?[^\n<]{0,80}<[^\n<>@]{1,100}@[^\n<>]{1,200}>[ \t]*:[ \t]*(?=\n|\Z)"
    r"|[^\n<]{0,100}<[^\n<>@]{1,100}@[^\n<>]{1,200}>[ \t]*(?=\n\s{0,4}>))"
)
_ORIGINAL = _any(
    *("original message", "original appointment", "original ?mail", "original besked", "reply message"),
    *("originalnachricht", "ursprüngliche nachricht", "message d['’]origine", "message original"),
    *("mensaje original", "mensagem original", "messaggio originale", "oorspronkelijk bericht"),
    *("oprindelig meddelelse", "oprindelig besked", "originalmelding", "opprinnelig melding"),
    *("ursprungligt meddelande", "originalmeddelande", "alkuperäinen viesti", "původní zpráva"),
    *("wiadomość oryginalna", "oryginalna wiadomość", "исходное сообщение", "оригинальное сообщение"),
    *("первоначальное сообщение", "оригінальне повідомлення", "вихідне повідомлення"),
    *("eredeti üzenet", "pôvodná správa", "mesaj original", "mesaj inițial", "özgün ileti", "izvorna poruka"),
    *(
        "αρχικό μήνυμα",
        "원본 메시지",
        "邮件原件",
        "원본메일",
        "הודעה מקורית",
        "الرسالة الأصلية",
        "izvirno sporočilo",
    ),
    *("原始邮件", "原始郵件", "元のメッセージ", "reply above this line", "antwort oberhalb"),
)
_ABOVE = _any(
    r"(?:reply|type your response|write a reply|please type) (?:above|your reply above)",
    r"antwort(?:en)? (?:bitte )?(?:ober|über)",
    r"répondre au-dessus",
)
DELIMITER_MARKS = ("--", "__", "==", "**", "##", "-_", "Message du", "message du")
DELIMITER = re.compile(
    r"\n[ \t>*]{0,6}"
    + _any(
        r"[-_=*]{2,40}[ \t]*" + _ORIGINAL + r"[ \t]*[-_=*:]{0,40}[ \t]*(?=\n|\Z)",
        r"[-#*=_]{2,40}[^\n]{0,40}" + _ABOVE + r"[^\n]{0,80}",
        r"Message du[ \xa0]?: ?\d[^\n]{0,40}(?=\n)",
        r"-{3,40}[ ]?On [^\n]{5,200} wrote[ ]?-{3,}",
    ),
    re.IGNORECASE,
)
_LINE = r"\n[ \t>*_]{0,8}"
_COLON = r"[ \xa0*_]{0,4}[:：]"
FROM_LINE = re.compile(
    _LINE
    + _any(
        *(
            "From",
            "Von",
            "De",
            "Van",
            "Od",
            "Fra",
            "Från",
            "Da",
            "От",
            "От кого",
            "Від",
            "Lähettäjä",
            "Kimden",
            "de",
        ),
        *("Expéditeur", "Mittente", "Nadawca", "发件人", "寄件者", "差出人", "보낸 사람"),
        *(
            "Feladó",
            "De la",
            "Από",
            "מאת",
            "من",
            "Šalje",
            "寄件人",
            "発信者",
            "Afsender",
            "Avsändare",
            "Pošiljatelj",
        ),
    )
    + _COLON
)
_SENT = _any(
    *("Sent", "Date", "Gesendet", "Datum", "Envoyé", "Envoyé le", "Enviado", "Enviado el", "Enviada"),
    *("Enviada em", "Fecha", "Verzonden", "Wysłano", "Data", "Sendt", "Dato", "Skickat", "Inviato"),
    *("Отправлено", "Дата", "Надіслано", "Lähetetty", "发送时间", "送信日時", "envoyé"),
    *("寄件日期", "보낸 날짜", "Elküldve", "Dátum", "Odesláno", "Odoslané", "Trimis", "Gönderilen", "Tarih"),
    *("Στάλθηκε", "Ημερομηνία", "נשלח", "تم الإرسال", "Poslano", "日時", "日期", "날짜", "Message du"),
)
_TO = _any(
    *(
        "To",
        "An",
        "À",
        "A",
        "Para",
        "Aan",
        "Do",
        "Til",
        "Till",
        "Кому",
        "Vastaanottaja",
        "收件人",
        "宛先",
        "à",
    ),
    *("收件者", "받는 사람", "Címzett", "Komu", "Către", "Catre", "Kime", "Προς", "אל", "إلى", "Prima", "Za"),
)
_SUBJECT = _any(
    *("Subject", "Betreff", "Objet", "Sujet", "Asunto", "Assunto", "Onderwerp", "Temat", "Emne", "Ämne"),
    *("Oggetto", "Тема", "Aihe", "主题", "件名", "objet"),
    *("主旨", "제목", "Tárgy", "Předmět", "Predmet", "Subiect", "Konu", "Θέμα", "נושא", "الموضوع", "Zadeva"),
)
BLOCK_LINES = {
    name: re.compile(_LINE + names + _COLON)
    for name, names in (("sent", _SENT), ("to", _TO), ("subject", _SUBJECT))
}
# Cheap to look for; without one of them no text can hold a forwarded mail.
FORWARD_MARKS = (
    *("--", "Begin ", "Anfang der ", "begin ", "anfang der ", "Début du message", "Inicio del mensaje"),
    *("Inizio messaggio", "Início da mensagem"),
)
FORWARD = re.compile(
    r"\n[ \t>]{0,4}(?:-{2,40}[ \t]*|Begin |Anfang der |Début du |Inicio del |Inizio |Início da )"
    + _any(
        *("forwarded message", "weitergeleiteten? (?:nachricht|e-?mail)", "message (?:transféré|transmis)e?"),
        *("mensaje reenviado", "mensagem encaminhada", "messaggio inoltrato", "doorgestuurd bericht"),
        *("wiadomość przekazana", "przekazana wiadomość", "videresendt (?:meddelelse|melding)"),
        *("vidarebefordrat (?:meddelande|mejl)", "пересылаемое сообщение", "пересланное сообщение"),
        *(
            "переслане повідомлення",
            "message réexpédié",
            "転送メッセージ",
            "轉寄郵件",
            "转发邮件",
            "전달된 메일",
        ),
        *("mensagem reencaminhada", "továbbított üzenet", "přeposlaná zpráva", "preposlaná správa"),
        *("mesaj redirecționat", "välitetty viesti", "iletilen mesaj", "προωθημένο μήνυμα"),
    )
    + r"[ \t]*[-:]{0,40}",
    re.IGNORECASE,
)
# What "Sent from …" must name to be no sentence about a parcel.
_DEVICE = (
    r"(?=[^\n]{0,150}(?:i-?phon|ipad|ipod|android|mailbox|\bcell\b|htc|blackberry|galaxy|samsung|huawei|xiaomi|oneplus|pixel|nokia|sony"
    r"|motorola|phone|mobil|handy|handheld|tablet|t[eé]l[eé][fp]|telefon|móvil|celular|device|gerät|windows"
    r"|outlook|gmail|yahoo|proton|\baol\b|\bgmx\b|web\.de|\bspark\b|thunderbird|mozilla|apple mail|zoho|airmail"
    r"|k-?9|fairemail))"
)
_NO_SENTENCE = r"(?![^\n]{0,100}, (?:is|was|but|and|it|so|ist|war|aber|und)\b)"
_SENT_FROM = _any(
    *(r"sent (?:from|via|by|with|using)\b", "from my (?:iphone|ipad|mobile|phone|blackberry|android)"),
    *("someone from mobile", r"gesendet (?:von|mit|aus|über)\b"),
    r"von (?:mein(?:em|er)?|samsung|outlook|yahoo)\b(?![^\n]{0,60}\bw[iu]rd)[^\n]{0,60}gesendet\b",
    *("diese nachricht wurde von", "envoyé (?:depuis|de|à partir|avec)", "inviato (?:da|dal)\\b"),
    *(
        r"enviado (?:desde|do|a partir|con|com|mediante)\b",
        "enviat des",
        "verstuurd vana",
        "verzonden (?:met|vana)",
    ),
    *("wysłan[eo] z(?! *:)", "skicka(?:t|des) från", "sendt fra", "lähetetty", "odesl[aá]no z", "odoslané z"),
    *(
        "poslan[oe] (?:z|s|iz)",
        "trimis de",
        "отправлено (?:с|из)\\b",
        "надіслано з",
        "изпратено от",
        "στάλθηκε",
    ),
    *("從我的", "发自我的", "發自我的", "gửi từ", "dikirim dari", "נשלח מה", "(?:تم الإرسال|أُرسلت) من"),
    r"(?:az )?(?:iphone|ipad|android|samsung|galaxy|huawei)[^\n]{0,40}(?:gönderildi|küldve|から|보냄)",
)
_GET_OUTLOOK = _any(
    *("get|download|hol|t[eé]l[eé]charge|obten|obtén|obter|ottieni|scarica|pobierz|baix|skaffa|hämta|hent",),
    *(
        "hanki|få|získ|stáhn|stiahn|получить|скачать|отримати|завантажити|获取|取得|obține|λήψη|preuzm|pridob",
    ),
)
MOBILE = re.compile(
    r"\n[ \t(<*\[_]{0,6}"
    + _any(
        _DEVICE + _NO_SENTENCE + _SENT_FROM,
        r"sent from my(?: [\w'’-]{1,20}){1,3}(?=\.?\s*\Z)",
        r"(?=[^\n]{0,80}outlook)(?=[^\n]{0,120}(?:\bios|android|aka\.ms))"
        + _any(
            _GET_OUTLOOK + r"[^\n]{0,30}outlook \S{1,5} (?:ios|android)",
            "outlook (?:för|für|voor|para|per|pour|til) (?:ios|android)",
            r"(?:ios|android)(?: ?版|용|\W{0,3}(?:için|用))[^\n]{0,20}",
            "outlook[^\n]{0,20}(?:다운|letölt)[^\n]{0,10}",
        )
        + r"(?:\]? ?[<(\[]?https?://[^\s]{1,150})?"
        + r"(?: (?:beziehen|downloaden|herunterladen|holen|ophalen))?[ \t.*_\])]{0,4}(?=\s*\Z)",
    )
    + r"[^\n]{0,200}\s*\Z",
    re.IGNORECASE,
)
# A list names itself below its underscores, a firm its secrets; anything else there is part of the mail.
SMALL_PRINT = re.compile(
    r"\A[^@]{0,400}(?:@|://|www\.|mailing list|confiden|vertraulich|riservat|vertrouwelijk|poufn|fortrolig"
    r"|disclaimer|unsubscribe)",
    re.IGNORECASE,
)
POSTSCRIPT = re.compile(r"[ \t]{0,20}P\.?[ ]?P?\.?S\b", re.IGNORECASE)
_REGARDS = _any(
    *(
        "(?:best|kind|warm|many) (?:regards|wishes)",
        "kindest regards",
        "yours (?:sincerely|faithfully|truly)",
    ),
    *("regards", "sincerely(?: yours)?", "with kind regards", "mit (?:freundlichen|besten|lieben) grüßen"),
    *("mit freundlichem gruß", "(?:viele|beste|liebe|schöne|freundliche) grüße", "hochachtungsvoll", "mfg"),
    *("mit freundlichen gruessen", "(?:viele|beste|liebe) gruesse", "(?:bien )?cordialement", "salutations"),
    *("sincères salutations", "(?:un )?(?:cordial saludo|saludo cordial)", "saludos(?: cordiales)?"),
    *("atentamente", "cordiali saluti", "distinti saluti", "atenciosamente", "cumprimentos", "mvh", "vh"),
    *("met vriendelijke groet(?:en)?", "vriendelijke groet(?:en)?", "hartelijke groet(?:en)?"),
    *("(?:med )?venlig hilsen", "(?:de )?bedste hilsner", "med vennlig hilsen", "vennlig hilsen"),
    *("(?:med )?vänliga hälsningar", "vänlig hälsning", "bästa hälsningar", "ystävällisin terveisin"),
    *("pozdrawiam", "z poważaniem", "s pozdravem", "с уважением", "з повагою", "敬具"),
)
# A closing formula alone on its line.
SIGN_OFF = re.compile(r"^[ \t]*" + _REGARDS + r"[ \t]*[,.!]*[ \t]*$", re.IGNORECASE | re.MULTILINE)
# The same (or a slash and a first name), then a few short lines without a question.
CLOSING = re.compile(
    r"\n[ \t]*(?:" + _REGARDS + r"[ \t]*[,.!]?[ \t]*(?:\n[^\n?>]{0,60}){1,6}|/[^\W\d_][^\n/?>]{1,30})\s*\Z",
    re.IGNORECASE,
)
