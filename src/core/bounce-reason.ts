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
  | 'system'
  | 'filtered'
  | 'unclear'

const LONGEST = 8_000 // characters of an explanation that are looked at

/** Reasons in the order in which they are looked for: what is said of a mailbox outweighs how the server words its no. */
const PHRASES: readonly (readonly [BounceReason, readonly string[]])[] = [
  [
    'full',
    [
      ...[
        'boîte aux lettres est pleine',
        'boîte aux lettres pleine',
        'buzón está lleno',
        'skrzynka jest pełna',
        'skrzynka pełna',
        'przepełnion',
        'caixa de correio cheia',
        'caixa postal cheia',
        'brevlådan är full',
        'postkassen er fuld',
        'schránka je plná',
        'ящик переполнен',
        'почтовый ящик полон',
        'postvak is vol',
        'casella è piena',
        '사서함이 가득',
        '메일함이 가득',
        'メールボックスの容量',
      ],
      'mailbox full',
      'mailbox is full',
      'mailbox was full',
      'mail box full',
      'mail box is full',
      'inbox is full',
      'inbox full',
      'folder is full',
      'mailfolder is full',
      'full mailbox',
      'quota exceed',
      'quotaexceeded',
      'exceeded quota',
      'exceeds quota',
      'exceeded its quota',
      'exceeded their quota',
      'exceeded his quota',
      'over quota',
      'overquota',
      'out of quota',
      'quota full',
      'quota violation',
      'disk quota',
      'storage quota',
      'exceed mailbox quota',
      'exceeded storage',
      'exceeded the storage',
      'exceeded email quota',
      'mailbox has exceeded',
      'mailbox exceeded',
      'mailbox would exceed',
      'mailbox exceeds',
      'exceeded the local limit',
      'mailbox size limit',
      'mailbox limit',
      'insufficient disk space',
      'not enough disk space',
      'not enough storage space',
      'insufficient storage space',
      'not enough space',
      'out of storage',
      'run out of space',
      'no space left in',
      'too much mail data',
      'too many messages in this mailbox',
      'user has too many messages',
      'user is over the quota',
      'is overquota',
      'postfach ist voll',
      'postfach voll',
      'boîte pleine',
      'boite pleine',
      'buzón lleno',
      'buzon lleno',
      'casella piena',
      'caixa cheia',
      'メールボックスが一杯',
      'メールボックスがいっぱい',
      '容量を超',
      '邮箱已满',
      '空间不足',
    ],
  ],
  [
    'size',
    [
      'message too large',
      'message too big',
      'message is too large',
      'message is too big',
      'message size exceeds',
      'message exceeds',
      'message was too large',
      'exceeds maximum message size',
      'exceeds the maximum',
      'exceeded maximum message size',
      'exceeds size limit',
      'size limit exceeded',
      'size exceeds',
      'recipsizelimit',
      'sendersizelimit',
      'too large for this recipient',
      'maximum message size',
      'max message size',
      'mail size limit',
      'message length exceeds',
      'mail is too big',
      'mail too large',
      'mail file size',
    ],
  ],
  [
    'disabled',
    [
      'suspended',
      'deactivated',
      'inactive',
      'account is disabled',
      'account disabled',
      'account has been disabled',
      'account that you tried to reach is disabled',
      'mailbox disabled',
      'mailbox is disabled',
      'mailbox currently disabled',
      'mailbox has been disabled',
      'mailbox temporarily disabled',
      'disabled mailbox',
      'address has been disabled',
      'address is disabled',
      'user is disabled',
      'user disabled',
      'disabled user',
      'currently disabled',
      'account is locked',
      'account has been locked',
      'mailbox is locked',
      'temporarily locked',
      'mailbox is frozen',
      'account expired',
      'account has expired',
      'account has been expired',
      'user not active',
      'account not active',
      'is not active',
      'no longer active',
      'not accepting messages',
      'not accepting any mail',
      'not accepting mail',
      'discontinued',
      'account closed',
    ],
  ],
  [
    'moved',
    [
      'has been replaced by',
      'has moved to',
      'user has moved',
      'mailbox has moved',
      'recipient has moved',
      'address has changed',
      'address changed',
      'address has been changed',
      'no longer on server',
      'new email address',
      'user not local; please try',
    ],
  ],
  [
    'relay',
    [
      'relay access denied',
      'relaying denied',
      'relay denied',
      'relaying is prohibited',
      'relay is prohibited',
      'relay not permitted',
      'relaying not permitted',
      'relay not allowed',
      'relaying not allowed',
      'relaying prohibited',
      'not permitted to relay',
      'not allowed to relay',
      'unable to relay',
      'cannot relay',
      'do not relay',
      'no relaying',
      'relay operation rejected',
      'allowed rcpthosts',
      'not relay',
      'relayed by',
      'specified domain is not allowed',
      'message not relayed',
    ],
  ],
  [
    'sender',
    [
      'sender address rejected',
      'sender address does not exist',
      'sender rejected',
      'sender was rejected',
      'sender denied',
      'sender unknown',
      'sender not allowed',
      'sender is not allowed',
      'sender not permitted',
      'sender verify failed',
      'sender verification',
      'sender domain',
      "sender's domain",
      'domain of sender',
      'invalid sender',
      'unknown sender',
      'bad sender',
      'unresolvable sender',
      'from address',
      'envelope sender',
      'address of sender',
      'purported responsible',
      'my name was rejected',
      'helo command rejected',
      'ehlo command rejected',
      'client host rejected',
      'authentication-failed',
      'access denied, bad outbound sender',
      'authrequired',
    ],
  ],
  [
    'unknown-host',
    [
      ...[
        'host name is unknown',
        'indicated no smtp service',
        'returned answer with no data',
        'no mx found for domain',
        'could not be resolved',
        'domain name not found',
        'domain does not exist',
        'no such domain',
        "cannot find your recipient's domain",
      ],
      'host unknown',
      'unknown host',
      'host not found',
      'host is unknown',
      'no such host',
      'no such domain',
      'domain not found',
      'domain name not found',
      'unknown domain',
      'domain unknown',
      'domain is unknown',
      'unknown mail domain',
      'domain does not exist',
      'domain not exist',
      "domain doesn't exist",
      'host does not exist',
      'host or domain name not found',
      'nxdomain',
      'invalid domain',
      'domain is invalid',
      'domain is not valid',
      'illegal host',
      'bad destination system address',
      'bad destination host',
      'name or service not known',
      "couldn't find any host",
      "couldn't find a mail exchanger",
      'unrouteable mail domain',
      'all host address lookups failed permanently',
      'lookups failed permanently',
      'no mx record',
      'no mail exchanger',
      'no mail server',
      'mail exchanger for domain',
      'unable to resolve',
      'does not accept mail',
      "doesn't accept mail",
      'nullmx',
      'null mx',
    ],
  ],
  [
    'unknown-user',
    [
      ...[
        'konnte nicht gefunden werden',
        "n'a pas pu être trouvée",
        'est introuvable',
        'no se encontró',
        'no se ha encontrado la dirección',
        "non è stato possibile trovare l'indirizzo",
        'indirizzo di posta elettronica immesso non',
        'não foi encontrad',
        'kan niet worden gevonden',
        'nie można odnaleźć',
        'nie można znaleźć',
        'не удалось найти',
        'не найден',
        '找不到',
        'neznámý uživatel',
        'nieznany użytkownik',
        'usuário desconhecido',
        'utilizador desconhecido',
        'okänd användare',
        'ukendt bruger',
        'ukjent bruker',
        'tuntematon käyttäjä',
        'utilisateur inconnu',
        'usuario desconocido',
        'utente sconosciuto',
        'unbekannter benutzer',
        'empfänger unbekannt',
        'onbekende gebruiker',
        'bilinmeyen kullanıcı',
        'невідомий користувач',
        'неизвестный пользователь',
        '存在しません',
        '존재하지 않',
        '없는 사용자',
        'illegal user',
        'no such local user',
        'nicht im adressbuch',
      ],
      'user unknown',
      'unknown user',
      'unknown recipient',
      'recipient unknown',
      'unknown address',
      'address unknown',
      'unknown account',
      'account unknown',
      'unknown mailbox',
      'mailbox unknown',
      'unknown local',
      'unknown email',
      'unknown virtual',
      'unknown addressee',
      'addressee unknown',
      'user is unknown',
      'recipient is unknown',
      'address is unknown',
      'not known',
      'no such user',
      'no such mailbox',
      'no such account',
      'no such address',
      'no such recipient',
      'no such person',
      'no such name',
      'no such email',
      'no such e-mail',
      'no such local user',
      'no such a user',
      'no such id',
      'no mailbox',
      'no user',
      'no account',
      'no recipients',
      'no valid recipient',
      'nosuchuser',
      'recipnotfound',
      'recipientnotfound',
      'user not found',
      'recipient not found',
      'recipients not found',
      'mailbox not found',
      'account not found',
      'address not found',
      'destination not found',
      'could not be found',
      "couldn't be found",
      "wasn't found",
      'was not found',
      'unable to find',
      'does not exist',
      "doesn't exist",
      'do not exist',
      'not exist',
      'nonexistent',
      'non-existent',
      'inexistent',
      "user doesn't have",
      "doesn't have an account",
      'does not have an account',
      'does not have an email',
      'not have a mailbox',
      'not a known user',
      'not a valid user',
      'not a valid mailbox',
      'not a valid recipient',
      'not a valid address',
      'not a valid email',
      'not a user',
      'not a local user',
      'is not registered',
      'not a registered',
      'not listed in',
      'not our customer',
      'invalid recipient',
      'invalid mailbox',
      'invalid user',
      'user invalid',
      'invalid final delivery user',
      'invalid local',
      'invalid email',
      'invalid destination',
      'unknown destination',
      'bad destination mailbox address',
      'bad address',
      'bad recipient',
      'unrouteable address',
      'unroutable address',
      'not recognized',
      'not recognised',
      'no longer valid',
      'no longer exists',
      'no longer available',
      'no longer in service',
      'no longer in use',
      'no longer works here',
      'no longer with',
      'not on this server',
      'undeliverable address',
      'mailbox name not allowed',
      'answer=6596',
      'as(201806281)',
      'as(201806271)',
      'unbekannter empfänger',
      'empfänger unbekannt',
      'unbekannt',
      'existiert nicht',
      "n'existe pas",
      'inconnu',
      'no existe',
      'desconocido',
      'non esiste',
      'sconosciuto',
      'não existe',
      'bestaat niet',
      'onbekend',
      'nie istnieje',
      '宛先不明',
      '存在しません',
      '見つかりません',
      '不存在',
      '未找到',
    ],
  ],
  [
    'policy',
    [
      'spam',
      'block',
      'blacklist',
      'denied',
      'policy',
      'reputation',
      'dnsbl',
      'rbl',
      'spf',
      'dkim',
      'dmarc',
      'virus',
      'malware',
      'refused',
      'prohibited',
      'forbidden',
      'greylist',
      'graylist',
      'rate limit',
      'too many',
      'unsolicited',
      'authentication',
      'not authorized',
      'not authorised',
      'not permitted',
      'not allowed',
      'restricted',
      'reverse dns',
      'ptr record',
      'header error',
      'content',
      'junk',
      'suspicious',
      'rejected by the recipient',
      'user reject',
      'please use the smtp server',
    ],
  ],
  [
    'expired',
    [
      'expired',
      'queue too long',
      'timed out',
      'time out',
      'timeout',
      'retry time',
      'not been collected',
      'not collected',
      'delayed',
      'could not be delivered for',
      'retry timeout',
      'too long in the queue',
      'giving up',
    ],
  ],
  [
    'network',
    [
      'connection',
      'network',
      'unreachable',
      'no route to host',
      'not responding',
      'too many hops',
      'hop count',
      'loop',
      'could not connect',
      'unable to connect',
    ],
  ],
  [
    'system',
    [
      'temporar',
      'try again',
      'local error',
      'local configuration error',
      'configuration error',
      'system error',
      'server error',
      'service unavailable',
      'service not available',
      'resources',
      'out of memory',
      'insufficient system storage',
      'ldap',
      'busy',
    ],
  ],
  [
    'unknown-user',
    [
      'mailbox unavailable',
      'mailbox not available',
      'address rejected',
      'recipient rejected',
      'rejected recipient',
      'address invalid',
      'invalid address',
      'not deliverable',
    ],
  ],
]

