"""The words by which people decide, in the languages our customers' approvers write; a tenant adds its own.

A phrase is what a mail must begin with. What is said only together with something else is in neither list, and a word
that means one thing here and something else there, as the German "da", stands in none.
"""

from __future__ import annotations

from typing import Final

APPROVING: Final = (
    *("i hereby approve", "approved by me", "approved from my side", "i approve this", "i approve it"),
    *("hiermit genehmigt", "hiermit genehmige ich", "von mir genehmigt", "ist genehmigt", "wird genehmigt"),
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
#: Of these, words people also begin with who mean something else: "OK, I will look at it", "No problem",
#: "Confirmed, your mail has come". They decide only where nothing else is said, courtesies aside.
WEAK: Final = frozenset(
    word
    for line in (
        "yes, ok, okay, agreed, i agree, accept, accepted, i accept, granted, confirmed, go ahead",
        "no, ja, einverstanden, angenommen, zugestimmt, ich stimme zu, nein, oui, d'accord",
        "j'accepte, accepté, accordé, validé, je valide, non, sí, de acuerdo, aceptado, acepto, sì",
        "sono d'accordo, accetto, accettato, sim, aceito, de acordo, não, akkoord, ik ga akkoord",
        "nee, tak, zgoda, zgadzam się, akceptuję, nie, nej, nei, kyllä, ei, souhlasím, ano, súhlasím",
        "áno, igen, nem, ναι, όχι, да, согласен, согласна, нет, так, ні, evet, hayır, hayir, はい, いいえ",
        "同意, 我同意, 동의합니다",
    )
    for word in line.split(", ")
)


def _each(*lines: str) -> frozenset[str]:
    """Give the words of these lines as they are compared, in which “außer” is “ausser”."""
    return frozenset(word.casefold() for line in lines for word in line.split())


COURTEOUS: Final = _each(
    "please thanks thank you many thx cheers regards best kind bitte danke gerne gern vielen dank",
    "besten grüße gruß lg vg mfg merci gracias por favor saludos grazie saluti obrigado obrigada",
    "bedankt graag groet groeten tack takk tak kiitos dziękuję proszę prosím děkuji ďakujem köszönöm",
    "спасибо пожалуйста дякую teşekkürler lütfen よろしく ありがとうございます 谢谢 謝謝 감사합니다",
)
#: What follows the word that approves, and adds nothing: "I approve this request".
POINTING: Final = _each(
    "it this that the request hereby herewith es das dies dieses hiermit antrag anfrage cela ceci",
    "demande cette lo esto solicitud questo richiesta isto dit dat det to",
)
#: Beside a word that approves these leave open what was meant.
DENYING: Final = _each(
    "not never cannot without nothing none nobody neither nor false wrong dont doesnt didnt wont cant",
    "isnt shouldnt wouldnt couldnt havent nicht kein keine keinen keiner keinem keines nichts nie",
    "niemals niemand weder ohne falsch pas jamais sans rien aucun aucune nunca sin nada tampoco mai",
    "senza niente sem nem niet geen nooit zonder nigdy bez inte ej ikke aldrig aldri ingen utan uden",
    "uten ne nikdy nikoli není nu fără niciodată nélkül soha älä ilman nikada δεν δε μην χωρίς не",
    "нельзя никогда ничего без ніколи değil hiç asla yok",
)
#: These take back what was said before.
RETRACTING: Final = _each(
    "wait stop hold cancel ignore disregard mistake withdraw retract revoke oops kidding joking instead",
    "rather wrongly accidentally undo halt stopp warte warten moment irrtum versehen versehentlich",
    "stattdessen scherz zurück annuler annulez attendez erreur esperen espere cancelar aspettate wacht",
    "cancelled canceled withdrawn revoked retracted stopped forget scratch strike thought thoughts mind",
    "changed reconsider hmm unsure uncertain doubt doubts discuss talk joke lol haha waiting awaiting",
    "vergiss vergessen lieber anders überlegt unsicher unklar zweifel besprechen abwarten oubliez",
    "olvide dimentichi vergissing vänta vent czekaj pomyłka počkejte omyl подождите ошибка",
)
#: These say on what a thing depends.
CONDITIONAL: Final = _each("if when should wenn falls sollten si se als jeśli om hvis если")
#: What somebody offers under such a condition depends on nothing: "If you have questions, call me".
OFFERING: Final = _each(
    "question questions help fragen rückfragen hilfe preguntas domande vragen pytania frågor spørgsmål",
    "вопросы",
)
#: Wherever these stand, an approval depends on something.
DEPENDING: Final = CONDITIONAL | _each(
    "but unless provided providing except only maybe perhaps probably however though although condition",
    "conditions conditional conditionally assuming subject pending partly partially principle sofern",
    "sobald aber außer ausser nur vielleicht vermutlich jedoch allerdings bedingung voraussetzung",
    "vorausgesetzt vorbehaltlich vorbehalt solange soweit teilweise grundsätzlich mais sauf seulement",
    "uniquement peut-être réserve pourvu partiellement pero salvo excepto solo sólo solamente quizás",
    "siempre condición parcialmente ma forse purché soltanto tranne però condizione mas talvez apenas",
    "somente porém maar mits tenzij misschien alleen indien voorwaarde ale jeżeli może tylko chyba pod",
    "warunkiem men bara endast bare kun dersom forudsat förutsatt jos mutta vain pokud jestli jen pouze",
    "ak iba pokiaľ ha csak dacă dar numai doar ako ali samo αν εάν αλλά μόνο но только лишь якщо але",
    "provisionally tentatively temporarily preliminary contingent excluding minus apart given vorläufig",
    "unverbindlich provisorisch abzüglich ausgenommen provisoirement provisionalmente voorlopig",
    "лише тільки eğer ama fakat ancak sadece yalnızca şartıyla",
)
#: In the sentence that approves, and at the beginning of another, these leave less of it.
LIMITING: Final = _each(
    "until once before after first second one two three half part rest some up most maximum max below",
    "under less later tomorrow yet still almost would could might bis erst zuerst unter höchstens",
    "maximal später morgen noch würde könnte zwei drei halb hälfte bevor nachdem nachher quand jusque",
    "jusqu demain après avant cuando hasta después mañana quando dopo prima domani wanneer tot når när",
    "když keď kdy когда после потом завтра deux dos due dois",
)
