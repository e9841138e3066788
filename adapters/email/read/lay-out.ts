// Lays HTML out as text, with marks where it quotes.
import { compile, type FormatCallback } from 'html-to-text'
import { MARKS } from '../../../src/core/mail/reply/lines.ts'

/** What holds the mail that is answered, by the programs that write it so. */
const QUOTES = [
  // Outlook
  'div[id$="divRplyFwdMsg"]',
  'div[id$="appendonsend"]',
  'div.OutlookMessageHeader',
  'hr[id$="stopSpelling"]',
  'hr#zwchr',
  // Outlook on telephones
  'div[id$="mail-editor-reference-message-container"]',
  'div.ms-outlook-mobile-reference-message',
  // Outlook on the desktop
  'div[style*="border-top:solid #E1E1E1 1"]',
  'div[style*="border-top:solid #B5C4DF 1"]',
  // Yahoo, Proton, Spark, NetEase and others
  'div.yahoo_quoted',
  'div[id^="yahoo_quoted"]',
  'div.protonmail_quote',
  'div.zmail_extra',
  'div#isReplyContent',
  'div[name="messageReplySection"]',
  'div.ntes-mailmaster-quote',
  'div.missive_quote',
  'div.cm_quote',
  'div.edo-quote',
]

/** What says who wrote what is quoted. */
const ATTRIBUTIONS = [
  'div.gmail_attr',
  'div.moz-cite-prefix',
  'div.gmail_quote_attribution',
  'p.airmail_on',
  'p#reply-intro',
]

const SIGNATURES = [
  'div.gmail_signature',
  'div.moz-signature',
  'pre.moz-signature',
  'div.protonmail_signature_block',
  'div#Signature',
  'div#ms-outlook-mobile-signature',
  'div#AppleMailSignature',
  'div[name="messageSignatureSection"]',
  'div.front-signature',
  'div.bloop_sign',
  'div#signature_old',
  'div#_rc_sig',
  'signature',
  'div#psignature',
  'div#canary-signature',
  'div#edo-signature',
  'div.cm_signature',
  'div.blue_signature',
  'div[data-signatureblock="true"]',
  'div[data-signature-widget="container"]',
  'div#composer_signature',
  'div#ntes-pcmac-signature',
  'span#_FoxMAILSignature',
  'div[id^="ymail_android_signature"]',
]

/** Indented by its writer, as Gmail and Outlook do it, and not quoted. */
const INDENTED = ['blockquote[style*="border:none"]', 'blockquote[style*="border: none"]']

/** Lays an element out as a block, with a line of its own before and behind it. */
function formatMarked(before: string, behind = ''): FormatCallback {
  return (element, walk, builder) => {
    builder.openBlock({ leadingLineBreaks: 1 })
    builder.addInline(before)
    builder.closeBlock({ trailingLineBreaks: 1 })
    builder.openBlock({ leadingLineBreaks: 1 })
    walk(element.children, builder)
    builder.closeBlock({ trailingLineBreaks: 1 })
    if (!behind) return
    builder.openBlock({ leadingLineBreaks: 1 })
    builder.addInline(behind)
    builder.closeBlock({ trailingLineBreaks: 1 })
  }
}

/** The mark goes before the first line, which is what tells. */
const attribution: FormatCallback = (element, walk, builder) => {
  builder.openBlock({ leadingLineBreaks: 1 })
  builder.addLiteral(MARKS.attribution)
  walk(element.children, builder)
  builder.closeBlock({ trailingLineBreaks: 1 })
}

/** Cells of a row stand beside each other, with a blank between them. */
const cell: FormatCallback = (element, walk, builder) => {
  if (isLaterCell(element)) builder.addInline(' ')
  walk(element.children, builder)
}

interface Sibling {
  name?: string
  prev?: Sibling | null
}

function isLaterCell(element: object): boolean {
  for (let before = (element as Sibling).prev; before; before = before.prev) {
    if (before.name === 'td' || before.name === 'th') return true
  }
  return false
}

/** HTML as text, with `MARKS` where its structure tells what is quoted. */
export const layOut = compile({
  wordwrap: false,
  // Programs quote a whole page within theirs: what stands around it is shown, too, as browsers do.
  baseElements: { selectors: [] },
  formatters: {
    quote: formatMarked(MARKS.quote),
    attribution,
    cell,
    signature: formatMarked(MARKS.signature, MARKS.signatureEnd),
  },
  selectors: [
    { selector: 'img', format: 'skip' },
    { selector: 'title', format: 'skip' },
    { selector: 'table', format: 'block', options: { leadingLineBreaks: 1, trailingLineBreaks: 1 } },
    { selector: 'tr', format: 'block', options: { leadingLineBreaks: 1, trailingLineBreaks: 1 } },
    { selector: 'td', format: 'cell' },
    // Word's paragraphs have no margin: empty ones stand between those that have.
    { selector: 'p[class^="Mso"]', format: 'block', options: { leadingLineBreaks: 1, trailingLineBreaks: 1 } },
    { selector: 'p.elementToProof', format: 'block', options: { leadingLineBreaks: 1, trailingLineBreaks: 1 } },
    { selector: 'th', format: 'cell' },
    { selector: 'a', options: { hideLinkHrefIfSameAsText: true } },
    ...QUOTES.map(selector => ({ selector, format: 'quote' })),
    ...ATTRIBUTIONS.map(selector => ({ selector, format: 'attribution' })),
    ...SIGNATURES.map(selector => ({ selector, format: 'signature' })),
    ...INDENTED.map(selector => ({ selector, format: 'block' })),
  ],
})