/** RFC 3463 sections 3.2 to 3.8, RFC 7505 section 4.2, and what mail systems mean by them. */
function reasonOfStatus(status: string): BounceReason {
  if (/^5\.1\.(?:1|3|10)$/.test(status)) return 'unknown-user'
  if (status === '5.1.6') return 'moved'
  if (/^5\.(?:1\.2|4\.4)$/.test(status)) return 'unknown-host'
  if (/^[45]\.1\.[78]$/.test(status)) return 'sender'
  if (/^[45]\.2\.2$/.test(status)) return 'full'
  if (/^[45]\.(?:2\.3|3\.4)$/.test(status)) return 'size'
  if (/^[45]\.2\.1$/.test(status)) return 'disabled'
  if (/^[45]\.7\./.test(status)) return 'policy'
  if (/^[45]\.4\.7$/.test(status)) return 'expired'
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
  const said = plain(explanation).replace(/(?:may|might) not exist/g, '')
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
  const phrased = PHRASES.find(([, phrases]) => phrases.some(phrase => said.includes(phrase)))?.[0]
  const reason = agreed(phrased, reasonOfStatus(status))
  if (reason !== 'unknown-user' || /^[45]\.1\./.test(status)) return reason
  // The address was taken and the mail refused after it: filters of carriers (NTT docomo always) word it like that.
  if (command === 'data' || /unknown user \S{1,64}@docomo\.ne\.jp/.test(said)) return 'filtered'
  return reason
}

