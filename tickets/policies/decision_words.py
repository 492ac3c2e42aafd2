"""The words by which people decide, in the languages our customers' approvers write; a tenant adds its own.

A phrase is what a mail must begin with. What is said only together with something else is in neither list, and a word
that means one thing here and something else there, as the German "da", stands in none.
"""

from __future__ import annotations

from typing import Final

APPROVING: Final = (
    *("approve", "approved", "i approve", "we approve", "approval granted", "yes", "agreed", "i agree"),
    *("accept", "accepted", "i accept", "ok", "okay", "granted", "confirmed", "go ahead"),
    *("genehmigt", "genehmige", "ich genehmige", "ich genehmige es", "ich genehmige das", "freigegeben"),
    *(
        "freigabe erteilt",
        "ich gebe frei",
        "zugestimmt",
        "ich stimme zu",
        "einverstanden",
        "angenommen",
        "ja",
    ),
    *("approuvé", "approuve", "j'approuve", "j'accepte", "accepté", "accordé", "d'accord", "je valide"),
    *("validé", "oui", "aprobado", "aprobada", "apruebo", "lo apruebo", "aceptado", "acepto", "de acuerdo"),
    *("sí", "approvato", "approvata", "approvo", "accetto", "accettato", "sono d'accordo", "sì"),
    *("aprovado", "aprovada", "aprovo", "aceito", "de acordo", "sim"),
    *("goedgekeurd", "ik keur goed", "akkoord", "ik ga akkoord", "zatwierdzam", "zatwierdzone", "zgoda"),
    *("zgadzam się", "akceptuję", "tak", "godkänd", "godkänt", "godkänner", "jag godkänner", "godkendt"),
    *("jeg godkender", "godkjent", "jeg godkjenner", "hyväksytty", "hyväksyn", "kyllä", "schváleno"),
    *("schvaluji", "souhlasím", "ano", "schválené", "schvaľujem", "súhlasím", "áno", "jóváhagyva"),
    *("jóváhagyom", "igen", "aprobat", "aprob", "odobreno", "odobravam", "εγκρίνεται", "εγκρίνω", "ναι"),
    *("одобрено", "одобряю", "согласен", "согласна", "согласовано", "да", "схвалено", "схвалюю", "так"),
    *(
        "onaylandı",
        "onaylandi",
        "onaylıyorum",
        "onayliyorum",
        "evet",
        "承認",
        "承認します",
        "承認しました",
        "承認いたします",
        "はい",
    ),
    *("批准", "同意", "我同意", "核准", "승인", "승인합니다", "동의합니다"),
)
REJECTING: Final = (
    *("reject", "rejected", "i reject", "we reject", "decline", "declined", "i decline", "deny", "denied"),
    *("refused", "i refuse", "disapprove", "disapproved", "not approved", "not accepted", "not agreed"),
    *("not granted", "i do not approve", "i don't approve", "i do not agree", "i don't agree", "no"),
    *("abgelehnt", "ich lehne ab", "ich lehne es ab", "nicht genehmigt", "ich genehmige nicht"),
    *("nicht freigegeben", "nicht einverstanden", "verweigert", "nein", "refusé", "refuse", "je refuse"),
    *("rejeté", "je rejette", "pas d'accord", "non approuvé", "non", "rechazado", "rechazada", "rechazo"),
    *("lo rechazo", "denegado", "no aprobado", "no apruebo", "rifiutato", "rifiuto", "respinto", "negato"),
    *("non approvato", "non approvo", "rejeitado", "rejeito", "recusado", "recuso", "não aprovado", "não"),
    *("afgewezen", "afgekeurd", "ik wijs af", "niet akkoord", "niet goedgekeurd", "nee", "odrzucam"),
    *("odrzucone", "nie zgadzam się", "nie", "avslag", "avslagen", "avslås", "avvisad", "avvist", "afvist"),
    *("inte godkänd", "ikke godkendt", "ikke godkjent", "nej", "nei", "hylätty", "hylkään", "ei"),
    *("zamítnuto", "zamítám", "nesouhlasím", "zamietnuté", "zamietam", "nesúhlasím", "elutasítva"),
    *("elutasítom", "nem", "respins", "resping", "odbijeno", "odbijam", "απορρίπτεται", "απορρίπτω", "όχι"),
    *("отклонено", "отклоняю", "отказано", "не согласен", "не согласна", "нет", "відхилено", "відхиляю"),
    *(
        "не погоджуюсь",
        "ні",
        "reddedildi",
        "reddediyorum",
        "hayır",
        "hayir",
        "却下",
        "却下します",
        "否認",
        "いいえ",
    ),
    *("承認しません", "拒绝", "拒絕", "不同意", "不批准", "驳回", "거부", "거부합니다", "반려"),
)
#: Of these, words people also begin with who mean something else: "OK, I will look at it", "No problem". They decide
#: only where nothing else is said in the sentence, courtesies aside.
WEAK: Final = frozenset(
    {
        *(
            "yes",
            "ok",
            "okay",
            "agreed",
            "no",
            "ja",
            "nein",
            "oui",
            "d'accord",
            "non",
            "sí",
            "de acuerdo",
            "sì",
        ),
        *("sim", "não", "akkoord", "nee", "tak", "zgoda", "nie", "nej", "nei", "kyllä", "ei", "ano", "áno"),
        *("igen", "nem", "ναι", "όχι", "да", "нет", "так", "ні", "evet", "hayır", "hayir", "はい", "いいえ"),
    }
)
COURTEOUS: Final = frozenset(
    {
        *("please", "thanks", "thank", "you", "many", "bitte", "danke", "gerne", "gern", "vielen", "dank"),
        *("merci", "gracias", "por", "favor", "grazie", "obrigado", "obrigada", "bedankt", "graag", "tack"),
        *("takk", "kiitos", "dziękuję", "proszę", "prosím", "děkuji", "ďakujem", "köszönöm", "спасибо"),
        *("пожалуйста", "дякую", "teşekkürler", "lütfen"),
    }
)
#: Beside a word that approves these leave open what was meant.
DENYING: Final = frozenset(
    {
        *(
            "not",
            "never",
            "don't",
            "doesn't",
            "won't",
            "cannot",
            "can't",
            "without",
            "nicht",
            "kein",
            "keine",
        ),
        *(
            "keinen",
            "niemals",
            "ohne",
            "pas",
            "jamais",
            "sans",
            "nunca",
            "sin",
            "mai",
            "senza",
            "sem",
            "niet",
        ),
        *("geen", "nigdy", "bez", "inte", "ikke", "aldrig", "aldri", "ingen", "ne", "не", "нельзя", "değil"),
    }
)
#: In the sentence that approves these make it depend on something.
DEPENDING: Final = frozenset(
    {
        *("if", "but", "unless", "until", "once", "provided", "except", "only", "maybe", "perhaps", "when"),
        *("wenn", "falls", "sofern", "sobald", "aber", "außer", "nur", "vielleicht", "unter", "erst"),
        *("si", "mais", "sauf", "seulement", "peut-être", "pero", "cuando", "salvo", "solo", "quizás"),
        *("se", "ma", "mas", "quando", "forse", "talvez", "als", "maar", "mits", "tenzij", "misschien"),
        *("jeśli", "ale", "jeżeli", "może", "om", "men", "hvis", "jos", "mutta", "pokud", "jestli", "ha"),
        *("если", "но", "только", "якщо", "але", "eğer", "ama"),
    }
)
