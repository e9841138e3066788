// What sort of machine wrote a mail to many.
import type { BulkSort } from '../../channel/message.ts'
import { hasState } from './alert.ts'
import { beginsAsAutomatic, beginsAsReceived, tellsOfQuota, tellsOfSuccess } from './machine-words.ts'
import { autoSubmitted, type Evidence, first } from './mail-evidence.ts'

/** Addresses that say of themselves that nobody reads what is sent there. */
const NO_REPLY =
  /^(?:[\w.-]{1,40}[._-])?(?:no|do-?not|don-?t|do_not)[._-]?reply(?:[._+-][\w.+-]{0,60})?@|^(?:ne-?pas-?repondre|nao-?responda|no-?responder|keine?-?antwort|nicht-?antworten|non-?rispondere)@/

/** Whom mail systems write as. */
const MAIL_SYSTEM = /^(?:mailer-?daemon|postmaster|mail-?admin|mail-?system|microsoftexchange[0-9a-f]{32})@/

/** Accounts and names of programs, which no person bears. */
const PROGRAM =
  /^(?:nagios|icinga2?|zabbix|prtg|prometheus|alertmanager|grafana|check_?mk|monit|munin|uptime(?:robot|-?kuma)|pingdom|statuscake|alerts?|opsgenie|pagerduty|datadog|sentry|nas|synology|qnap|diskstation|veeam|bacula|acronis|idrac|ilo|esxi?|vcenter|fortigate|proxmox|pve|fritz!?box|root|cron|crond|logwatch|fail2ban|smartd|mdadm|wordpress|www-data|jenkins|wsus|auto-?confirm)\d{0,6}(?:[._+-][\w.+-]{0,60})?@/
