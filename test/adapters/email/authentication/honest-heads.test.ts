import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SenderCheck } from '../../../../adapters/email/authentication/sender-check.ts'
import { readMail } from '../../../../adapters/email/read/parse-message.ts'
import type { InboundMessage } from '../../../../src/channel/message.ts'
import { DomainKey } from '../../../support/mail/signed-mail.ts'
import { DnsServer } from '../../../support/servers/dns-server.ts'

// What programs and servers in use write. Each of these mails is of the person whom it names, and is taken for that:
// where a server of ours says so in its own way, where nothing but the signature does, and from where its domain sends.

const OWN = ['help@desk.example']
const NOW = new Date('2026-12-01T10:00:00Z')
const BOB = 'bob@example.com'

const dns = new DnsServer()
const key = new DomainKey()
let check: SenderCheck

beforeAll(async () => {
  check = new SenderCheck({ dns: await dns.start(), ownAddresses: OWN, now: NOW.getTime() })
  key.publish(dns, 'example.com')
  dns.texts.set('example.com', 'v=spf1 ip4:198.51.100.7 -all')
  dns.texts.set('_dmarc.example.com', 'v=DMARC1; p=reject')
})

afterAll(() => dns.stop())

async function read(mail: string, trusted: string[] = []): Promise<InboundMessage> {
  const options = { ownAddresses: OWN, envelope: null, spool: join(tmpdir(), 'none'), trusted }
  const { message } = await readMail({ bytes: Buffer.from(mail, 'latin1') }, options)
  if ('quarantine' in message) throw new Error(message.detail)
  return message as InboundMessage
}

// What the signatures of these cover, as it stands in their mail.
const GOOGLE =
  'to:subject:message-id:date:from:in-reply-to:references:mime-version:from:to:cc:subject:date:message-id:reply-to'
const MICROSOFT =
  'From:Date:Subject:Message-ID:Content-Type:MIME-Version:X-MS-Exchange-AntiSpam-MessageData-ChunkCount:X-MS-Exchange-SenderADCheck'
const ICLOUD = 'from:content-type:message-id:mime-version:subject:date:to'
const PROTON =
  'Date:To:From:Cc:Subject:Message-ID:In-Reply-To:References:Feedback-ID:From:To:Cc:Date:Subject:Reply-To:Feedback-ID:Message-ID:BIMI-Selector'
const FASTMAIL =
  'cc:cc:content-transfer-encoding:content-type:content-type:date:date:from:from:in-reply-to:in-reply-to:message-id:mime-version:references:reply-to:subject:subject:to:to'
const OPENDKIM = 'From:To:Subject:Date:From'
const RSPAMD =
  'from:from:reply-to:subject:subject:date:date:message-id:message-id:to:to:cc:mime-version:mime-version:content-type:content-type:content-transfer-encoding:content-transfer-encoding:in-reply-to:in-reply-to:references:references'
const GMX = 'X-UI-Sender-Class:Date:From:To:Subject:MIME-Version:Content-Type:Message-ID:References:In-Reply-To'
const ZOHO =
  'Date:From:To:Message-Id:Subject:MIME-Version:Content-Type:Content-Transfer-Encoding:Date:From:To:Message-Id:Subject'
const SES = 'From:To:Subject:MIME-Version:Content-Type:Message-ID:Date:Feedback-ID'
const EXIM =
  'Content-Transfer-Encoding:Content-Type:In-Reply-To:From:References:To:Subject:MIME-Version:Date:Message-ID:Sender:Reply-To:Cc'

interface Program {
  name: string
  /** All of the head beside what every mail has. */
  head: string[]
  from?: string
  body?: string
  covers: string
}

const PLAIN = 'Content-Type: text/plain; charset=utf-8'
const TEXT = 'My printer burns.\r\n'
const ALTERNATIVE = (boundary: string, before = '') =>
  `${before}--${boundary}\r\nContent-Type: text/plain; charset="utf-8"\r\n\r\nMy printer burns.\r\n\r\n--${boundary}\r\nContent-Type: text/html; charset="utf-8"\r\n\r\n<p>My printer burns.</p>\r\n\r\n--${boundary}--\r\n`
