import { describe, expect, test } from 'vitest'
import { isForwardSubject, visibleReply } from '../../../src/core/mail/visible.ts'

/** How programs in each language say who wrote what they quote. */
const ATTRIBUTIONS: Record<string, string[]> = {
  English: [
    'On Mon, Jan 5, 2026 at 10:00 AM Bob Berg <bob@example.com> wrote:',
    'On Jan 5, 2026, at 10:00, Bob Berg <bob@example.com> wrote:',
    'On 05/01/2026 10:00, Bob Berg wrote:',
    '---- On Mon, 05 Jan 2026 10:00:00 +0100 Bob Berg <bob@example.com> wrote ----',
    'On Monday, January 5th, 2026 at 10:00 AM, Bob Berg <bob@example.com> wrote:',
  ],
  German: [
    'Am Mo., 5. Jan. 2026 um 10:00 Uhr schrieb Bob Berg <bob@example.com>:',
    'Am 05.01.26 um 10:00 schrieb Bob Berg:',
    'Bob Berg <bob@example.com> schrieb am 05.01.2026 um 10:00:',
  ],
  French: [
    'Le lun. 5 janv. 2026 à 10:00, Bob Berg <bob@example.com> a écrit :',
    'Le 05/01/2026 à 10:00, Bob Berg a écrit :',
  ],
  Spanish: [
    'El lun, 5 ene 2026 a las 10:00, Bob Berg (<bob@example.com>) escribió:',
    'El 05/01/2026 a las 10:00, Bob Berg escribió:',
  ],
  Italian: [
    'Il giorno lun 5 gen 2026 alle ore 10:00 Bob Berg <bob@example.com> ha scritto:',
    'Il 05/01/2026 10:00, Bob Berg ha scritto:',
  ],
  Portuguese: [
    'Em seg., 5 de jan. de 2026 às 10:00, Bob Berg <bob@example.com> escreveu:',
    'Em 05/01/2026 10:00, Bob Berg escreveu:',
  ],
  Dutch: ['Op ma 5 jan 2026 om 10:00 schreef Bob Berg <bob@example.com>:', 'Op 05-01-2026 om 10:00 schreef Bob Berg:'],
  Polish: [
    'pon., 5 sty 2026 o 10:00 Bob Berg <bob@example.com> napisał(a):',
    'W dniu 5.01.2026 o 10:00, Bob Berg pisze:',
  ],
  Danish: ['Den man. 5. jan. 2026 kl. 10.00 skrev Bob Berg <bob@example.com>:'],
  Swedish: ['Den mån 5 jan. 2026 kl 10:00 skrev Bob Berg <bob@example.com>:'],
  Norwegian: ['man. 5. jan. 2026 kl. 10:00 skrev Bob Berg <bob@example.com>:'],
  Finnish: ['ma 5. tammik. 2026 klo 10.00 Bob Berg (bob@example.com) kirjoitti:'],
  Czech: [
    'po 5. 1. 2026 v 10:00 odesílatel Bob Berg <bob@example.com> napsal:',
    'Dne 5. 1. 2026 v 10:00 Bob Berg napsal(a):',
  ],
  Russian: [
    'пн, 5 янв. 2026 г. в 10:00, Bob Berg <bob@example.com>:',
    '05.01.2026 10:00, Боб Берг пишет:',
    'Понедельник, 5 января 2026, 10:00 +03:00 от Bob Berg <bob@example.com>:',
  ],
  Ukrainian: ['пн, 5 січ. 2026 р. о 10:00 Bob Berg <bob@example.com> пише:'],
  Turkish: ['Bob Berg <bob@example.com>, 5 Oca 2026 Pzt, 10:00 tarihinde şunu yazdı:'],
  Japanese: [
    '2026年1月5日(月) 10:00 Bob Berg <bob@example.com>:',
    '2026/01/05 10:00、Bob Berg <bob@example.com>のメール:',
  ],
  Chinese: [
    'Bob Berg <bob@example.com> 于2026年1月5日周一 10:00写道：',
    'Bob Berg <bob@example.com> 於 2026年1月5日 週一 上午10:00寫道：',
  ],
  Korean: ['2026년 1월 5일 (월) 오전 10:00, Bob Berg <bob@example.com>님이 작성:'],
  Hungarian: ['2026. jan. 5. 10:00 keltezéssel, Bob Berg <bob@example.com> írta:'],
  Estonian: ['Kuupäev E, 5. jaanuar 2026 kell 10:00 kirjutas Bob Berg (<bob@example.com>):'],
  Vietnamese: ['Vào 10:00 5 tháng 1, 2026, Bob Berg <bob@example.com> đã viết:'],
  Arabic: ['في ٥ يناير ٢٠٢٦، الساعة ١٠:٠٠ ص، كتب Bob Berg <bob@example.com>:'],
  Hebrew: ['בתאריך יום ב׳, 5 בינו׳ 2026 ב-10:00 מאת Bob Berg <bob@example.com>:'],
  Thai: ['ในวันที่ จ. 5 ม.ค. 2026 เวลา 10:00 Bob Berg <bob@example.com> เขียนว่า:'],
}

