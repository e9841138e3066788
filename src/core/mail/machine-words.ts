// Words by which automatic answers are known.
const ANSWERED =
  /^\s{0,8}(?:(?:re|fw|fwd|aw|wg|sv|vs|tr|rv|antw|odp|vl|ynt|ilt|doorst|答复|转发)(?:\[\d{1,3}\])?\s{0,4}[:：])/i

/** How subjects of automatic answers begin, in the languages of mail programs' own templates. */
const AWAY =
  /^(?:\[?auto(?:matic|mated)?[ -]?(?:reply|response|answer)|auto[ -]?:|autoreply|autoresponse|out of (?:the )?office|out-of-office|ooo\b|away from (?:the office|my|mail)|i am (?:away|out of)|on vacation|vacation (?:reply|message|notice)|(?:automatische|abwesenheits?)[ -]?(?:antwort|notiz|nachricht|mitteilung|assistent|benachrichtigung)|abwesend|abwesenheit|nicht im (?:büro|haus)|réponse automatique|reponse automatique|absence du bureau|absent du bureau|message d'absence|respuesta automática|respuesta automatica|fuera de (?:la )?oficina|ausencia|risposta automatica|fuori (?:sede|ufficio)|assente|resposta automática|resposta automatica|fora do escritório|ausência|automatisch antwoord|automatische beantwoording|afwezig|niet aanwezig|odpowiedź automatyczna|automatyczna odpowiedź|autoodpowiedź|nieobecno|poza biurem|automatisk svar|automatisk besked|fraværende|ikke til stede|ikke på kontoret|autosvar|frånvaro|automatiskt svar|inte på kontoret|fravær|automaattinen vastaus|poissa|automatická odpověď|mimo kancelář|nepřítomen|автоматический ответ|автоответ|нет на работе|вне офиса|автоматична відповідь|автовідповідь|поза офісом|otomatik yanıt|otomatik cevap|ofis dışı|自動応答|自動返信|不在通知|不在の|自动回复|自動回覆|自动答复|不在办公室|外出|자동 ?회신|자동 ?응답|부재중|automatická odpoveď|automatikus válasz|răspuns automat|raspuns automat|αυτόματη απάντηση|תשובה אוטומטית|رد تلقائي|автоматичен отговор|automatski odgovor|samodejni odgovor|automaatvastus|automātiskā atbilde|automatinis atsakymas|trả lời tự động|ตอบกลับอัตโนมัติ|balasan otomatis)/i

/** `Automatic reply: Printer`: the words of a template, a colon and the subject that is answered. */
export function isAwayTemplate(subject: string): boolean {
  const short = subject.slice(0, 300).trim()
  const colon = short.search(/[:：]/)
  return colon > 0 && colon <= 60 && !short.includes('?') && saysAway(short) && /[\p{L}\p{N}]/u.test(short.slice(colon))
}

/** `Out of office: Re: [HD-7] Printer?`: a template in front of a subject that a desk gave. No person writes so. */
export function isAwayToDesk(subject: string): boolean {
  const short = subject.slice(0, 300).trim()
  return saysAway(short) && AWAY_TO_DESK.test(short)
}

const AWAY_TO_DESK = /^[^:：?]{1,60}[:：]\s{0,4}(?:re[:：]\s{0,4})?\[[A-Z][A-Z0-9]{0,9}-\d{1,12}\]/i

/** Subjects that are nothing but a template's words. */
const AWAY_ALONE =
  /^(?:away from my mail|(?:yahoo! )?auto(?:matic)?[ -]?(?:response|reply)|out of (?:the )?office(?: auto-?reply)?|vacation (?:message|notice|reply)|.{2,60} (?:is out of the office|ist (?:außer haus|nicht im büro)|est absent\(?e?\)? du bureau|está fuera de la oficina))[ .!]{0,3}(?:\(.{0,60}\))?$/i

/** Whether a subject is a template of automatic answers without anything of the one who is answered. */
export function isAwayAlone(subject: string): boolean {
  return AWAY_ALONE.test(
    subject
      .slice(0, 200)
      .replace(/^auto: /i, '')
      .trim(),
  )
}

/** Whether a subject says in a program's words, not in a person's, that a program answers, and then what. */
export function isProgramTemplate(subject: string): boolean {
  return isAwayTemplate(subject) && PROGRAM_TEMPLATE.test(subject.slice(0, 200).trim())
}

const PROGRAM_TEMPLATE =
  /^(?:out of office autoreply|auto-?reply|auto(?:matic|mated)[ -](?:reply|response|answer)|automatische (?:antwort|beantwoording)|abwesenheits(?:notiz|nachricht|benachrichtigung|assistent)|r[ée]ponse automatique|message d['\u2019]absence|respuesta autom[áa]tica|risposta automatica|resposta autom[áa]tica|automatisch antwoord|odpowiedź automatyczna|automatyczna odpowiedź|autoodpowiedź|automatisk[t]? (?:svar|besked)|autosvar|automaattinen vastaus|automatick[áa] odpov[eě][ďd]|автоматический ответ|автоответ|автоматична відповідь|автовідповідь|автоматичен отговор|otomatik (?:yanıt|cevap)|自動応答|自動返信|自动回复|自動回覆|自动答复|자동 ?(?:회신|응답)|automatikus válasz|r[ăa]spuns automat|αυτόματη απάντηση|תשובה אוטומטית|رد تلقائي|automatski odgovor|samodejni odgovor|automaatvastus|automātiskā atbilde|automatinis atsakymas|trả lời tự động|ตอบกลับอัตโนมัติ|balasan otomatis)/i

/** `Ann Berg is out of the office`: nobody writes so of oneself. */
export function isAwayOfThird(subject: string): boolean {
  return AWAY_OF_THIRD.test(subject.slice(0, 200).trim()) && isAwayAlone(subject)
}

const AWAY_OF_THIRD =
  /^(?:auto: )?(?!i am |i'm |i will )\S.{1,60} (?:is out of the office|ist (?:außer haus|nicht im büro)|est absent\(?e?\)? du bureau|está fuera de la oficina)/i

const AWAY_TEXT =
  /i will be out of the office starting|ich werde ab .{1,40} nicht im büro|dies ist eine automatische antwort auf ihre nachricht|this is the only notification you will receive while this person is away|i am (?:currently )?out of (?:the )?office[^?]{0,200}(?:automatic|auto)|^\s*(?:this is an? )?(?:auto(?:mat(?:ic|ed|ically)))[ -](?:generated )?(?:reply|response|acknowledg\w+|message|e-?mail)|dies(?:e|es)? (?:ist eine |e-?mail |nachricht )?(?:wurde )?automatisch (?:generiert|erstellt|erzeugt|versandt)|ceci est (?:un message|une réponse|un accusé) automatique|este es un (?:mensaje|correo|acuse) automático|questo è un messaggio automatico|esta é uma (?:mensagem|resposta) automática|dit is een automatisch|to jest automatyczn|это автоматическ|tämä on automaattinen|dette er (?:et|en) automatisk|detta är ett automatiskt/i

const RECEIVED_TEXT =
  /your (?:request|ticket|case|enquiry|inquiry|message|e-?mail) (?:\(?#?[\w-]{1,30}\)? )?(?:has been|was) (?:received|created|opened|logged|registered)|(?:we|i) have received your (?:request|message|e-?mail|enquiry|inquiry|ticket|mail)[^?]{0,120}(?:ticket|reference|case|number|shortly|as soon as|within|staff|team)|ihre (?:anfrage|nachricht|e-?mail) (?:ist bei uns eingegangen|wurde (?:empfangen|erfasst|registriert))|eingangsbestätigung|nous avons bien reçu votre (?:demande|message)|hemos recibido su (?:solicitud|mensaje|consulta)|abbiamo ricevuto la (?:sua|tua) richiesta|recebemos (?:a sua|sua) (?:mensagem|solicitação)/i

/** The first lines of a text in one, without the marker that help desks put above. */
function beginning(text: string): string {
  return text
    .slice(0, 2_000)
    .replace(/^\s*##-[^\n]{0,200}\n/, '')
    .trimStart()
    .replace(/\s+/g, ' ')
    .slice(0, 350)
}

/** Whether a text begins by saying that a program wrote it. */
export function beginsAsAutomatic(text: string): boolean {
  const begin = beginning(text)
  return AWAY_TEXT.test(begin) && !begin.includes('?')
}

/** Whether a text begins as acknowledgements do. People write so, too. */
export function beginsAsReceived(text: string): boolean {
  return RECEIVED_TEXT.test(beginning(text))
}

const READ =
  /^(?:read|gelesen|lu|leído|leido|letto|lido|lida|gelezen|przeczytano|læst|läst|lest|luettu|přečteno|прочитано|okundu|開封済み|已读|已讀|읽음|recall|rückruf|not read|ungelesen gelöscht|non lu)\s?[:：]/i
const READ_TEXT =
  /was (?:read|deleted without being read|opened) (?:on|at)|wurde (?:am .{1,60} )?(?:gelesen|ungelesen gelöscht)|a été (?:lu|supprimé)|(?:fue|se ha) leído|è stato (?:letto|visualizzato)|foi lid[ao]|would like to recall the message|möchte die nachricht .{0,200}zurückrufen|прочитано/i

/** A receipt that follows no RFC, and the note of Outlook that a mail is called back. */
export function isReceipt(subject: string, text: string): boolean {
  return READ.test(subject.trim()) && READ_TEXT.test(text.slice(0, 1_000).replace(/\s+/g, ' '))
}

/** Whether a subject is one of automatic answers. Weak: people write of their absence too. */
export function saysAway(subject: string): boolean {
  return AWAY.test(
    subject
      .slice(0, 200)
      .trim()
      .replace(/\u2019/g, "'"),
  )
}

const FAILURE =
  /undeliver(?:ed|able)|undelivery|non[ -]?deliver|not deliver|delivery (?:status )?(?:notification|report|fail|error|problem|has failed|unsuccessful|delay)|delivery status|deliver(?:y|ed) (?:has )?fail|failed (?:mail|delivery|to deliver|recipient)|fail(?:ure|ed)[ :]{0,2}(?:notice|delivery)|failure notice|failed mail|mail(?:[ -]?system)? (?:delivery |transaction )?(?:error|fail|problem)|returned mail|mail returned|returned to sender|return(?:ed|ing) (?:message|to sender)|message (?:returned|bounced|not delivered|undeliverable|delivery)|could(?:n't| not) (?:be delivered|send message|be sent)|can(?:'t|not) be delivered|unable to deliver|user unknown|unknown user|bounced|permanent (?:delivery )?(?:error|failure)|rejected mail|email (?:delivery )?(?:error|fail)|error sending your mail|message you sent (?:was )?blocked|has blocked a message|não é possível entregar|recapito non riuscito|non distribuable|det gick inte att leverera|ei voi toimittaa|ei toimitettavissa|niedostarczalne|kézbesíthetetlen|nelivrabil|teslim edilemez|недоставлено|не удается доставить|не вдалося доставити|未送达|未能送达|无法投递|배달되지 않음|전송 실패|αδύνατη η παράδοση|לא ניתן למסירה|يتعذر التسليم|^\[bounce\]|(?:delayed mail|mail delayed|delivery delayed|message delayed)|^warning: message \S{1,80} delayed|nicht zustellbar|unzustellbar|zustellung fehlgeschlagen|non remis|non délivr|échec de la remise|no se puede entregar|no entregado|no entregable|mancato recapito|impossibile recapitare|non recapitabile|não foi possível entregar|não entregue|onbestelbaar|niet bezorgd|nie można dostarczyć|niedostarczon|kan ikke leveres|kan inte levereras|oleverbar|ei voitu toimittaa|nelze doručit|nedoručitelné|не доставлен|не может быть доставлен|недоставлен|teslim edilemedi|配信不能|配信できません|送信できません|エラーメール|未送達|退信|无法送达|無法傳遞|無法送達|配信に失敗|반송|배달 실패/i

/** Whether a subject tells of a mail that was not delivered; an answer to such a mail does not. */
export function saysFailure(subject: string): boolean {
  const short = subject.slice(0, 300).replace(/\u2019/g, "'")
  return !ANSWERED.test(short) && FAILURE.test(short)
}

/** How reports of mail systems begin. */
const OPENING =
  /this is the (?:qmail-send program|mail system|mailer-daemon|postfix program|mail delivery agent|[a-z0-9 .-]{1,40}program at)|this message was created automatically by (?:the )?(?:mail|[a-z]{1,20} mail)|automatically generated delivery status|the original message was received at|the following addresses had (?:permanent|transient|delivery)|did not reach (?:the following|some or all)|delivery (?:has failed|to the following|failed)|(?:could|can|was|were|has|have)(?: ?not|n't) (?:be |been )?(?:delivered|able to (?:be )?deliver)|(?:unable|failed) to deliver|undeliverable|message (?:was )?undelivered|not deliverable|is undeliverable|delivery status notification|delivery error|following (?:address(?:es)?|recipients?)[^.]{0,40} fail|mail delivery failed|your (?:message|mail|e-mail|email)[^.]{0,80}(?:was rejected|was not delivered|could not|cannot|has been returned|bounced)|returned mail|unknown user|user unknown|no such user|mailbox (?:is )?full|permanent(?:ly)? (?:error|fail)|not reach|unknown host|invalid final delivery userid|mailbox exceeds allowed size|trouble delivering your message|the user\(s\) account is|failure reasons|no pudo ser entregado|nicht erreicht|has not (?:been )?delivered|no valid recipients|无法投递|被退回|退信|无法发送|wurde nicht zugestellt|n'a pas (?:pu être|été) (?:remis|délivré)|宛先|送信に失敗|配信に失敗|доставлено|не удалось доставить|无法送达|未能送达|投递失败|전송되지|보내지 못했|配信できません|配信できません|送信できません|konnte nicht zugestellt/

/** Whether a text begins as reports of failed deliveries do, not quoted or forwarded by somebody. */
export function tellsOfFailure(text: string): boolean {
  const begin = text
    .slice(0, 1_500)
    .toLowerCase()
    .replace(/[\u2018\u2019`]/g, "'")
    .trimStart()
  if (/^(?:>|-{2,} ?(?:forwarded|original)|begin forwarded|hi all|dear )/.test(begin)) return false
  return OPENING.test(begin.replace(/\s+/g, ' ').slice(0, 700))
}

const INTRODUCTION =
  /^(?:hi[.!] ?)?(?:this is (?:the |an? )?(?:qmail-send program|mail system at|mailer-daemon|postfix program|(?:automatic(?:ally)?[ -]generated )?delivery status)|this message was (?:created|generated) automatically by (?:the )?mail|the original message was received at|a message that you sent could not|delivery to the following recipient|your message did not reach some or all|message could not be delivered to mobile|this is the interscan messaging|-{2,6} ?the following address(?:es)? had|error: no valid recipients|mailmarshal \(an automated|your mail sent on: .{1,60} could not be delivered to)/

/** Whether a text begins with a program that says what it is. */
export function introducesProgram(text: string): boolean {
  return INTRODUCTION.test(text.slice(0, 1_000).toLowerCase().replace(/\s+/g, ' ').trimStart().slice(0, 300))
}

/** Whether a mail system tells an owner that a mailbox fills up; nothing was returned yet. */
export function tellsOfQuota(subject: string, text: string): boolean {
  const begin = `${subject.slice(0, 300)}\n${text.slice(0, 1_500)}`.toLowerCase().replace(/\s+/g, ' ')
  return OWN_MAILBOX.test(begin) && !RETURNS.test(begin)
}

const OWN_MAILBOX =
  /^your (?:e-?mail )?(?:mailbox|inbox|account|mail storage|storage|quota|mail ?box quota) (?:\S{1,128} )?(?:is|has|will be|was) (?:almost|nearly|over|full|exceeded|at|reached|nearing|about|running|\d)|^(?=.{0,600}\byour (?:mail|inbox|quota|account|storage))(?:mailbox |mail |e-?mail |disk )?(?:quota|storage) (?:warning|notification|notice|alert|limit|exceeded)|^(?:warning: )?your mailbox|^(?:ihr|dein) (?:postfach|mailkonto|speicherplatz) (?:\S{1,128} )?(?:ist|hat|wird)|^votre (?:boîte|messagerie) (?:\S{1,60} ){0,4}(?:est|a|sera) (?:presque|bientôt|pleine|dépassé|atteint)|^(?:su|tu) buzón (?:de correo )?(?:está|ha)|^la (?:sua|tua) casella (?:di posta )?(?:è|ha)/
const RETURNS =
  /original message|your message (?:could|was|did|to )|could not be delivered to|undeliver|returned to you|following (?:address|recipient)|final-recipient/

/** Whether a mail system tells that a mail arrived, in words alone. */
export function tellsOfSuccess(text: string): boolean {
  const begin = text.slice(0, 1_500).toLowerCase().replace(/\s+/g, ' ')
  return ARRIVED.test(begin.slice(0, 500)) && !FAILED.test(begin)
}

const ARRIVED =
  /(?:message|mail|e-?mail)(?: (?:that )?you sent)?(?: to \S{1,256})? (?:was|has been|were|have been) (?:successfully )?(?:delivered|relayed)(?: successfully)?(?: \w{1,20})? (?:to|on)\b|(?:message|mail) (?:was|has been) (?:successfully delivered|delivered successfully|successfully relayed)|successfully delivered to|wurde (?:erfolgreich )?zugestellt|(?:erfolgreich|successfully) (?:zugestellt|relayed)|a été remis (?:avec succès )?aux? destinataire/
const FAILED =
  /\b(?:not|n't|nicht|unable|undeliver\w{1,10}|fail(?:ed|ure|s)|error|reject(?:ed|s)|bounce[ds]?|delayed|unzustellbar|returned|refused)\b/