const inParts = (boundary: string, type = 'multipart/alternative', more = '') =>
  `Content-Type: ${type}; boundary="${boundary}"${more}`

const EXCHANGE = [
  'Thread-Topic: Printer',
  'Thread-Index: AQHZ0+7vL4dXkkW1w0qPj2kz5JcT3A==',
  'Accept-Language: de-DE, en-US',
  'Content-Language: de-DE',
  'X-MS-Has-Attach:',
  'X-MS-TNEF-Correlator:',
  'x-ms-publictraffictype: Email',
  'x-ms-exchange-senderadcheck: 1',
  'x-ms-exchange-antispam-messagedata-chunkcount: 1',
  'x-microsoft-antispam-message-info:',
  ' =?us-ascii?Q?AbCdEf0123456789AbCdEf0123456789AbCdEf0123456789AbCdEf012345?=',
  ' =?us-ascii?Q?AbCdEf0123456789?=',
  'X-OriginatorOrg: example.com',
]

const PROGRAMS: Program[] = [
  {
    name: 'Outlook, Exchange Online',
    head: [...EXCHANGE, inParts('_000_AM0PR04MB12345678_')],
    body: ALTERNATIVE('_000_AM0PR04MB12345678_'),
    from: '"Berg, Bob" <bob@example.com>',
    covers: MICROSOFT,
  },
  {
    name: 'Outlook for iOS',
    head: [...EXCHANGE, inParts('_000_VI1PR02MB1_', 'multipart/related', '; type="multipart/alternative"')],
    body: ALTERNATIVE('_000_VI1PR02MB1_'),
    covers: MICROSOFT,
  },
  {
    name: 'Exchange on-premises',
    head: [...EXCHANGE, 'x-originating-ip: [10.0.0.7]', 'x-exclaimer-md-config: 1', inParts('_000_abc_')],
    body: ALTERNATIVE('_000_abc_'),
    covers: OPENDKIM.replace('Date:', 'Date:Message-ID:Content-Type:'),
  },
  {
    name: 'Outlook through Google',
    head: [
      inParts('----=_NextPart_000_0001_01DA1234.5678ABCD'),
      'X-Mailer: Microsoft Outlook 16.0',
      'Thread-Index: AdoAbCdE',
      'Content-Language: en-us',
    ],
    body: ALTERNATIVE(
      '----=_NextPart_000_0001_01DA1234.5678ABCD',
      'This is a multipart message in MIME format.\r\n\r\n',
    ),
    covers: GOOGLE,
  },
  {
    name: 'Gmail',
    head: [inParts('000000000000abcdef05e8f0c1b2')],
    body: ALTERNATIVE('000000000000abcdef05e8f0c1b2'),
    covers: GOOGLE,
  },
  { name: 'Gmail, plain text', head: ['Content-Type: text/plain; charset="UTF-8"'], covers: GOOGLE },
  {
    name: 'Gmail, umlauts in plain text',
    head: ['Content-Type: text/plain; charset="UTF-8"', 'Content-Transfer-Encoding: quoted-printable'],
    body: 'Der Drucker raucht. Gr=C3=BC=C3=9Fe\r\n',
    covers: GOOGLE,
  },
  {
    name: 'iPhone through Google',
    head: [inParts('Apple-Mail-7E6A', 'multipart/alternative', '; charset=utf-8'), 'X-Mailer: iPhone Mail (21A329)'],
    body: `\r\n${ALTERNATIVE('Apple-Mail-7E6A')}`,
    covers: GOOGLE,
  },
  {
    name: 'iPhone through Google, plain text',
    head: ['Content-Type: text/plain; charset=us-ascii', 'Content-Transfer-Encoding: 7bit'],
    covers: GOOGLE,
  },
  {
    name: 'Apple Mail, iCloud',
    head: [inParts('Apple-Mail=_7E6A', 'multipart/alternative'), 'X-Mailer: Apple Mail (2.3774.300.61.1.2)'],
    body: `\r\n${ALTERNATIVE('Apple-Mail=_7E6A')}`,
    covers: ICLOUD,
  },
  {
    name: 'iPhone, iCloud',
    head: ['Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: quoted-printable'],
    body: 'Der Drucker raucht.=20\r\nVon meinem iPhone gesendet\r\n',
    covers: ICLOUD,
  },
  {
    name: 'Proton',
    head: [inParts('b1=_AbCdEf0123'), 'Feedback-ID: 123:user:proton', 'X-Pm-Message-ID: abc'],
    body: `This is a multi-part message in MIME format.\r\n\r\n${ALTERNATIVE('b1=_AbCdEf0123')}`,
    covers: PROTON,
  },
  {
    name: 'Proton, HTML alone',
    head: ['Content-Type: text/html; charset=utf-8', 'Content-Transfer-Encoding: quoted-printable'],
    body: '<div style=3D"font-family: Arial, sans-serif;">My printer burns.</div>\r\n',
    covers: PROTON,
  },
  {
    name: 'Proton, signed',
    head: [
      inParts(
        '------abc123',
        'multipart/signed',
        '; protocol="application/pgp-signature"; micalg=pgp-sha512; charset=utf-8',
      ),
    ],
    body: 'This is an OpenPGP/MIME signed message (RFC 4880 and 3156)\r\n--------abc123\r\nContent-Type: text/plain\r\n\r\nMy printer burns.\r\n--------abc123\r\nContent-Type: application/pgp-signature; name="signature.asc"\r\n\r\n-----BEGIN PGP SIGNATURE-----\r\n\r\nabc\r\n-----END PGP SIGNATURE-----\r\n\r\n--------abc123--\r\n',
    covers: PROTON,
  },
  {
    name: 'Thunderbird through Google',
    head: [
      'User-Agent: Mozilla Thunderbird',
      'Content-Language: en-US',
      `${PLAIN}; format=flowed`,
      'Content-Transfer-Encoding: 8bit',
    ],
    body: 'My printer burns. Grüße\r\n',
    covers: GOOGLE,
  },
  {
    name: 'Thunderbird, parts',
    head: ['User-Agent: Mozilla Thunderbird', 'Content-Language: de-DE', inParts('------------0AbC')],
    body: `This is a multi-part message in MIME format.\r\n${ALTERNATIVE('------------0AbC')}`,
    covers: GOOGLE,
  },
  {
    name: 'Thunderbird, signed by S/MIME',
    head: [
      inParts('------------ms0203', 'multipart/signed', '; protocol="application/pkcs7-signature"; micalg=sha-256'),
    ],
    body: 'This is a cryptographically signed message in MIME format.\r\n\r\n--------------ms0203\r\nContent-Type: text/plain\r\n\r\nMy printer burns.\r\n--------------ms0203\r\nContent-Type: application/pkcs7-signature; name="smime.p7s"\r\nContent-Transfer-Encoding: base64\r\n\r\nMIIabc=\r\n--------------ms0203--\r\n',
    covers: GOOGLE,
  },
  {
    name: 'Windows Live Mail through Google',
    head: [
      'Content-Type: text/plain; format=flowed; charset="utf-8"; reply-type=original',
      'Content-Transfer-Encoding: 7bit',
    ],
    covers: GOOGLE,
  },
  {
    name: 'Fastmail',
    head: ['User-Agent: Cyrus-JMAP/3.9', 'Feedback-ID: i123:Fastmail', 'Content-Type: text/plain'],
    covers: FASTMAIL,
  },
  {
    name: 'GMX',
    head: ['Sensitivity: Normal', 'X-Priority: 3', 'Content-Type: text/html; charset=UTF-8'],
    body: '<html><head></head><body><div>My printer burns.</div></body></html>\r\n',
    covers: GMX,
  },
  {
    name: 'Zoho',
    head: [inParts('----=_Part_1_2.3'), 'X-Zoho-Virus-Status: 1'],
    body: ALTERNATIVE('----=_Part_1_2.3'),
    covers: ZOHO,
  },
  {
    name: 'Roundcube',
    head: [
      'User-Agent: Roundcube Webmail/1.6.1',
      'Content-Type: text/plain; charset=UTF-8; format=flowed',
      'Content-Transfer-Encoding: 7bit',
    ],
    from: 'Bob Berg <bob@example.com>',
    covers: RSPAMD,
  },
  {
    name: 'no name, the address in its place',
    head: [PLAIN],
    from: 'bob@example.com <bob@example.com>',
    covers: RSPAMD,
  },
  { name: 'no name, the address behind it', head: [PLAIN], from: 'bob@example.com (bob@example.com)', covers: RSPAMD },
  {
    name: 'no name, the address in quotes',
    head: [PLAIN],
    from: '"bob@example.com" <bob@example.com>',
    covers: RSPAMD,
  },
  {
    name: 'a name with a department',
    head: [PLAIN],
    from: '"Bob Berg (IT, 2nd floor) [Contoso]" <bob@example.com>',
    covers: RSPAMD,
  },
  { name: 'a name in capitals with a slash', head: [PLAIN], from: 'BERG Bob / IT <Bob@Example.com>', covers: RSPAMD },
  {
    name: 'a name in two words of Base64',
    head: [PLAIN],
    from: '=?utf-8?B?QsO2Yg==?= =?utf-8?B?IEJlcmc=?= <bob@example.com>',
    covers: RSPAMD,
  },
  { name: 'a name in Chinese', head: [PLAIN], from: '"=?gb18030?B?1cXI/Q==?=" <bob@example.com>', covers: RSPAMD },
  { name: 'a name of only quotes', head: [PLAIN], from: '"" <bob@example.com>', covers: RSPAMD },
  { name: 'a name close to the address', head: [PLAIN], from: '"Bob Berg"<bob@example.com>', covers: RSPAMD },
  {
    name: 'a name folded',
    head: [PLAIN],
    from: '"Bob Berg, Head of the Department of Very Long Names"\r\n\t<bob@example.com>',
    covers: RSPAMD,
  },
  { name: 'mutt', head: [PLAIN, 'Content-Disposition: inline', 'User-Agent: Mutt/2.2.9'], covers: EXIM },
  {
    name: 'mutt through Google',
    head: [PLAIN, 'Content-Disposition: inline', 'User-Agent: Mutt/2.2.9'],
    covers: GOOGLE,
  },
  { name: 'KMail', head: [PLAIN, 'Content-Transfer-Encoding: 7Bit', 'X-KMail-Identity: 1'], covers: EXIM },
  {
    name: 'Evolution',
    head: [
      'Content-Type: text/plain; charset="UTF-8"',
      'Content-Transfer-Encoding: 7bit',
      'User-Agent: Evolution 3.46',
    ],
    covers: GOOGLE,
  },
  {
    name: 'Notes',
    head: [
      'X-KeepSent: 00000000',
      'X-Mailer: HCL Notes Release 12.0',
      'X-TNEFEvaluated: 1',
      inParts('=_alternative 0042A5C1'),
    ],
    body: ALTERNATIVE('=_alternative 0042A5C1', 'This is a multipart message in MIME format.\r\n'),
    covers: EXIM,
  },
  {
    name: 'Notes through Google',
    head: ['X-Mailer: HCL Notes Release 12.0', inParts('=_alternative 0042A5C1')],
    body: ALTERNATIVE('=_alternative 0042A5C1', 'This is a multipart message in MIME format.\r\n'),
    covers: GOOGLE,
  },
  {
    name: 'Horde through Google',
    head: ['User-Agent: Horde Application Framework 5', inParts('=_abc')],
    body: ALTERNATIVE('=_abc', 'This message is in MIME format.\r\n\r\n'),
    covers: GOOGLE,
  },
  {
    name: 'a program in Perl through Google',
    head: [inParts('_----------=_1', 'multipart/mixed')],
    body: ALTERNATIVE('_----------=_1', 'This is a multi-part message in MIME format...\r\n\r\n'),
    covers: GOOGLE,
  },
  {
    name: 'Amazon SES',
    head: [
      'Content-Type: text/plain; charset=UTF-8',
      'Content-Transfer-Encoding: 7bit',
      'Feedback-ID: ::1.eu-west-1.abc=:AmazonSES',
    ],
    covers: SES,
  },
  {
    name: 'Samsung Email',
    head: [inParts('--_com.samsung.android.email_1')],
    body: ALTERNATIVE('--_com.samsung.android.email_1'),
    covers: GOOGLE,
  },
  {
    name: 'K-9 Mail',
    head: [
      'User-Agent: K-9 Mail for Android',
      inParts('----ABC'),
      'Autocrypt: addr=bob@example.com; keydata=',
      ' mQENBF',
    ],
    body: ALTERNATIVE('----ABC'),
    covers: GOOGLE,
  },
]