const BLOCKS: Record<string, string[]> = {
  English: ['From', 'Sent', 'To', 'Subject'],
  German: ['Von', 'Gesendet', 'An', 'Betreff'],
  French: ['De', 'Envoyé', 'À', 'Objet'],
  Spanish: ['De', 'Enviado el', 'Para', 'Asunto'],
  Italian: ['Da', 'Inviato', 'A', 'Oggetto'],
  Portuguese: ['De', 'Enviado', 'Para', 'Assunto'],
  Dutch: ['Van', 'Verzonden', 'Aan', 'Onderwerp'],
  Polish: ['Od', 'Wysłano', 'Do', 'Temat'],
  Danish: ['Fra', 'Sendt', 'Til', 'Emne'],
  Swedish: ['Från', 'Skickat', 'Till', 'Ämne'],
  Norwegian: ['Fra', 'Dato', 'Til', 'Emne'],
  Finnish: ['Lähettäjä', 'Lähetetty', 'Vastaanottaja', 'Aihe'],
  Czech: ['Od', 'Odesláno', 'Komu', 'Předmět'],
  Russian: ['От', 'Отправлено', 'Кому', 'Тема'],
  Ukrainian: ['Від', 'Надіслано', 'Кому', 'Тема'],
  Turkish: ['Kimden', 'Gönderildi', 'Kime', 'Konu'],
  Japanese: ['差出人', '送信日時', '宛先', '件名'],
  Chinese: ['发件人', '发送时间', '收件人', '主题'],
  Korean: ['보낸 사람', '보낸 날짜', '받는 사람', '제목'],
  Hungarian: ['Feladó', 'Elküldve', 'Címzett', 'Tárgy'],
  Romanian: ['De la', 'Trimis', 'Către', 'Subiect'],
  Slovak: ['Od', 'Odoslané', 'Komu', 'Predmet'],
  Croatian: ['Šalje', 'Poslano', 'Prima', 'Predmet'],
  Hebrew: ['מאת', 'נשלח', 'אל', 'נושא'],
  Arabic: ['من', 'تم الإرسال', 'إلى', 'الموضوع'],
  Vietnamese: ['Từ', 'Đã gửi', 'Đến', 'Chủ đề'],
}

const VALUES = ['Bob Berg <bob@example.com>', '5. 1. 2026 10:00', 'Ann Ode <ann@example.com>', 'Re: Printer']

const PHONES = [
  ...[
    'Sent from my iPhone',
    'Get Outlook for iOS',
    'Get Outlook for Android<https://aka.ms/AAb9ysg>',
    'Sent from Yahoo Mail on Android',
    'Sent from Mail for Windows',
  ],
  ...[
    'Von meinem iPhone gesendet',
    'Gesendet von Mail für Windows',
    'Envoyé de mon iPhone',
    'Enviado desde mi iPhone',
    'Inviato da iPhone',
    'Enviado do meu iPhone',
  ],
  ...[
    'Verstuurd vanaf mijn iPhone',
    'Wysłane z iPhone’a',
    'Sendt fra min iPhone',
    'Skickat från min iPhone',
    'Lähetetty iPhonesta',
    'Odesláno z iPhonu',
    'Отправлено с iPhone',
  ],
  ...[
    'Надіслано з iPhone',
    'iPhone’umdan gönderildi',
    'iPhoneから送信',
    '发自我的 iPhone',
    '從我的 iPhone 傳送',
    '나의 iPhone에서 보냄',
    'Sent from my Samsung Galaxy smartphone.',
  ],
  ...[
    'Sent from Yahoo Mail. Get the app',
    '(Sent from mobile device, please excuse typos.)',
    'From my iPhone',
    'Obțineți Outlook pentru iOS',
    'Gửi từ iPhone của tôi',
    '发自 Outlook for iOS',
    'Android용 Outlook 받기',
  ],
]