/** A status about the address outweighs words that may mean anything; other words outweigh the status. */
function agreed(phrased: BounceReason | undefined, coded: BounceReason): BounceReason {
  if (phrased === undefined) return coded
  // What is unknown or does not exist is the sender's then.
  if (coded === 'sender' && isHard(phrased)) return coded
  const vague = phrased === 'network' || phrased === 'system' || phrased === 'expired'
  return vague && (coded === 'unknown-user' || coded === 'unknown-host' || coded === 'moved') ? coded : phrased
}

type Command = 'mail' | 'rcpt' | 'data' | undefined

/** The SMTP command that was answered with no, where a recipient's explanation tells. */
function refusedCommand(said: string): Command {
  const named =
    /(?:in (?:reply|response) to (?:the |end of )?|error from remote mail(?:er| server) after (?:pipelined |end of )?)(mail|rcpt|data|ehlo|helo|initial)/.exec(
      said,
    )?.[1]
  if (named === 'rcpt' || named === 'data') return named
  return named === undefined ? undefined : 'mail'
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

/** The status code (RFC 3463) for a reason, for reports that give none; '' where nothing is known. */
export function statusOf(reason: BounceReason): string {
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
    system: 'its server has trouble',
    filtered: 'a filter refused it',
    unclear: '',
  }
  return words[reason]
}