/** A character a byte. */
const written = ({ head, from = `Bob Berg <${BOB}>`, body = TEXT }: Program) =>
  Buffer.from(
    [
      `From: ${from}`,
      'To: Help Desk <help@desk.example>',
      'Subject: Printer',
      'Date: Tue, 01 Dec 2026 09:00:00 +0000',
      'Message-ID: <printer@example.com>',
      'MIME-Version: 1.0',
      ...head,
      '',
      body,
    ].join('\r\n'),
  ).toString('latin1')

const FROM_THERE = { ip: '198.51.100.7', helo: 'mx.example.com', sender: BOB }
const FROM_ELSEWHERE = {
  ip: '45.33.9.9',
  helo: 'mx.forwarder.example',
  sender: 'srs0=x=example.com=bob@forwarder.example',
}

describe('a mail of a person, by', () => {
  const whole = (each: Program) => !/^From:To:Subject:Date:From$/.test(each.covers)
  test.each(PROGRAMS.filter(whole))('$name', async program => {
    const mail = await key.sign(written(program), { covers: program.covers })
    const message = await read(mail)
    expect(message.from?.address).toBe(BOB)
    expect(message.kind).toBe('person')
    const bytes = Buffer.from(mail, 'latin1')
    for (const client of [FROM_THERE, FROM_ELSEWHERE, null]) {
      const { result, reasons } = await check.check({ bytes }, BOB, client)
      expect(result, `${client?.helo}: ${reasons.join(', ')}`).toBe('pass')
    }
    const told = `Authentication-Results: mx.desk.example; dkim=pass header.d=example.com; dmarc=pass header.from=example.com\r\n${mail}`
    const { result, reasons } = (await read(told, ['mx.desk.example'])).authentication
    expect(result, reasons.join(', ')).toBe('pass')
  })
})