const ANSWER = 'It works now.\n\nThank you\nAnn'
const QUOTE = 'Please try again.\n\nBob'
const marked = QUOTE.split('\n')
  .map(line => `> ${line}`.trimEnd())
  .join('\n')

const attributions = Object.entries(ATTRIBUTIONS).flatMap(([language, lines]) =>
  lines.map(line => [language, line] as const),
)

/** As a mail program wraps it: at the last blank before the given column. */
function wrapped(line: string, column: number): string {
  const at = line.lastIndexOf(' ', column)
  return at > 0 && line.length > column ? `${line.slice(0, at)}\n${line.slice(at + 1)}` : line
}

describe.each(attributions)('in %s, %j', (_, attribution) => {
  test('above marked text goes', () => {
    expect(visibleReply(`${ANSWER}\n\n${attribution}\n${marked}`)).toBe(ANSWER)
    expect(visibleReply(`${ANSWER}\n\n${attribution}\n\n${marked}\n`)).toBe(ANSWER)
    expect(
      visibleReply(`${ANSWER}\r\n\r\n${attribution}\r\n\r\n${marked.replaceAll('\n', '\r\n')}\r\n`).replaceAll(
        '\r',
        '',
      ),
    ).toBe(ANSWER)
  })

  test('above unmarked text goes with it', () => {
    expect(visibleReply(`${ANSWER}\n\n${attribution}\n\n${QUOTE}`)).toBe(ANSWER)
  })

  test.each([40, 60, attribution.length - 2])('wrapped at %i goes', column => {
    expect(visibleReply(`${ANSWER}\n\n${wrapped(attribution, column)}\n${marked}`)).toBe(ANSWER)
    expect(visibleReply(`${ANSWER}\n\n${wrapped(attribution, column)}\n\n${QUOTE}`)).toBe(ANSWER)
  })

  test('below a quote the answer stands alone', () => {
    expect(visibleReply(`${attribution}\n${marked}\n\n${ANSWER}`)).toBe(ANSWER)
  })

  test('between answers the quote stays', () => {
    expect(visibleReply(`${attribution}\n> Does it burn?\n\nNo.\n\n> Smoke?\n\nYes.`)).toBe(
      '> Does it burn?\n\nNo.\n\n> Smoke?\n\nYes.',
    )
  })
})

describe.each(Object.entries(BLOCKS))('the header block in %s', (_, names) => {
  const fields = (before: string, behind: string) =>
    names.map((name, at) => `${before}${name}:${behind} ${VALUES[at]}`).join('\n')

  test.each([
    ['plain', fields('', '')],
    ['bold', fields('*', '*')],
    ['below a rule', `________________________________\n${fields('', '')}`],
    ['indented', fields('   ', '')],
    ['with blanks before the colon', fields('', '').replace(/: /g, ' : ')],
    ['below words', `-----Original Message-----\n${fields('', '')}`],
  ])('%s goes with what it quotes', (_style, block) => {
    expect(visibleReply(`${ANSWER}\n\n${block}\n\n${QUOTE}`)).toBe(ANSWER)
  })

  test('stays in a forwarded mail', () => {
    const text = `For you.\n\n${fields('', '')}\n\n${QUOTE}`
    expect(visibleReply(text, { forward: true })).toBe(text)
  })
})

describe('what a telephone adds', () => {
  test.each(PHONES)('%j goes', line => {
    expect(visibleReply(`${ANSWER}\n\n${line}`)).toBe(ANSWER)
    expect(visibleReply(`${ANSWER}\n\n${line}\n\n${attributions[0]?.[1]}\n${marked}`)).toBe(ANSWER)
    expect(visibleReply(`${ANSWER}\n\n${line}\n\n${attributions[0]?.[1]}\n\n${QUOTE}`)).toBe(ANSWER)
  })

  test.each([
    'The parcel was sent from my office yesterday',
    'Sent from the warehouse on Monday, not received.',
    'I sent it from my iPhone',
  ])('but not %j', line => {
    expect(visibleReply(`Hello,\n\n${line}`)).toBe(`Hello,\n\n${line}`)
  })
})

