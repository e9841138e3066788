/** Why a mail could not be delivered, as far as it can be told. */
export type BounceReason =
  | 'unknown-user'
  | 'unknown-host'
  | 'moved'
  | 'disabled'
  | 'full'
  | 'size'
  | 'relay'
  | 'sender'
  | 'program'
  | 'policy'
  | 'expired'
  | 'network'
  | 'loop'
  | 'system'
  | 'filtered'
  | 'unclear'

const LONGEST = 8_000 // characters of an explanation that are looked at

/** What mail systems say, in lower case. */
function phrases(list: string): readonly string[] {
  return list.split('|').map(phrase => phrase.trim())
}

/** Reasons in the order in which they are looked for: what is said of a mailbox outweighs how the server words its no. */
const PHRASES: readonly (readonly [BounceReason, readonly string[], (readonly RegExp[])?])[] = [
  [
    'full',
    phrases(`
      disc quota | disk quota | diskspace quota | does not have enough space | er fuld | er fyldt |
      exceed mailbox quota | exceeded email quota | exceeded his quota | exceeded its quota | exceeded quota |
      exceeded storage | exceeded the local limit | exceeded the storage | exceeded their quota |
      exceeding its mailbox quota | exceeding receiving limits | exceeding their quota | exceeds allowed size |
      exceeds quota | folder is full | full mailbox | inbox full | inbox is full | insufficient disk space |
      insufficient storage space | mail box full | mail box is full | mailbox exceeded | mailbox exceeds |
      mailbox full | mailbox has exceeded | mailbox is full | mailbox limit | mailbox quota usage |
      mailbox size limit | mailbox was full | mailbox would exceed | no space left in | not enough disk space |
      not enough free space | no space left on device | not sufficient disk space | not enough space | not enough storage space | out of quota | out of storage |
      over quota | over the allowed quota | overquota | quota exceed | quota full | quota violation |
      quotaexceeded | run out of space | space has been used up | storage quota |
      too many messages in this mailbox | too much mail data | user has too many messages | user is over the quota |
      boite pleine | buzon lleno | caixa cheia | caixa de entrada cheia | casella piena | correio cheia |
      cota excedida | cuota excedida | destinataire pleine | est pleine | esta lleno | excedido la cuota | je plna |
      kutusu doldu | lettres pleine | mailbox vol | megtelt | posta kutusu dolu | postal cheia | postbus vol |
      postfach voll | quota overschreden | quota superata | quotum overschreden | superado la cuota |
      superato la quota | postfach überfüllt | quota überschritten | quota ist überschritten | boîte pleine |
      quota dépassé | buzón lleno | está lleno | è piena | está cheia | jest pełna | skrzynka pełna | przepełn |
      är full | on täynnä | je plná | překročena kvóta | переполнен | ящик полон | превышена квота | переповнен |
      kutusu dolmuş | kota aşıldı | kotasını aş | メールボックスの容量 | メールボックスが一杯 |
      メールボックスがいっぱい | 容量を超 | 容量オーバー | 容量制限 | 邮箱已满 | 郵箱已滿 | 信箱已滿 | 空间不足 |
      空間不足 | 超过配额 | 超出配额 | 容量已满 | 사서함이 가득 | 메일함이 가득 | 용량이 초과 | 용량 초과 |
      용량을 초과 | 가득 찼 | είναι πλήρες
    `),
    [/\bis vol\b/, /\bist voll\b/, /\ber full\b/],
  ],
  [
    'size',
    phrases(`
      exceeds my databytes limit | exceeds size limit | exceeds the maximum | exeeded the maximum size |
      larger than the current system limit | mail file size | mail is too big | mail size limit | mail too large |
      max message size | maximum message size | message exceeds | message is too big | message is too large |
      message length exceeds | message too big | message too large | message was too large | recipsizelimit |
      sendersizelimit | size exceeds | size limit exceeded | too large for this recipient
    `),
  ],
  [
    'disabled',
    phrases(`
      account closed | account disabled | account expired | account has been disabled | account has been expired |
      account has been locked | account has expired | account is closed | account is disabled | account is locked |
      account is temporarily limited | account not active | account that you tried to reach is disabled |
      address has been disabled | address is disabled | administratively disabled | administrativley disabled |
      archived recipient | currently disabled | deactivated | disabled mailbox | disabled user | discontinued |
      is not active | mailbox disabled | mailbox has been disabled | mailbox is disabled | mailbox is frozen |
      mailbox is locked | mailbox temporarily disabled | no longer accepts mail | no longer active |
      not accepting any mail | not accepting mail | not accepting messages | suspended | temporarily locked |
      temporary locked | user disabled | user is disabled | user is terminated | user not active |
      user or domain is disabled |
      destinataire archivee | destinataire est bloque
    `),
    [/inactive(?! email address)/],
  ],
  [
    'moved',
    phrases(`
      address changed | address has been changed | address has changed | has been replaced by | has moved to |
      mailbox has moved | new email address | no longer on server | recipient has moved | user has moved |
      user not local; please try
    `),
  ],
  [
    'relay',
    phrases(`
      an open relay | configured to relay | insecure mail relay | no relaying |
      not allowed to relay | not permitted to relay | not relay | relay access denied | relay denied |
      relay is prohibited | relay not allowed | relay not permitted | relay operation rejected | relayed by |
      relaying denied | relaying is prohibited | relaying not allowed | relaying not permitted |
      relaying prohibited | specified domain is not allowed | through this machine | unable to relay
    `),
    [/(?<!or user isn't in my list of )allowed rcpthosts/],
  ],
  [
    'sender',
    phrases(`
      access denied, bad outbound sender | address of sender | authentication-failed | authrequired | bad sender |
      client host rejected | domain of sender | ehlo command rejected | envelope sender | from address |
      helo command rejected | invalid sender | my name was rejected | purported responsible |
      sender address does not exist | sender address rejected | sender denied | sender domain |
      sender is not allowed | sender not allowed | sender not permitted | sender rejected | sender unknown |
      sender verification | sender verify failed | sender was rejected | sender's domain | unknown sender |
      unresolvable sender
    `),
  ],
  [
    'unknown-host',
    phrases(`
      bad destination host | bad destination system address | bad-domain | cannot find your recipient's domain |
      could not be resolved | couldn't find a mail exchanger | couldn't find any host | does not accept mail |
      doesn't accept mail | domain does not exist | domain doesn't exist | domain doesnt exist | domain is invalid |
      domain is not reachable | domain is not valid | domain is unknown | domain may not exist | domain must exist |
      domain name could not be found | domain name not found | domain nicht gefunden | domain not exist |
      domain not found | domain unknown | no route for current request | host does not exist | host is unknown | host name is unknown |
      host not found | host unknown | illegal host | indicated no smtp service | invalid domain |
      lookups failed permanently | mail exchanger for domain | mentioned in email address is unknown |
      name or service not known | no dns entries | no mail exchanger | no mail server | no mx found |
      no mx or a records | no mx record | no route found to domain | no such domain | no such host |
      non-existent hosts | nonexistentdomain | null mx | nullmx | nxdomain | returned answer with no data |
      unable to look up host | unable to resolve | unknown domain | unknown host | unknown mail domain |
      unroutabledomain | unrouteable mail domain |
      domaine inconnu | dominio desconocido | dominio non trovato | domäne nicht gefunden |
      domäne wurde nicht gefunden | domínio desconhecido | домен не существует | 域名不存在 |
      ドメインが存在しません
    `),
    [/\bhost \S{1,255} not found/],
  ],
  [
    'unknown-user',
    phrases(`
      ) unknown | > not found | account not found | account unknown | address is unknown | address not found |
      address rejected: access denied | address unknown | addressee unknown | answer=6596 | as(201806271) |
      as(201806281) | bad address | bad destination mailbox address | bad recipient | bad-mailbox | badrcptto |
      badrecipientto | can't accept user | could not be found | couldn't be found |
      destination addresses were unknown | destination not found | does not have an account |
      does not have an email | doesn't exist | doesn't have an account | envelope recipient has been denied |
      illegal alias | illegal user | in name directory | inactive email address | inexistent | invalid destination |
      invalid email | invalid final delivery user | invalid local | invalid mailbox | invalid recipient |
      invalid subscriber | invalid user | invalid-recipient | is not registered | is wrong or no longer |
      mailbox is not allowed | mailbox name not allowed | mailbox not found | mailbox not present |
      mailbox unknown | missing home directory | n'existe pas | name is not found | nieznany adres |
      nieznany odbiorca | no account | no longer available | no longer exists | no longer in service |
      no longer in use | no longer valid | no longer with | no longer works here | no mail box | no mailbox |
      no one at this address | no recipients | no such a user | no such account | no such address |
      no such customer | no such e-mail | no such email | no such id | no such local user | no such mailbox |
      no such name | no such person | no such recipient | no such subscriber | no such user | no user |
      non-existent | nonexistent | nosuchuser | not a known user | not a local address |
      not a local user | not a registered | not a subscriber | not a user | not a valid address |
      not a valid email | not a valid mailbox | not a valid recipient | not a valid user | not an active address |
      not email addresses | or user isn't in my list | not exist | not have a mailbox | not known | not listed in | not on this server |
      not our customer | not present in directory | not recognised | not recognized | possibly incorrect |
      recipient is not local | recipient is unknown | recipient not found | recipient not ok | recipient unknown |
      recipientnotfound | recipients not found | recipnotfound | rejected: account unavailable |
      server rejected recipients | subscriber not found | subscriber unknown | tuntematon osoite |
      tuntematon vastaanottaja | unable to find | undeliverable address | unknown account | unknown address |
      unknown customer | unknown destination | unknown e-mail | unknown email | unknown local | unknown mailbox |
      unknown or illegal | unknown recipient | unknown subscriber | unknown user | unknown virtual |
      unroutable address | unrouteable address | user doesn't have | user invalid | user is unknown |
      user not found | user unknown | utilizador desconhecido | validrcptto | was not found | wasn't found |
      bestaat niet | casella sconosciuta | desconocido | destinataire invalide | eksisterer ikke | existiert nicht |
      findes ikke | finnes ikke | finns inte | hittades inte | ikke fundet | ikke funnet |
      impossibile trovare l'indirizzo | inconnu | indirizzo di posta elettronica immesso non | introuvable |
      kan niet worden gevonden | kunde inte hittas | kunne ikke findes | nebyl nalezen | nebyla nalezena |
      neexistuje | nessun utente | nicht gefunden | nicht im adressbuch | nicht im domino-verzeichnis |
      nicht vorhanden | nie istnieje | nie znaleziono | niet gevonden | no encontrad | no existe |
      no se pudo encontrar | non esiste | non trovato | onbekend | sconosciuto | ukendt bruger | ukjent bruker |
      unbekannt | n'a pas pu être trouvée | no se encontró | no se ha encontrado la dirección |
      non è stato possibile trovare l'indirizzo | não foi encontrad | nie można odnaleźć | nie można znaleźć |
      не удалось найти | не найден | 找不到 | neznámý uživatel | nieznany użytkownik | usuário desconhecido |
      okänd användare | tuntematon käyttäjä | bilinmeyen kullanıcı | невідомий користувач |
      неизвестный пользователь | 存在しません | 존재하지 않 | 없는 사용자 | empfängeradresse ungültig |
      n'a pas été trouvé | non è stato trovato | não pôde ser encontrad | não encontrad | nie został znalezion |
      ei löydy | ei löytynyt | nem található | nem létezik | nu există | nu a fost găsit | bulunamadı |
      mevcut değil | böyle bir kullanıcı | не существует | не знайден | не існує | нет такого пользователя |
      пользователя нет | не зарегистрирован | неизвестный получатель | không tồn tại | δεν υπάρχει | δεν βρέθηκε |
      ディレクトリにありません | リストにありません | 無効なアドレス | 찾을 수 없 | 無此用戶 | 查無此 | não existe |
      宛先不明 | 見つかりません | 不存在 | 未找到 | destinatário desconhecido | endereço desconhecido |
      dirección desconocida | neznámá adresa
    `),
    [
      /no valid recipient(?!s from)/,
      /(?:user|account|subscriber|mailbox|addressee|customer|number|msisdn|phone) (?:\S{1,128} ){0,2}(?:is|was) (?:unknown|invalid|not valid)/,
    ],
  ],
  [
    'loop',
    phrases(`
      best-preference mx | forwarding loop | hop count | loop detected | loop was found | loopback | looping |
      loops back | mail loop | routing loop | too many "received" | too many hops | too many received
    `),
  ],
  [
    'network',
    phrases(`
      connection refused | connection reset | connection was refused | no route to host | refused connection
    `),
  ],
  [
    'policy',
    phrases(`
      authentication | blacklist | block | content | denied | dkim | dmarc | dnsbl | forbidden | graylist |
      greylist | header error | junk | listed at | malware | members-only | not a member | not allowed |
      not authorised | not authorized | not permitted | per hour | permission to post | please use the smtp server |
      policy | prohibited | ptr record | rate limit | rbl | recipient preferences | refuse to receive | refused |
      refuses to receive | rejected by the recipient | reputation | restricted | reverse dns | spam |
      specific email addresses | spf | suspicious | too many | unsolicited | user reject | virus
    `),
  ],
  [
    'expired',
    phrases(`
      could not be delivered for | could not find a gateway | delayed | did not respond | expired |
      failing for a long time | giving up | multiple retries | not been collected | not collected |
      not delivered within | queue too long | retry time | time out | timed out | timeout | too long in the queue |
      unable to deliver this message after
    `),
    [/failed (?:after )?\d{1,4} (?:attempts|tries)/, /after \d{1,4} (?:attempts|tries)/],
  ],
  [
    'network',
    phrases(`
      connection | could not connect | loop | network | no route to host | not reachable | not responding |
      unable to connect | unreachable
    `),
  ],
  [
    'system',
    phrases(`
      busy | configuration error | insufficient system storage | ldap | local error | out of memory | resources |
      server error | service not available | service unavailable | system error | temporar | try again
    `),
  ],
  [
    'unknown-user',
    phrases(`
      address invalid | address rejected | invalid address | mailbox invalid | mailbox is unavailable |
      mailbox not available | mailbox unavailable | not deliverable | recipient is not accepted |
      recipient rejected | rejected recipient
    `),
  ],
]

/** RFC 3463 sections 3.2 to 3.8, RFC 7505 section 4.2, and what mail systems mean by them. */
function reasonOfStatus(status: string): BounceReason {
  if (/^5\.1\.(?:[013]|10)$/.test(status)) return 'unknown-user'
  if (/^5\.(?:1\.6|7\.1[78])$/.test(status)) return 'moved'
  if (/^5\.(?:1\.2|4\.4)$/.test(status)) return 'unknown-host'
  if (/^[45]\.1\.[78]$/.test(status)) return 'sender'
  if (/^[45]\.2\.2$/.test(status)) return 'full'
  if (/^[45]\.(?:2\.3|3\.4)$/.test(status)) return 'size'
  if (/^[45]\.2\.1$/.test(status)) return 'disabled'
  if (/^[45]\.7\./.test(status)) return 'policy'
  if (/^[45]\.4\.7$/.test(status)) return 'expired'
  if (/^[45]\.4\.6$/.test(status)) return 'loop'
  if (/^[45]\.4\./.test(status)) return 'network'
  if (/^[45]\.[35]\./.test(status)) return 'system'
  return 'unclear'
}

/**
 * Why, by what was said and the status code.
 *
 * @param explanation what the mail systems say of this recipient, the server's own answer included; '' if nothing
 * @param status enhanced status code (RFC 3463), or ''
 * @param near all that is said of this recipient, which may tell what command was answered with no
 * @param report all of the report, which may show the dialogue
 */
export function reasonOf(explanation: string, status: string, near = explanation, report = near): BounceReason {
  // What may be is no statement (Google Groups).
  const said = plain(explanation).replace(/(?<!domain )(?:may|might) not exist/g, '')
  const command = refusedCommand(plain(near)) ?? transcribedCommand(plain(report))
  // A program that took the mail and failed says nothing sure of the address (Diagnostic-Code: x-unix).
  if (
    /(?:^|\s)x-unix;|command died with status|command output:|local delivery agent|child process of .{1,80} returned \d|could mean unable to exec/.test(
      said,
    )
  )
    return 'program'
  if (command === 'mail') return 'sender'
  // The name server was asked in vain, which is not to say that there is no such name.
  if (/not found,? try again|name service error for [^.]{0,80}[^:]{0,80}: (?:host not found, )?try again/.test(said))
    return 'network'
  const phrased = PHRASES.find(
    ([, words, patterns]) => words.some(each => said.includes(each)) || patterns?.some(each => each.test(said)),
  )?.[0]
  const reason = agreed(phrased, status)
  if (reason !== 'unknown-user' || /^[45]\.1\.[1-9]/.test(status)) return reason
  // The address was taken and the mail refused after it: filters of carriers word it like that.
  if (command === 'data' || (command !== 'rcpt' && CARRIERS.test(said))) return 'filtered'
  return reason
}

/** A status about the address outweighs words that may mean anything; other words outweigh the status. */
function agreed(phrased: BounceReason | undefined, status: string): BounceReason {
  const coded = reasonOfStatus(status)
  if (phrased === undefined) return coded
  // What is unknown or does not exist is the sender's then.
  if (coded === 'sender' && isHard(phrased)) return coded
  // A host that was not found for long may be found again.
  if (coded === 'expired' && phrased === 'unknown-host') return coded
  // Exchange Online numbers what its filters refuse, which it words as if there were no such recipient.
  if (phrased === 'unknown-user' && /^5\.7\.5\d\d$/.test(status)) return coded
  const vague = phrased === 'network' || phrased === 'system' || phrased === 'expired'
  if (!vague) return phrased
  // RFC 3463 section 3.5: x.4.4 is also said of a host that does not answer, x.1.0 of anything about an address.
  const sure = coded === 'moved' || /^5\.1\.[1-9]/.test(status)
  return sure && isHard(coded) ? coded : phrased
}

/** How filters of NTT docomo and au say no, whose servers answer RCPT where there is no such address. */
const CARRIERS = /unknown user \S{1,64}@docomo\.ne\.jp|550 : user unknown/

type Command = 'mail' | 'rcpt' | 'data' | undefined

/** How reports tell which SMTP command was answered with no. */
const REFUSED: readonly (readonly [Command, RegExp])[] = [
  [
    'rcpt',
    /does not like recipient|did not like our rcpt|\(state 14\)|smtp:rcpt host|error following rcpt|after rcpt command|smtp command rcpt/,
  ],
  [
    'data',
    /failed (?:on data command|after i sent the message)|did not like our (?:data|final|message)|\(state 1[578]\)|smtp:(?:data|eom) host|error following data|(?:after|for) (?:data|text) command|smtp command data/,
  ],
  [
    'mail',
    /but (?:sender|my name) was rejected|did not like our (?:mail|ehlo|helo)|smtp:mail host|error following mail|after mail command|smtp command mail/,
  ],
]

/** The SMTP command that was answered with no, where a recipient's explanation tells. */
function refusedCommand(said: string): Command {
  const named =
    /(?:in (?:reply|response) to (?:the |end of )?|error from remote mail(?:er| server) after (?:pipelined |end of )?)(mail|rcpt|data|ehlo|helo|initial)/.exec(
      said,
    )?.[1]
  if (named === 'rcpt' || named === 'data') return named
  return named === undefined ? REFUSED.find(([, words]) => words.test(said))?.[0] : 'mail'
}

/** The command that sendmail shows to have been answered with no, for all recipients of one dialogue. */
function transcribedCommand(said: string): Command {
  if (said.includes('>>> rcpt')) return 'rcpt'
  if (said.includes('>>> data')) return 'data'
  return said.includes('>>> mail') ? 'mail' : undefined
}

function plain(text: string): string {
  return (
    text
      .slice(0, LONGEST)
      .toLowerCase()
      .replace(/[\u2018\u2019`]/g, "'")
      .replace(/\s+/g, ' ')
      // IronPort puts what the code means in general before the server's own words.
      .replace(/\b[45]\.\d\.\d - [a-z ]{1,60} (?=\d{3}-')/g, '')
  )
}

/** Whether the address itself will not work later either. */
export function isHard(reason: BounceReason): boolean {
  return reason === 'unknown-user' || reason === 'unknown-host' || reason === 'moved'
}

/**
 * The status code (RFC 3463) for a reason, for reports that give none; '' where nothing is known.
 *
 * @param code of the server's reply (RFC 5321 section 4.2.1), whose class the status has then; or ''
 */
export function derivedStatus(reason: BounceReason, code: string): string {
  const usual = statusOf(reason)
  if (!code) return usual
  return usual ? `${code[0]}${usual.slice(1)}` : `${code[0]}.0.0`
}

/** The status code (RFC 3463) that is usual for a reason. */
function statusOf(reason: BounceReason): string {
  const statuses: Partial<Record<BounceReason, string>> = {
    'unknown-user': '5.1.1',
    'unknown-host': '5.1.2',
    moved: '5.1.6',
    disabled: '5.2.1',
    full: '5.2.2',
    size: '5.3.4',
    relay: '5.7.1',
    policy: '5.7.1',
    sender: '5.7.1',
    expired: '4.4.7',
    network: '4.4.1',
    loop: '5.4.6',
    program: '5.3.0',
  }
  return statuses[reason] ?? ''
}

/** A reason as an agent reads it; '' where nothing is known. */
export function inWords(reason: BounceReason): string {
  const words: Record<BounceReason, string> = {
    'unknown-user': 'there is no such mailbox',
    'unknown-host': 'there is no such mail domain',
    moved: 'the address has moved',
    disabled: 'the mailbox is disabled',
    full: 'the mailbox is full',
    size: 'the message is too large for it',
    relay: 'its server takes no mail for it from us',
    sender: 'its server does not accept our address',
    program: 'a program that files its mail failed',
    policy: 'its server refuses our mail',
    expired: 'its server could not be reached for too long',
    network: 'its server cannot be reached',
    loop: 'our mail went round in circles there',
    system: 'its server has trouble',
    filtered: 'a filter refused it',
    unclear: '',
  }
  return words[reason]
}