const SERVERS: [name: string, trusted: string, fields: string[]][] = [
  [
    'Google',
    'mx.google.com',
    [
      'Received: by 2002:a05:6402:1234:b0:5c0 with SMTP id x;\r\n        Tue, 1 Dec 2026 01:00:02 -0800 (PST)',
      'X-Received: by 2002:a17:906:1 with SMTP id x;\r\n        Tue, 01 Dec 2026 01:00:02 -0800 (PST)',
      'ARC-Seal: i=1; a=rsa-sha256; t=1; cv=none;\r\n        d=google.com; s=arc-20240605;\r\n        b=abc',
      'ARC-Authentication-Results: i=1; mx.google.com;\r\n       dkim=fail header.i=@example.com',
      'Return-Path: <bob@example.com>',
      'Received: from mail.example.com (mail.example.com. [198.51.100.7])\r\n        by mx.google.com with ESMTPS id x\r\n        for <help@desk.example>',
      'Received-SPF: pass (google.com: domain of bob@example.com designates 198.51.100.7 as permitted sender) client-ip=198.51.100.7;',
      'Authentication-Results: mx.google.com;\r\n       dkim=pass header.i=@example.com header.s=s1 header.b="AbC/d+e=";\r\n       arc=pass (i=1 spf=pass spfdomain=example.com dkim=pass dkdomain=example.com dmarc=pass fromdomain=example.com);\r\n       spf=pass (google.com: domain of bob@example.com designates 198.51.100.7 as permitted sender) smtp.mailfrom=bob@example.com;\r\n       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=example.com;\r\n       dara=pass header.i=@desk.example',
    ],
  ],
  [
    'Google, of a domain without a key of its own',
    'mx.google.com',
    [
      'Authentication-Results: mx.google.com;\r\n       dkim=pass header.i=@example-com.20230601.gappssmtp.com header.s=20230601 header.b=abc;\r\n       spf=pass (google.com: domain of bob@example.com designates 2607:f8b0:4864:20::12e as permitted sender) smtp.mailfrom=bob@example.com',
    ],
  ],
  [
    'Microsoft 365',
    'microsoft365',
    [
      'Received: from DB9PR01.eurprd01.prod.exchangelabs.com (2603:10a6:10::1) by\r\n AM0PR01.eurprd01.prod.exchangelabs.com with HTTPS; Tue, 1 Dec 2026 09:00:05 +0000',
      'ARC-Seal: i=2; a=rsa-sha256; s=arcselector10001; d=microsoft.com; cv=pass;\r\n b=abc',
      'ARC-Authentication-Results: i=2; mx.microsoft.com 1; spf=pass (sender ip is\r\n 198.51.100.7) smtp.rcpttodomain=desk.example smtp.mailfrom=example.com; dmarc=pass (p=reject sp=reject pct=100) action=none\r\n header.from=example.com; dkim=pass (signature was verified)\r\n header.d=example.com; arc=pass (0 oda=1 ltdi=1)',
      'Received: from AS4P.eurprd01.prod.exchangelabs.com by DB9PR01.eurprd01.prod.exchangelabs.com\r\n with Microsoft SMTP Server; Tue, 1 Dec 2026 09:00:04 +0000',
      'Authentication-Results: spf=pass (sender IP is 198.51.100.7)\r\n smtp.mailfrom=example.com; dkim=pass (signature was verified)\r\n header.d=example.com;dmarc=pass action=none\r\n header.from=example.com;compauth=pass reason=100',
      'Received-SPF: Pass (protection.outlook.com: domain of example.com designates\r\n 198.51.100.7 as permitted sender) receiver=protection.outlook.com; pr=C',
      'Received: from mail.example.com (198.51.100.7) by\r\n AMS.mail.protection.outlook.com with Microsoft SMTP Server',
      'Authentication-Results-Original: dkim=none (message not signed)\r\n header.d=none;dmarc=none action=none header.from=example.com;',
    ],
  ],
  [
    'Microsoft 365, with a chain',
    'microsoft365',
    [
      'Authentication-Results: spf=softfail (sender IP is 45.33.9.9) smtp.mailfrom=example.com; dkim=pass (signature was verified) header.d=example.com;dmarc=pass action=none header.from=example.com;compauth=pass reason=130;arc=pass (0 oda=1 ltdi=1 spf=[1,1,smtp.mailfrom=example.com] dkim=[1,1,header.d=example.com] dmarc=[1,1,header.from=example.com])',
    ],
  ],
  [
    'Fastmail',
    'mx3.messagingengine.com',
    [
      'Authentication-Results: mx3.messagingengine.com;\r\n    arc=none (no signatures found);\r\n    bimi=skipped (DMARC Policy is not at enforcement);\r\n    dkim=pass (2048-bit rsa key sha256) header.d=example.com\r\n    header.i=@example.com header.b=AbC/d+e= header.a=rsa-sha256\r\n    header.s=s1 x-bits=2048;\r\n    dmarc=pass policy.published-domain-policy=none\r\n    policy.applied-disposition=none policy.evaluated-disposition=none\r\n    (p=none,d=none,d.eval=none) policy.policy-from=p\r\n    header.from=example.com;\r\n    iprev=pass smtp.remote-ip=198.51.100.7 (mail.example.com);\r\n    spf=pass smtp.mailfrom=bob@example.com\r\n    smtp.helo=mail.example.com',
      'X-ME-Authentication-Results: mx3.messagingengine.com;\r\n    x-aligned-from=pass (Address match);\r\n    x-tls=pass smtp.version=TLSv1.3',
    ],
  ],
  [
    'Proton',
    'mail.protonmail.ch',
    [
      'Authentication-Results: mail.protonmail.ch; dmarc=pass (p=none dis=none)\r\n header.from=example.com',
      'Authentication-Results: mail.protonmail.ch; spf=pass smtp.mailfrom=example.com',
      'Authentication-Results: mail.protonmail.ch; arc=none smtp.remote-ip=198.51.100.7',
      'Authentication-Results: mail.protonmail.ch; dkim=pass (Good 2048 bit\r\n rsa-sha256 signature) header.d=example.com header.a=rsa-sha256',
    ],
  ],
  [
    'Zoho',
    'mx.zohomail.com',
    [
      'Authentication-Results: mx.zohomail.com;\r\n\tdkim=pass;\r\n\tspf=pass (zohomail.com: domain of bob@example.com designates 198.51.100.7 as permitted sender)  smtp.mailfrom=bob@example.com;\r\n\tarc=pass (i=1 dmarc=pass fromdomain=example.com);\r\n\tdmarc=pass(p=none dis=none)  header.from=bob@example.com',
    ],
  ],
  [
    'Yahoo',
    'atlas-production.v2-mail-prod1-gq1.omega.yahoo.com',
    [
      'Authentication-Results: atlas-production.v2-mail-prod1-gq1.omega.yahoo.com;\r\n dkim=pass header.i=@example.com header.s=s1;\r\n spf=pass smtp.mailfrom=example.com;\r\n dmarc=pass(p=NONE) header.from=example.com;',
    ],
  ],
  ['GMX', 'gmx.net', ['Authentication-Results: gmx.net; dkim=pass header.i=@example.com']],
  [
    'Strato',
    'strato.com',
    [
      'Authentication-Results: strato.com;\r\n    dmarc=pass (p=none) header.from="example.com";\r\n    arc=none;\r\n    dkim=pass header.d="example.com" header.s="s1" header.a="rsa-sha256";\r\n    dkim-adsp=pass;\r\n    spf=pass smtp.mailfrom="bob@example.com"',
    ],
  ],
  [
    'iCloud, one of its names',
    'dmarc.icloud.com',
    [
      'Authentication-Results: bimi.icloud.com; bimi=none',
      'X-ARC-Info: policy=fail; arc=none',
      'Authentication-Results: arc.icloud.com; arc=none',
      'Authentication-Results: dmarc.icloud.com; dmarc=pass header.from=example.com',
      'Authentication-Results: dkim-verifier.icloud.com;\r\n\tdkim=pass (2048-bit key) header.d=example.com header.i=@example.com header.b=AbC/d+e=',
      'Authentication-Results: spf.icloud.com; spf=pass (spf.icloud.com: domain of bob@example.com designates 198.51.100.7 as permitted sender) smtp.mailfrom=bob@example.com',
    ],
  ],
  [
    'OpenDKIM and OpenDMARC',
    'mx.desk.example',
    [
      'Authentication-Results: mx.desk.example; dmarc=pass (p=none dis=none) header.from=example.com',
      'Authentication-Results: mx.desk.example;\r\n\tdkim=pass (2048-bit key; unprotected) header.d=example.com header.i=@example.com header.a=rsa-sha256 header.s=s1 header.b=abc/D+e;\r\n\tdkim-atps=neutral',
    ],
  ],
  [
    'a policy server for SPF',
    'mx.desk.example',
    [
      'Authentication-Results: mx.desk.example; spf=pass (mailfrom) smtp.mailfrom=example.com (client-ip=198.51.100.7; helo=mail.example.com; envelope-from=bob@example.com; receiver=<UNKNOWN>)',
    ],
  ],
  [
    'Rspamd',
    'mx.desk.example',
    [
      'Authentication-Results: mx.desk.example;\r\n\tdkim=pass ("signature verified") header.d=example.com header.s=s1 header.b=AbC_d+e;\r\n\tspf=pass (mx.desk.example: domain of "bob; x"@example.com designates 198.51.100.7 as permitted sender) smtp.mailfrom=bob@example.com;\r\n\tdmarc=pass (policy=none) header.from=example.com;\r\n\tarc=none',
    ],
  ],
  [
    'Exim',
    'mx.desk.example',
    [
      'Authentication-Results: mx.desk.example;\r\n\tiprev=pass (mail.example.com) smtp.remote-ip=198.51.100.7;\r\n\tspf=pass smtp.mailfrom=example.com;\r\n\tdkim=pass header.d=example.com header.s=s1 header.a=rsa-sha256;\r\n\tdmarc=pass header.from=example.com; arc=none',
    ],
  ],
  [
    'amavis',
    'mx.desk.example',
    [
      'Authentication-Results: mx.desk.example (amavis);\r\n\tdkim=pass (2048-bit key) header.d=example.com header.i=@example.com',
    ],
  ],
  [
    'Stalwart',
    'mx.desk.example',
    [
      'Authentication-Results: mx.desk.example;\r\n\tdkim=pass header.d=example.com header.s=s1 header.b=AbCdEfGh;\r\n\tspf=pass (mx.desk.example: domain of bob@example.com designates 198.51.100.7 as permitted sender) smtp.mailfrom=bob@example.com;\r\n\tspf=none (mx.desk.example: no SPF records found for postmaster@mail.example.com) smtp.helo=mail.example.com;\r\n\tiprev=pass policy.iprev=198.51.100.7;\r\n\tdmarc=pass header.from=example.com policy.dmarc=none',
    ],
  ],
  [
    'Mimecast',
    'relay.mimecast.com',
    [
      'Authentication-Results: relay.mimecast.com;\r\n\tdkim=pass header.d=example.com header.s=s1 header.b=AbCdEfGh;\r\n\tdmarc=pass (policy=none) header.from=example.com;\r\n\tspf=pass (relay.mimecast.com: domain of bob@example.com designates 198.51.100.7 as permitted sender) smtp.mailfrom=bob@example.com',
    ],
  ],
  [
    'Proofpoint',
    'ppops.net',
    [
      'Authentication-Results: ppops.net; spf=pass smtp.mailfrom=bob@example.com smtp.helo=mail.example.com; dkim=pass header.s=s1 header.d=example.com; dmarc=pass header.from=example.com',
    ],
  ],
  [
    'Cisco',
    'esa1.desk.example',
    [
      'Authentication-Results: esa1.desk.example; dkim=pass (signature verified) header.i=@example.com; spf=Pass smtp.mailfrom=bob@example.com; spf=None smtp.helo=postmaster@mail.example.com; dmarc=pass (p=none dis=none) d=example.com',
    ],
  ],
  [
    'maddy',
    'mx.desk.example',
    [
      'Authentication-Results: mx.desk.example; dkim=pass header.d=example.com; spf=pass smtp.helo=mail.example.com smtp.mailfrom=bob@example.com; dmarc=pass header.from=example.com',
    ],
  ],
  [
    'a list of signatures',
    'mx.desk.example',
    [
      'Authentication-Results: mx.desk.example;\r\n\tdkim=pass header.d=example.com header.i=@example.com header.b=a; dkim=pass header.d=amazonses.com header.i=@amazonses.com header.b=b; dkim=fail reason="signature verification failed" header.d=old.example',
    ],
  ],
] // prettier-ignore

test.each(SERVERS)('%s says so', async (_name, trusted, fields) => {
  const mail = await key.sign(written(PROGRAMS[0] as Program), { covers: MICROSOFT })
  const { result, reasons } = (await read(`${fields.join('\r\n')}\r\n${mail}`, [trusted])).authentication
  expect(result, reasons.join(', ')).toBe('pass')
})