describe('what is forwarded', () => {
  test.each([
    '---------- Forwarded message ---------',
    'Begin forwarded message:',
    '-------- Weitergeleitete Nachricht --------',
    '-------- Välitetty viesti / Fwd.Msg --------',
    'Začátek přeposílané zprávy:',
    'İleti başlangıcı:',
    '---------- メッセージを転送 ---------',
    'Anfang der weitergeleiteten Nachricht:',
    'Début du message transféré :',
    '--- begin forwarded text',
    '---------- Mensaje reenviado ---------',
  ])('stays below %j', line => {
    const below = `${line}\nFrom: Bob Berg <bob@example.com>\nDate: Mon, 5 Jan 2026\nSubject: Printer\nTo: Ann <ann@example.com>\n\n${QUOTE}\n\n-- \nBob`
    expect(visibleReply(`For you.\n\n${below}`)).toBe(`For you.\n\n${below}`)
    expect(visibleReply(below)).toBe(below)
    expect(visibleReply(`For you.\n\nSent from my iPhone\n\n${below}`)).toBe(`For you.\n\n${below}`)
  })

  test.each(['Fwd: Printer', 'FW: Printer', 'WG: Drucker', 'TR: Imprimante', 'RV: Impresora', 'fwd: re: x'])(
    'is known by %j',
    subject => {
      expect(isForwardSubject(subject)).toBe(true)
    },
  )

  test.each(['Re: Fwd: Printer', 'AW: WG: Drucker', 'Forward!', 'Printer', ''])('is not known by %j', subject => {
    expect(isForwardSubject(subject)).toBe(false)
  })
})

const FIELDS = `From: ${VALUES[0]}\nDate: ${VALUES[1]}\nTo: ${VALUES[2]}\nSubject: ${VALUES[3]}`

describe('what these programs put above a quote without marks goes with it', () => {
  test.each([
    ['GroupWise', '>>> Bob Berg <bob@example.com> 05.01.2026 10:00 >>>'],
    ['iNotes', `-----Bob Berg/Example wrote: -----\n${FIELDS}`],
    ['Android', '---- Bob Berg wrote ----'],
    ['an old telephone', 'Bob Berg <bob@example.com> wrote:'],
    ['Tuta', '5. Jan. 2026, 10:00 von bob@example.com:'],
    ['QQ', `------------------&nbsp;原始邮件&nbsp;------------------\n${FIELDS}`],
    [
      'SFR',
      '=======================\n\nMessage du : 05/01/2026 10:00\nDe : Bob <bob@example.com>\nA : ann@example.com',
    ],
    ['BlackBerry', `Sent from my BlackBerry.\n  Original Message  \n${FIELDS}`],
    ['Samsung', `Sent from my Galaxy.-------- Original message --------From: Bob <bob@example.com> Date: 1/5/26`],
    ['Mail Master', `| |\nAnn\n|\n|\nann@163.com\n|\n---- Replied Message ----\n| From | Bob |\n| Date | 1/5/2026 |`],
    ['Zendesk', '----------------------------------------------\n\nBob Berg, Jan 5, 2026, 10:00 AM CET:'],
    ['Thunderbird in Slovak', '-------- Pôvodná správa --- Original Message --------'],
    ['no field at all', '-----Original Message-----'],
  ])('%s', (_, above) => {
    expect(visibleReply(`${ANSWER}\n\n${above}\n\n${QUOTE}`)).toBe(ANSWER)
  })

  test.each([
    'Quoting Bob Berg (2026-01-05 10:00:00)',
    '2026/1/5 Bob Berg <bob@example.com>',
    'Am 05.01.26 um 10:00 schrieb Bob Berg',
    '>>> On 1/5/2026 at 10:00 AM, in message <a@b>, Bob Berg\n<bob@example.com> wrote:',
    '----------------\nКому: Ann (ann@example.com);\nТема: Printer;\n05.01.2026, 10:00, "Bob" <bob@example.com>:',
    'Em segunda-feira, 5 de janeiro de 2026\nàs 10:00:00 BRT, Bob Berg\n<bob@example.com> escreveu:',
  ])('%j above one with marks', above => {
    expect(visibleReply(`${ANSWER}\n\n${above}\n${marked}`)).toBe(ANSWER)
  })
})