const PROGRAM_NAMED =
  /^["'(\s]*(?:cron daemon|anacron|nagios|icinga|zabbix|prtg|grafana|alertmanager|pingdom|datadog|opsgenie|pagerduty|uptime ?robot|uptime kuma|statuscake|veeam|synology|qnap|diskstation|proxmox|jenkins|fritz!box|fortigate|idrac|let'?s encrypt expiry bot|wordpress)\b/i
/** People bear some of these. */
const MACHINE =
  /^(?:monitoring|monitor|alarms?|watchdog|backup(?:s|pc)?|borg|ups|apc|firewall|daemon|scan(?:ner|s)?|scan-?to-?mail|copier|printer|kopierer|drucker|mfp|fax|voicemail|ricoh|xerox|konica|kyocera|canon|brother|apache|gitlab|jira|bugzilla|server|system|quarantine|auto|expiry|newsletter|notifications?|notify|mailer|fritz)\d{0,6}(?:[._+-][\w.+-]{0,60})?@/

/** Subjects that only programs write. */
const UNMISTAKABLE =
  /^(?:\*\* ?(?:problem|recovery|acknowledgement|flapping\w*|downtime\w*)\b|\[(?:firing|resolved):\d+|\[fail2ban\] |anacron job '\S+' on |vzdump backup status \(|idrac-\S+: \w{2,5}\d{4}: |hpe ilo alertmail-\d|logwatch for \S+ \(|monitor is (?:down|up): |(?:alarm|ok|insufficient_data): "[^"]{1,200}" in |degradedarray event on |sparesmissing event on |cron <\S{1,80}@\S{1,80}> +\S*\/|smart error \(\S+\) detected|report domain: \S+ submitter: |fritz!box-info: |let's encrypt certificate expiration notice for |brother \S+ \[\w{1,20}\] e-mail report|ups \S{1,80} (?:on battery|on line|online|on line power|battery (?:low|is low|needs)|shutdown)|microsoft 365 security: you have messages in quarantine)|^(?:problem|recovery) (?:service|host) alert: /i

/** Subjects that programs write, and people as well. */
const LIKELY =
  /^(?:\[(?:alerting|ok|no data|success|warning|failed|error|critical|info|firing|resolved|nagios|icinga|zabbix|prtg|grafana|munin|monit|nas\S{0,20})\]|(?:problem|resolved|recovery)(?: in [\w ]{1,20})?: |(?:down|up) alert: |cron <|anacron job|alarm: |scan(?:ned)? (?:from|to|data|image)|message from ["']?\w|scan data from|attached image|fail(?:ure)? event on|e-?mail report|event report|event notification|(?:backup|job|task|report|status|statistics|alert|alarm|notification|event)\b)/i

/** `Host: web01`: a line of a report. */
const REPORT_LINE =
  /^[\s>*|#-]{0,8}(?:host(?:name|group)?|service|state|severity|status|trigger(?: (?:name|status|severity|url))?|problem(?: name)?|monitor|device(?: (?:name|ip|id|type))?|sensor|alarm(?: name)?|alert(?:name)?|event(?: (?:id|time|type|name|date))?|time(?:stamp)?|date(?:\/time)?|address|ip(?: address)?|item values?|job(?: name| id)?|server(?: name)?|node|instance|metric|threshold|reason|additional info|original problem id|notification type|start(?:ed)?(?: time)?|end(?: time)?|duration|message|model(?: name)?|serial(?: (?:number|no\.?))?|location|function version|summary|level|category|source|user(?:name)?|file(?:name)?|size|result|process|program|version|resolution|number of (?:images|pages)|attachment file (?:type|format))\s{0,12}[:=]\s{0,40}\S/i

const GREETING =
  /^\s{0,4}(?:hi|hello|hey|dear|good (?:morning|afternoon|day)|hallo|guten (?:tag|morgen)|liebe[rs]?|sehr geehrte|moin|servus|bonjour|salut|cher|chère|hola|buenos|estimad|ciao|buongiorno|gentile|olá|bom dia|prezad|beste|goedendag|hej|god dag|witam|dzień dobry|здравствуйте|добрый|привет)\b/i

/** What a program that was told of itself sets, and no mail client. */
const PROGRAM_HEADERS = [
  'x-cron-env',
  'x-github-reason',
  'x-jira-fingerprint',
  'x-gitlab-project',
  'x-wpcf7-content-type',
  'x-amz-sns-message-id',
  'x-amazon-mail-relay-type',
  'x-pp-email-transmission-id',
  'x-email-type-id',
  'x-servicenow-generated',
  'tls-report-domain',
  'x-sentry-project',
  'x-jenkins-job',
  'x-asterisk-callerid',
  'x-redmine-project',
  'x-trac-ticket',
  'x-bugzilla-reason',
]

const FORM =
  /(?:contact|web|website|feedback|enquiry|inquiry|support|request|quote|registration|online)[ -]?(?:us )?form|form (?:submission|response|entry)|new (?:form )?(?:submission|entry|enquiry|inquiry|lead)|kontaktformular|webformular|formulaire de contact|formulario de contacto|modulo di contatto|formulário de contato|contactformulier|お問い合わせフォーム/i

const NEWSLETTER_FROM =
  /^(?:news|newsletters?|marketing|mailing|promo(?:tions?)?|offers?|deals|campaigns?|digest|hello-?news|email|e?news-?\w{0,20})@|@(?:e|em|email|mail|news|newsletter|mailing|campaign|info|reply|click|go|t)\d?\.[\w-]+\.\w/
const NEWSLETTER_MAILER =
  /mailchimp|campaign ?monitor|createsend|sendinblue|brevo|cleverreach|rapidmail|newsletter2go|phplist|acymailing|mailerlite|klaviyo|hubspot|constant ?contact|aweber|getresponse|activecampaign|mailpoet|sendy|listmonk|emarsys|marketo|pardot|exacttarget|responsys|dotmailer|icontact|vertical ?response|ymlp|inxmail|optivo|episerver|agnitas|listserv-?news/i

/** Why a message is one that a machine wrote to people, and what sort of it. Undefined if nothing says so. */
export function bulkOf(evidence: Evidence): { reasons: string[]; sort: BulkSort } | undefined {
  const reasons = bulkReasons(evidence)
  if (reasons.length === 0) return undefined
  return { reasons, sort: sortOf(evidence) }
}

function bulkReasons(evidence: Evidence): string[] {
  const reasons: string[] = []
  const submitted = autoSubmitted(evidence)
  if (submitted && submitted !== 'no') reasons.push(`Auto-Submitted: ${submitted.slice(0, 60)}`)
  const precedence = first(evidence, 'precedence')
  if (['bulk', 'list', 'junk'].includes(precedence)) reasons.push(`Precedence: ${precedence}`)
  for (const name of ['list-id', 'list-unsubscribe', 'list-post', ...PROGRAM_HEADERS]) {
    if (evidence.header(name).length > 0) reasons.push(name)
  }
  // Amazon and Google put it on all that goes through them.
  if (reasons.length > 0 && evidence.header('feedback-id').length > 0) reasons.push('feedback-id')
  if (evidence.envelopeFrom === '' && reasons.length === 0) reasons.push('null envelope sender')
  if (reasons.length > 0 || submitted === 'no') return reasons
  return looksLikeProgram(evidence)
}

/** What a program wrote that does not say so; persons use some of the same words, so it takes signs that agree. */
function looksLikeProgram(evidence: Evidence): string[] {
  const from = evidence.fromAddress ?? ''
  const subject = (evidence.subject ?? '').trim()
  const text = (evidence.text ?? '').slice(0, 4_000)
  if (NO_REPLY.test(from)) return ['a no-reply address']
  if (MAIL_SYSTEM.test(from) && (tellsOfQuota(subject, text) || tellsOfSuccess(text))) {
    return ['a notice of a mail system to its users']
  }
  if (['in-reply-to', 'references'].some(name => evidence.header(name).length > 0)) return []
  if (UNMISTAKABLE.test(subject)) return ['a subject that only programs write']
  const lines = text.split('\n').slice(0, 60)
  if (GREETING.test(text.trimStart()) && !/^\s*dear (?:user|customer|sir|admin)/i.test(text)) return []
  const program = PROGRAM.test(from) || PROGRAM_NAMED.test(evidence.fromName ?? '')
  const signs = [
    ...(LIKELY.test(subject) || hasState(subject) ? ['a subject as programs write it'] : []),
    ...(program || MACHINE.test(from) ? ['the account of a program'] : []),
    ...(isProgram(evidence) ? ['sent by a program'] : []),
    ...(lines.filter(line => REPORT_LINE.test(line)).length >= 2 ? ['a text of names and values'] : []),
    ...(SAYS_SO.test(text) || beginsAsAutomatic(text) ? ['a text that says so'] : []),
    ...(beginsAsReceived(text) ? ['a text as programs answer'] : []),
    ...(/^\s{0,8}##- /.test(text) ? ['a line above which to answer, as programs answer'] : []),
  ]
  const telling = signs.filter(sign => /sent by|names and values|says so|programs answer/.test(sign)).length
  return signs.length >= 3 || (signs.length === 2 && (telling > 0 || program)) ? signs : []
}

const SAYS_SO =
  /this (?:e-?mail|message|mail) (?:was|is|has been) (?:sent|generated|created) (?:automatically|by|from)|automatically generated|automatisch (?:generiert|erstellt|erzeugt|versandt)|généré automatiquement|generado automáticamente|generat[oa] automaticamente|do not reply to this|to unsubscribe from this/i

/** Written by a program and by no mail client. */
function isProgram(evidence: Evidence): boolean {
  const mailer = `${first(evidence, 'x-mailer')} ${first(evidence, 'user-agent')}`
  return /phpmailer|swiftmailer|nagios|zabbix|wordpress|mail::|perl|python|sendemail|javamail|cdo|powershell|system\.net\.mail|s-nail|mailx|msmtp|ssmtp|swaks|symfony|laravel|konica minolta|bizhub|kyocera|taskalfa|ricoh|aficio|imagerunner|xerox|workcentre|lexmark|e-studio|laserjet|officejet|digital sending|scan to e-?mail/.test(
    mailer,
  )
}

function sortOf(evidence: Evidence): BulkSort {
  const has = (name: string) => evidence.header(name).length > 0
  const subject = evidence.subject ?? ''
  const from = evidence.fromAddress ?? ''
  const replyTo = first(evidence, 'reply-to')
  const forOther = replyTo.includes('@') && from !== '' && !replyTo.includes(from)
  if (has('x-wpcf7-content-type') || (forOther && FORM.test(subject))) return 'form'
  if (UNMISTAKABLE.test(subject.trim()) || has('x-cron-env')) return 'alert'
  if (isNewsletter(evidence)) return 'newsletter'
  if (has('list-post') || (has('list-id') && !PROGRAM_HEADERS.some(has))) return 'list'
  if (
    hasState(subject) ||
    LIKELY.test(subject) ||
    PROGRAM.test(from) ||
    MACHINE.test(from) ||
    autoSubmitted(evidence) === 'auto-generated'
  )
    return 'alert'
  return 'other'
}

/**
 * Mail to many that nobody needs to act on. Nothing of it reaches anybody, so one sign is not enough: it can be left
 * (RFC 2369, RFC 8058), comes from who sends such mail, answers nothing, is no discussion and tells of no trouble.
 */
function isNewsletter(evidence: Evidence): boolean {
  const has = (name: string) => evidence.header(name).length > 0
  if (['in-reply-to', 'references', 'list-post', 'x-cron-env', 'x-github-reason', 'x-jira-fingerprint'].some(has))
    return false
  if (hasState(evidence.subject ?? '')) return false
  const from = evidence.fromAddress ?? ''
  const mailer = ['x-mailer', 'x-report-abuse', 'list-id', 'x-sender', 'x-csa-complaints']
    .map(name => first(evidence, name))
    .join(' ')
  const signs = [
    has('list-unsubscribe'),
    has('list-unsubscribe-post'),
    has('feedback-id'),
    /^(?:bulk|junk)$/.test(first(evidence, 'precedence')),
    has('x-campaign') ||
      has('x-campaignid') ||
      has('x-campaign-id') ||
      has('x-mc-user') ||
      has('x-csa-complaints') ||
      has('x-mailing-id'),
    NEWSLETTER_FROM.test(from),
    NEWSLETTER_MAILER.test(mailer),
    /newsletter|\bdigest\b|weekly|monthly|rundbrief|infolettre|boletín|bollettino|nieuwsbrief|nyhedsbrev|nyhetsbrev|% off|\bsale\b/i.test(
      evidence.subject ?? '',
    ),
  ].filter(Boolean).length
  // What can be left, and is measured, may still be one person's mail through the system that sends all of a firm's.
  const bulkSigns =
    signs - [has('list-unsubscribe'), has('list-unsubscribe-post'), has('feedback-id')].filter(Boolean).length
  return bulkSigns >= 1 && (has('list-unsubscribe') ? signs >= 2 : signs >= 3)
}
