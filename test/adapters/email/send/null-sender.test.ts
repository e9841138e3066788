import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readMail } from '../../../../adapters/email/read/parse-message.ts'

const HOP =
  'Received: from mx.sender.example (mx.sender.example [198.51.100.1]) by mail.desk.example; Tue, 1 Dec 2026 09:00:00 +0000'
const WITHIN = 'Received: by 2002:a05:6402:1 with SMTP id x1csp; Tue, 1 Dec 2026 01:00:00 -0800 (PST)'
const NULL = 'Return-Path: <>'
const NAMED = 'Return-Path: <x@evil.example>'
const MAIL = [
  'From: MAILER-DAEMON@mx.sender.example',
  'Subject: Undelivered Mail Returned to Sender',
  '',
  'No such user.',
]

/** Whether a mail counts as sent by nobody, with this on top of it and that envelope. */
async function isFromNobody(top: string[], from?: string): Promise<boolean> {
  const bytes = Buffer.from([...top, ...MAIL].join('\r\n'))
  const envelope = from === undefined ? null : { from, to: ['help@desk.example'] }
  const spool = join(tmpdir(), 'null-sender')
  const { message } = await readMail({ bytes }, { ownAddresses: ['help@desk.example'], envelope, spool })
  return 'mail' in message && message.mail.nullSender === true
}

test.each<[string, string[], string | undefined, boolean]>([
  ['an empty envelope sender', [], '', true],
  ['an envelope sender', [], 'x@evil.example', false],
  ['an envelope sender, and a head that says otherwise', [NULL], 'x@evil.example', false],
  ['an empty envelope sender, and a head that says otherwise', [NAMED, HOP], '', true],
  [
    'Return-Path on top, as Dovecot and Postfix write it',
    [NULL, 'Delivered-To: help@desk.example', HOP],
    undefined,
    true,
  ],
  [
    'Return-Path below Delivered-To',
    ['X-Original-To: help@desk.example', 'Delivered-To: help@desk.example', NULL, HOP],
    undefined,
    true,
  ],
  [
    'Return-Path where Gmail writes it',
    [
      'Delivered-To: help@desk.example',
      WITHIN,
      'X-Received: by 2002:a05:1 with SMTP id 1',
      'ARC-Seal: i=1; a=rsa-sha256',
      NULL,
      HOP,
    ],
    undefined,
    true,
  ],
  ['Return-Path with blanks', ['Return-Path:  < > ', HOP], undefined, true],
  ['Return-Path that is folded', ['Return-Path:\r\n <>', HOP], undefined, true],
  ['Return-Path of somebody', [NAMED, HOP], undefined, false],
  ['Return-Path below the first hop, where anybody may have written it', [HOP, NULL], undefined, false],
  ['a second Return-Path', [NAMED, NULL, HOP], undefined, false],
  ['a second Return-Path below the hop', [NAMED, HOP, NULL], undefined, false],
  ['Return-Path below hops', [HOP, HOP, 'Authentication-Results: x; spf=none', NULL], undefined, false],
  ['Return-Path of nothing at all', ['Return-Path:', HOP], undefined, false],
  ['Return-Path with an address beside it', ['Return-Path: <> <x@evil.example>', HOP], undefined, false],
  ['no Return-Path', [HOP], undefined, false],
  ['a field that only looks like it', ['X-Return-Path: <>', HOP], undefined, false],
])('%s', async (_what, top, from, expected) => {
  expect(await isFromNobody(top, from)).toBe(expected)
})