test.each([
  'Virus-free. www.avast.com',
  '<https://www.avast.com/sig-email?utm=a>\nVirenfrei.\nwww.avast.com\n<https://www.avast.com/sig-email?utm=b>\n<#DAB4FAD8>',
  'This email has been checked for viruses by Avast antivirus software.\nwww.avast.com',
])('what looked for viruses says goes: %j', said => {
  expect(visibleReply(`${ANSWER}\n\n${said}`)).toBe(ANSWER)
  expect(visibleReply(`${ANSWER}\n\nIs there a virus at www.avast.com?\n\nAnn`)).toContain('avast')
})

describe('the marker of another help desk', () => {
  test.each([
    '##- Please type your reply above this line -##',
    '--- Please reply above this line ---',
    '## Bitte gib deine Antwort oberhalb dieser Zeile ein. ##',
  ])('%j goes with what is below', marker => {
    expect(visibleReply(`${ANSWER}\n\n${marker}\n\n${QUOTE}`)).toBe(ANSWER)
    expect(visibleReply(`${marker}\n\n${QUOTE}`)).toBe(QUOTE)
  })
})

describe('a quote with its header in it', () => {
  const quoted = `-----Original Message-----\n${FIELDS}\n\n${QUOTE}`.replace(/^/gm, '> ')

  test('goes above an answer and below one', () => {
    expect(visibleReply(`${quoted}\n\n${ANSWER}`)).toBe(ANSWER)
    expect(visibleReply(`${ANSWER}\n\n${quoted}`)).toBe(ANSWER)
  })

  test('what a server wrapped off its lines goes as well', () => {
    const long = '> This line of the quote is as long as a line can be until somebody wraps'
    expect(visibleReply(`${ANSWER}\n\n${long}\nit here\n> and it goes on.`)).toBe(ANSWER)
    expect(visibleReply(`${long} it?\nYes.\n> And this?\nNo.`)).toBe(`${long} it?\nYes.\n> And this?\nNo.`)
  })
})

test('a telephone’s line above the quote goes though the answer stands below', () => {
  const above = 'Sent from my iPhone\n\nOn Jan 5, 2026, at 10:00, Bob Berg <bob@example.com> wrote:'
  expect(visibleReply(`${above}\n\n${marked}\n\n${ANSWER}`)).toBe(ANSWER)
})

describe('footers', () => {
  test.each([
    'This e-mail and any attachments are confidential and intended solely for the addressee. If you have received this message in error, please notify the sender and delete it.',
    'Diese E-Mail enthält vertrauliche und/oder rechtlich geschützte Informationen. Wenn Sie nicht der richtige Adressat sind, vernichten Sie bitte diese Mail.',
    'Ce message et toutes les pièces jointes sont confidentiels et établis à l’intention exclusive de leurs destinataires. Reçu par erreur, merci de le détruire.',
  ])('%j goes', footer => {
    expect(visibleReply(`${ANSWER}\n\n${footer}`)).toBe(ANSWER)
  })
})

describe('what only looks like a quote stays', () => {
  test.each([
    'Hello,\n\nOn Monday at 10:00 we met Bob. He wrote:\n\nI will come.\n\nAnn',
    'Please set:\n\nFrom: info@example.com\n\nand restart it.',
    'The label says\nTo: Bob\nFrom: Ann\n\nis that right?',
    'Our meeting on 5 Jan 2026 at 10:00:\n\n- printer\n- bin',
    'I moved from: A\n\nto: B',
    'Contact me at ann@example.com:\n\nI am there on 05.01.2026 from 10:00.',
    '> is it on fire?\nYes.',
    'The server says:\n\n-----Original Message-----\n\nand then it stops.',
    'The steps:\n\n--------------------\nStep one\n--------------------\nStep two',
    'Please write above this line.\n\nAnn',
    'My file:\n\n#---- DO NOT EDIT ABOVE THIS LINE ----\nport = 25',
    'Version: 1.2.3\nDate: 2026-01-05\nFrom: tray 2\nTo: tray 3',
    'I get this >>>\n550 5.1.1 >>>\n\nWhat now?',
  ])('%j', text => {
    expect(visibleReply(text)).toBe(text)
  })
})
