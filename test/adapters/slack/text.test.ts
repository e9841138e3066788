import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  markdownFromBlocks,
  markdownFromMessage,
  markdownFromSlack,
  type Names,
} from '../../../adapters/slack/text/mrkdwn-reader.ts'
import { slackFromRichText } from '../../../adapters/slack/text/mrkdwn-writer.ts'
import { splitForSlack } from '../../../adapters/slack/text/text-pieces.ts'
import { cpuTime } from '../../support/cpu-time.ts'

const HELD = '\uE0000\uE001'

/** What the writer puts beside marks: the soft hyphen keeps Slack from reading one, the space without width lets it. */
const HELP = /[\u00AD\u200B]/g

const names: Names = {
  user: id => ({ U012AB3CD: 'ann', U2: 'Bob *B*' })[id],
  channel: id => ({ C123ABC456: 'general' })[id],
  group: id => ({ SAZ94GDB8: 'support' })[id],
}
const nobody: Names = { user: () => undefined, channel: () => undefined, group: () => undefined }

function read(text: string): string {
  return markdownFromSlack(text, names)
}

function write(markdown: string, ...verbatim: string[]): string {
  return slackFromRichText({ markdown, verbatim })
}

/** With what nobody sees made visible. */
function shown(mrkdwn: string): string {
  return mrkdwn.replaceAll('\u00AD', '¬').replaceAll('\u200B', '⋅')
}

// https://docs.slack.dev/messaging/formatting-message-text
describe("Slack's text as Markdown", () => {
  test.each([
    ['_italic_ *bold* ~strike~', '_italic_ **bold** ~~strike~~'],
    ['This is a sentence with some `inline *code*` in it.', 'This is a sentence with some `inline *code*` in it.'],
    ["```This is a code block\nAnd it's multi-line```", "```\nThis is a code block\nAnd it's multi-line\n```"],
    [
      'This is unquoted text\n&gt;This is quoted text\n&gt;This is still quoted text\nThis is unquoted text again',
      'This is unquoted text\n> This is quoted text\n> This is still quoted text\n\nThis is unquoted text again',
    ],
    ['• Detective Chimp\n• Bouncing Boy\n• Aqualad', '- Detective Chimp\n- Bouncing Boy\n- Aqualad'],
    ['- Mihara\n- RaviHyral', '- Mihara\n- RaviHyral'],
    ['This message contains a URL <https://docs.slack.dev/>', 'This message contains a URL https://docs.slack.dev/'],
    ['So does this: <http://www.foo.com|www.foo.com>', 'So does this: www.foo.com'],
    ['<https://docs.slack.dev/|This message is a link>', '[This message is a link](https://docs.slack.dev/)'],
    ['<mailto:bob@example.com|Email Bob>', '[Email Bob](mailto:bob@example.com)'],
    ['<mailto:bob@example.com|bob@example.com>', 'bob@example.com'],
    ["It's Friday :tada:", "It's Friday 🎉"],
    ['Hello &amp; &lt;world&gt; &amp;lt;', 'Hello & <world> &lt;'],
    ['Why not join <#C123ABC456>?', 'Why not join #general?'],
    ['Why not join <#C024BE7LR|random>?', 'Why not join #random?'],
    ['Hey <@U012AB3CD>, thanks for submitting your report.', 'Hey @ann, thanks for submitting your report.'],
    ['<@U024BE7LH|bob> and <@U9>', '@bob and @U9'],
    ["Hey <!subteam^SAZ94GDB8>, there's a task.", "Hey @support, there's a task."],
    ['<!subteam^S1|@team> <!here> <!channel|channel> <!everyone>', '@team @here @channel @everyone'],
    ['<!date^1392734382^Posted {date_num} {time_secs}|Posted 2014-02-18>', 'Posted 2014-02-18'],
    ['<!date^1392734382^{date_short}^https://example.com/|Feb 18>', '[Feb 18](https://example.com/)'],
    ['<!date^1392734382^{date}>', '2014-02-18 14:39 UTC'],
  ])('%j', (text, expected) => {
    expect(read(text)).toBe(expected)
  })

  test.each([
    // The first three as tried by those of slack-message-parser, the others as jsx-slack describes it.
    ['foo*bar*baz *foo*bar foo * bar * baz', 'foo*bar*baz *foo*bar foo * bar * baz'],
    ['*Y*! *N*@ *Y*) *N*( *Y*: *N*| *Y*.', '**Y**! *N*@ **Y**) *N*( **Y**: *N*| **Y**.'],
    [
      'This is _the_ *first* ~program~ `code of this` *file*, err, _file_',
      'This is _the_ **first** ~~program~~ `code of this` **file**, err, _file_',
    ],
    ['Super_cali_fragilistic*expiali*docious', 'Super_cali_fragilistic*expiali*docious'],
    ['Super\u200B_cali_\u200Bfragilistic\u200B*expiali*\u200Bdocious', 'Super*cali*fragilistic**expiali**docious'],
    ['*_both_* and *a _b_ ~c~*', '**_both_** and **a _b_ ~~c~~**'],
    ['**as in Markdown** and *open', '**as in Markdown** and *open'],
    ['*over\nlines*', '*over\nlines*'],
    ['*see <https://x.y/a_b_c|the *page*>*', '**see [the *page*](https://x.y/a_b_c)**'],
    ['`&lt;b&gt; <https://x.y>`', '`<b> https://x.y`'],
    ['a ``` b', 'a ``` b'],
  ])('marks: %j', (text, expected) => {
    expect(read(text)).toBe(expected)
  })

  test.each([
    ['*a*\n• b\n    ◦ c\n        ▪︎ d\n• e\nend', '**a**\n- b\n    - c\n        - d\n- e\n\nend'],
    ['1. a\n2. b\nend', '1. a\n2. b\nend'],
    ['a\n&gt;&gt;&gt; b\n\nc', 'a\n> b\n>\n> c'],
    ['&gt; a\n&gt; &gt; b\n\nc', '> a\n> > b\n\nc'],
    ['&gt; ```code```\nyes', '> ```\n> code\n> ```\nyes'],
    ['Run ```a &lt; b``` now', 'Run \n```\na < b\n```\n now'],
    ['```a ` b```\n```\n  c\n```', '```\na ` b\n```\n```\n  c\n```'],
  ])('lines: %j', (text, expected) => {
    expect(read(text)).toBe(expected)
  })

  test.each([
    [':+1: :thumbsup: :wave::skin-tone-3: :thinking_face:', '👍 👍 👋🏼 🤔'],
    [':flag-de: :flag-england: :man-shrugging: :male-doctor::skin-tone-6:', '🇩🇪 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🤷‍♂️ 👨🏿‍⚕️'],
    [':party_parrot: 10:30:45 a:b :constructor: `:tada:`', ':party_parrot: 10:30:45 a:b :constructor: `:tada:`'],
    [':x::tada: :tada::tada:', '❌🎉 🎉🎉'],
    [':heart::skin-tone-3:', '❤️'],
  ])('emoji: %j', (text, expected) => {
    expect(read(text)).toBe(expected)
  })
})

const section = (...elements: object[]) => ({ type: 'rich_text_section', elements })
const text = (text: string, style?: object) => ({ type: 'text', text, ...(style ? { style } : {}) })

describe('blocks', () => {
  function readRich(...elements: object[]): string {
    return markdownFromBlocks([{ type: 'rich_text', elements }], names)
  }

  test('marks are exact, within words too', () => {
    const line = section(
      text('a'),
      text('b', { bold: true }),
      text('c *no* '),
      text('both ', { bold: true, italic: true }),
      text('one', { bold: true }),
      text(' '),
      text('x', { italic: true }),
      text('y '),
      text('gone', { strike: true }),
      text(' '),
      text('co*de', { code: true }),
    )
    expect(readRich(line)).toBe('a**b**c *no* **_both_ one** *x*y ~~gone~~ `co*de`')
  })

  test('everything that stands in a section', () => {
    const line = section(
      { type: 'user', user_id: 'U012AB3CD' },
      text(' '),
      { type: 'user', user_id: 'U9', style: { bold: true } },
      text(' '),
      { type: 'channel', channel_id: 'C123ABC456' },
      text(' '),
      { type: 'usergroup', usergroup_id: 'SAZ94GDB8' },
      text(' '),
      { type: 'broadcast', range: 'here' },
      text(' '),
      { type: 'emoji', name: 'wave', unicode: '1f44b-1f3fd', skin_tone: 4 },
      { type: 'emoji', name: 'party_parrot' },
      { type: 'emoji', name: 'tada' },
      { type: 'emoji', name: '+1', unicode: '1f44d', skin_tone: 3 },
      text(' '),
      { type: 'link', url: 'https://x.y/a_b', text: 'the page' },
      text(' '),
      { type: 'link', url: 'https://x.y/' },
      text(' '),
      { type: 'link', url: 'mailto:a@b.c', text: 'a@b.c', style: { bold: true } },
      text(' '),
      { type: 'date', timestamp: 1392734382, format: '{date}', fallback: 'Feb 18' },
      text(' '),
      { type: 'date', timestamp: 1392734382, format: '{date}' },
      text(' '),
      { type: 'color', value: '#F405B3' },
      text(' '),
      { type: 'something_new', label: 'a label' },
    )
    expect(readRich(line)).toBe(
      '@ann **@U9** #general @support @here 👋🏽:party_parrot:🎉👍🏼 [the page](https://x.y/a_b) https://x.y/ **a@b.c** Feb 18 2014-02-18 14:39 UTC #F405B3 a label',
    )
  })

  test('lists, quotes and code', () => {
    const list = (style: string, indent: number, offset: number, ...items: string[]) => ({
      type: 'rich_text_list',
      style,
      indent,
      offset,
      elements: items.map(item => section(text(item))),
    })
    const read = readRich(
      section(text('intro\n')),
      list('bullet', 0, 0, 'a', 'b\nmore'),
      list('bullet', 1, 0, 'c'),
      list('ordered', 0, 2, 'd', 'e'),
      section(text('between\n')),
      { type: 'rich_text_quote', elements: [text('q1\n\n'), text('q2', { bold: true })] },
      { type: 'rich_text_preformatted', elements: [text('x = `1`\n'), { type: 'link', url: 'https://x.y' }] },
      section(text('end')),
    )
    expect(read).toBe(
      [
        'intro\n- a\n- b\n  more\n    - c\n3. d\n4. e\n',
        'between\n> q1\n>\n> **q2**\n```\nx = `1`\nhttps://x.y\n```\nend',
      ].join('\n'),
    )
  })

  test('those of programs', () => {
    const blocks = [
      { type: 'header', text: { type: 'plain_text', text: 'New request' } },
      {
        type: 'section',
        text: { type: 'mrkdwn', text: '*Type:*\nLeave' },
        fields: [{ type: 'plain_text', text: 'a *b*' }],
      },
      { type: 'divider' },
      {
        type: 'context',
        elements: [
          { type: 'image', alt_text: 'cat' },
          { type: 'mrkdwn', text: '<@U2>' },
        ],
      },
      { type: 'image', image_url: 'https://x.y/c.png', alt_text: 'a cat' },
      { type: 'actions', elements: [] },
      { type: 'unknown' },
    ]
    const expected = '**New request**\n\n**Type:**\nLeave\na *b*\n\n---\n\ncat @Bob *B*\n\n[a cat](https://x.y/c.png)'
    expect(markdownFromBlocks(blocks, names)).toBe(expected)
    expect(markdownFromMessage({ text: "This content can't be displayed.", blocks }, names)).toBe(expected)
    expect(markdownFromMessage({ text: 'the *text*', blocks }, names)).toBe('the **text**')
  })

  test('what people typed is read from their blocks, else from the text', () => {
    const blocks = [{ type: 'rich_text', elements: [section(text('a*b*c'), text('d', { bold: true }))] }]
    expect(markdownFromMessage({ text: 'a*b*c*d*', blocks }, names)).toBe('a*b*c**d**')
    expect(markdownFromMessage({ text: '*a*', blocks: [{ type: 'rich_text', elements: [] }] }, names)).toBe('**a**')
    expect(markdownFromMessage({}, names)).toBe('')
  })
})

describe('what hangs below a message', () => {
  test('a message that was passed on, with who wrote it', () => {
    const passedOn = {
      is_share: true,
      is_msg_unfurl: true,
      author_id: 'U012AB3CD',
      author_name: 'Ann Other',
      channel_id: 'C123ABC456',
      ts: '1392734382.000100',
      from_url: 'https://x.slack.com/archives/C123ABC456/p1392734382000100',
      fallback: '[February 18th, 2014] ann: The *printer*',
      text: 'The *printer*\nis broken',
      files: [{ name: 'photo.png' }],
    }
    const head = 'ann in #general, 2014-02-18 14:39 UTC (https://x.slack.com/archives/C123ABC456/p1392734382000100):'
    expect(markdownFromMessage({ text: 'See this', attachments: [passedOn] }, names)).toBe(
      `See this\n\n${head}\n\n> The **printer**\n> is broken\n> [file: photo.png]`,
    )
    const message_blocks = [{ message: { blocks: [{ type: 'rich_text', elements: [section(text('exact'))] }] } }]
    expect(markdownFromMessage({ attachments: [{ ...passedOn, message_blocks, files: [] }] }, names)).toBe(
      `${head}\n\n> exact`,
    )
    expect(markdownFromMessage({ attachments: [{ is_share: true, fallback: 'left' }] }, nobody)).toBe(
      'Somebody:\n\n> left',
    )
  })

  test('a preview of a link, and what programs add', () => {
    const preview = {
      title: 'A page',
      title_link: 'https://x.y',
      text: 'about *things*',
      service_name: 'X',
      fallback: 'f',
    }
    const added = { pretext: 'New', fields: [{ title: 'State', value: '_open_' }], footer: 'GitHub', fallback: 'f' }
    expect(
      markdownFromMessage({ text: '<https://x.y>', attachments: [preview, added, { fallback: 'only' }, {}] }, names),
    ).toBe('https://x.y\n\n> [A page](https://x.y)\n> about **things**\n\nNew\n\n> State: _open_\n> GitHub\n\nonly')
  })
})

describe("Markdown as Slack's text", () => {
  test.each([
    ['**bold** *italic*, _italic_ ~~strike~~ `co*de`', '*bold* _italic_, _italic_ ~strike~ `co*de`'],
    ['a**b**c and ***both***, **a _b_ c**', 'a⋅*b*⋅c and *_both_*, *a _b_ c*'],
    ['**重要**です and **(x)**', '*重要*⋅です and *(x)*'],
    ['# Head **line**\n\ntext', '*Head line*\n\ntext'],
    ['**over\ntwo lines**', '*over*\n*two lines*'],
    ['a < b & c > d <@U1> <!channel>', 'a &lt; b &amp; c &gt; d &lt;@U1&gt; &lt;!channel&gt;'],
    ['- a\n- b\n  - c\n    - d\n- e', '• a\n• b\n    ◦ c\n        ▪︎ d\n• e'],
    ['3. a\n4. b\n   - c\n\n   more', '3. a\n4. b\n    ◦ c\n\n  more'],
    ['> a\n>\n> b\n>> c\n\nd', '> a\n>\n> b\n>\n> > c\n\nd'],
    ['- > q\n- ```\n  code\n  ```\n-', '•\n>   q\n•\n```\ncode\n```\n•'],
    ['> ```\n> a\n>\n> b\n> ```', '> `a`\n>\n> `b`'],
    ['~~~js\na < b ```\n~~~', '```\na &lt; b `¬`¬`\n```'],
    ['| a | b |\n|---|---|\n| 1 | **x** |', '```\na | b\n--+--\n1 | x\n```'],
    ['a\n\n---\n\nb', `a\n\n${'─'.repeat(12)}\n\nb`],
    ['``a`b`` and `x`y`', 'a`b and `x`⋅y`'],
  ])('%j', (markdown, expected) => {
    expect(shown(write(markdown))).toBe(expected)
  })

  test.each([
    ['[x](https://e.com/a?b=1&c=2)', '<https://e.com/a?b=1&amp;c=2|x>'],
    ['[m](mailto:a@b.c) <a@b.c> <https://x.y/a_b_c>', '<mailto:a@b.c|m> <mailto:a@b.c|a@b.c> <https://x.y/a_b_c>'],
    ['see https://x.y/*a*b', 'see <https://x.y/*a*b>'],
    ['[**b** > c](https://x.y)', '<https://x.y|*b* &gt; c>'],
    ['**[b](https://x.y)**', '*<https://x.y|b>*'],
    ['[https://bank.com](https://evil.com/x)', '<https://bank.com> (<https://evil.com/x>)'],
    [
      '[bank.com](https://evil.com) [ann@bank.com](mailto:bob@evil.com)',
      'bank.com (<https://evil.com>) ann@bank.com (<mailto:bob@evil.com>)',
    ],
    ['[ba\u00ADnk.com](https://evil.com)', 'ba¬nk.com (<https://evil.com>)'],
    ['[https://x.y/safe](https://x.y/other)', '<https://x.y/safe> (<https://x.y/other>)'],
    [
      '[x.com](https://x.com/a/b) [https://x.com](https://x.com/)',
      '<https://x.com/a/b|x.com> <https://x.com/|https://x.com>',
    ],
    ['[a](javascript:alert(1)) [b](ftp://x.y/z) [c](/local)', '[a](javascript:alert(1)) b (ftp://x.y/z) c (/local)'],
    ['![alt](https://x.y/i.png) [![i](https://x.y/i.png)](https://x.y/p)', '<https://x.y/i.png|alt> <https://x.y/p|i>'],
    ['[a|b](<https://x.y/a|b c>)', '<https://x.y/a%7Cb%20c|a|b>'],
  ])('links: %j', (markdown, expected) => {
    expect(shown(write(markdown))).toBe(expected)
  })

  test('verbatim text is shown as it is, whatever is around it', () => {
    const text = '<!channel> *x* _y_ @here\n> quote :smile: `code` 2*3 a_b_c <https://x.y|z>'
    const written = '&lt;!channel&gt; ¬*x* ¬_y_ @here\n¬&gt; quote :¬smile: ¬`code` 2*3 a_b_c &lt;<https://x.y>|z&gt;'
    expect(shown(write(HELD, text))).toBe(written)
    expect(shown(write(`> ${HELD}`, 'a\n*b*\n\n> c'))).toBe('> a\n> ¬*b*\n>\n> ¬&gt; c')
    expect(shown(write(`**${HELD}**: ${HELD}`, ' *a* b\nc '))).toBe(' *¬*a*¬ b*\n*c*:  ¬*a* b\nc')
    expect(shown(write(`- ${HELD}\n- [${HELD}](https://x.y/${HELD})`, 'a*b\nc'))).toBe(
      '• a*b\n  c\n• <https://x.y/a*b%0Ac|a*b c>',
    )
    expect(shown(write(`\`${HELD}\` ${HELD}`, 'a\n`b'))).toBe('`a`\n`b a\n`b')
    expect(write(`[x](${HELD})`, 'javascript:alert(1)')).toBe('x (javascript:alert(1))')
    expect(write('\uE0007\uE001x')).toBe('x')
  })
})

/** Words that Markdown reads nothing in. */
const word = fc
  .string({ unit: fc.constantFrom(...'abzéßЖ中あ한12٣', '🎉'), minLength: 1, maxLength: 6 })
  .map(word => word.replace(/^\d/, 'a'))
  .chain(word => fc.constantFrom(word, `(${word})`, `${word}.`, `${word},`, `"${word}"`, `${word}&`, `${word} <`))
const words = fc.array(word, { minLength: 1, maxLength: 3 }).map(each => each.join(' '))

const styled = fc.oneof(
  words.map(text => `**${text}**`),
  words.map(text => `_${text}_`),
  words.map(text => `~~${text}~~`),
  words.map(text => `**a _${text}_ b**`),
  words.map(text => `\`${text}\``),
  words.map(text => `[${text}](https://example.com/a_b*c?d=1&e=2)`),
  fc.constant('https://example.com/~a_b/*'),
  fc.constant('x**b**y'),
  fc.constant('x*b*y'),
)

const line = fc
  .array(fc.tuple(word, styled), { minLength: 1, maxLength: 4 })
  .map(pairs => pairs.map(pair => pair.join(' ')).join(' '))
const paragraph = fc.array(line, { minLength: 1, maxLength: 3 }).map(lines => lines.join('\n'))
const list = fc
  .array(fc.tuple(line, fc.array(line, { maxLength: 2 })), { minLength: 1, maxLength: 3 })
  .chain(items =>
    fc
      .boolean()
      .map(isOrdered =>
        items
          .flatMap(([item, inner], at) => [
            `${isOrdered ? `${at + 1}.` : '-'} ${item}`,
            ...inner.map(each => `    - ${each}`),
          ])
          .join('\n'),
      ),
  )
const quote = paragraph.map(text => text.replace(/^/gm, '> '))
const fence = fc.array(words, { minLength: 1, maxLength: 3 }).map(lines => ['```', ...lines, '```'].join('\n'))
const heading = words.map(text => `**${text}**`)
const document = fc
  .array(fc.tuple(paragraph, fc.oneof(list, quote, fence, paragraph, heading)), { minLength: 1, maxLength: 4 })
  .map(blocks => blocks.flat().join('\n\n'))

/** What is dense with what Slack or this code looks at. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({
    unit: fc.constantFrom(
      ...['*', '_', '~', '`', '```', '<', '>', '&', '&lt;', '@', '!', '#', '|', ' ', '\n', '\t', 'a', 'é', '1', ':'],
      ...[
        'smile',
        '+1',
        '•',
        '-',
        '>>>',
        'http://x.y/',
        '<!here>',
        '<@U1>',
        '＊',
        '＿',
        '.',
        '(',
        ')',
        '\u00A0',
        '😀',
        '\r\n',
      ],
    ),
    maxLength: 30,
  }),
)

function withoutHelp(text: string): string {
  return text.replace(HELP, '')
}

function normalized(text: string): string {
  return text.toWellFormed().trimEnd().replace(/\r\n?/g, '\n')
}

/** Whether there is a mark that could open, by any of the rules that people found, and another that could close. */
function marksOf(mrkdwn: string): string[] {
  return mrkdwn
    .replace(/<https?:[^<>]*>/g, 'x')
    .split('\n')
    .flatMap(line =>
      [...line.matchAll(/(?<![\p{L}\p{N}\p{M}\u00AD*_~`])([*_~])(?=[^\s*_~`])/gu)]
        .filter(found => line.includes(found[1] ?? '', found.index + 1))
        .map(found => line.slice(found.index)),
    )
}

describe('there and back', () => {
  test('Markdown keeps its text and its marks', () => {
    fc.assert(
      fc.property(document, markdown => {
        expect(withoutHelp(read(write(markdown)))).toBe(markdown)
      }),
      { numRuns: 400 },
    )
  })

  test('verbatim text stays the same, and Slack reads nothing in it', () => {
    fc.assert(
      fc.property(hostile, text => {
        const mrkdwn = write(HELD, text)
        expect(mrkdwn).not.toMatch(/<(?!https?:\/\/)/)
        expect(mrkdwn).not.toMatch(/^>|`{2}[^`]*`{2}|```/m)
        expect(marksOf(mrkdwn)).toEqual([])
        expect(withoutHelp(read(mrkdwn))).toBe(withoutHelp(normalized(text)))
      }),
      { numRuns: 2000 },
    )
  })

  test('verbatim text in a quote, in bold and in a link', () => {
    fc.assert(
      fc.property(hostile, text => {
        const lines = normalized(text).split('\n')
        const quoted = lines.map(line => `> ${line}`.replace(/ +$/, '')).join('\n')
        expect(withoutHelp(read(write(`> ${HELD}`, text)))).toBe(withoutHelp(quoted))
        for (const markdown of [
          `**${HELD}**`,
          `x _${HELD}_ ~~${HELD}~~`,
          `[${HELD}](https://x.y)`,
          `- ${HELD} \`${HELD}\``,
        ]) {
          expect(write(markdown, text)).not.toMatch(/<(?!https?:\/\/)/)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('nothing throws, whatever comes', () => {
    const message = fc.record({ text: fc.anything(), blocks: fc.jsonValue(), attachments: fc.jsonValue() })
    const element: fc.Arbitrary<unknown> = fc.record({
      type: fc.constantFrom('text', 'link', 'emoji', 'user', 'date', 'rich_text_list', 'rich_text_section', 'x'),
      elements: fc.array(
        fc.record({ type: fc.constantFrom('text', 'link', 'rich_text_section'), text: fc.anything() }),
      ),
      text: fc.anything(),
      unicode: fc.string(),
      indent: fc.anything(),
      style: fc.anything(),
      timestamp: fc.double(),
    })
    fc.assert(fc.property(message, each => void markdownFromMessage(each, names)))
    fc.assert(
      fc.property(fc.array(element), elements => void markdownFromBlocks([{ type: 'rich_text', elements }], names)),
    )
    fc.assert(fc.property(hostile, each => void [read(each), write(each, each), write(`${each}${HELD}${each}`, each)]))
  })
})

describe('cost', () => {
  const DENSE = [
    ...[
      '*',
      '_',
      '~',
      '`',
      '```',
      '<',
      '>',
      '&gt;',
      '&',
      ':',
      ':a',
      '• ',
      '*a ',
      ' *a',
      '*_',
      '_*~',
      '`a',
      '`a` ',
      '<a|',
    ],
    ...[
      '> ',
      '- ',
      '<https://x|a> ',
      'https://x.y/*',
      'http://',
      '[',
      '![',
      '[a](b)',
      '**a**',
      '\n',
      '- a\n',
      '&gt; a\n',
    ],
    ...['|a|b|\n|-|-|\n', '\u00AD', '\u200B*', 'a\n```\n', '😀', ' ', 'a@b.c ', ':smile:'],
  ]

  test.each(DENSE)('100 kB of %j takes less than a second', unit => {
    const long = unit.repeat(Math.ceil(100_000 / unit.length))
    for (const work of [
      () => read(long),
      () => write(HELD, long),
      () => write(`**${HELD}** [${HELD}](https://x.y)`, long),
      () => write(long),
      () => splitForSlack(long),
      () => splitForSlack(long, 40),
      () => markdownFromBlocks([{ type: 'rich_text', elements: [section(text(long, { bold: true }))] }], names),
    ]) {
      const taken = cpuTime()
      work()
      expect(taken()).toBeLessThan(1000)
    }
  })

  test('many elements, each in another look', () => {
    const elements = Array.from({ length: 20_000 }, (_, at) => text('a ', { bold: at % 2 > 0, italic: at % 3 > 0 }))
    const taken = cpuTime()
    markdownFromBlocks([{ type: 'rich_text', elements: [section(...elements)] }], names)
    expect(taken()).toBeLessThan(1000)
  })
})

/** What is seen of a text: no white space, and no code fences, which are added where code is cut. */
function visible(mrkdwn: string): string {
  return mrkdwn.replace(/```/g, '').replace(/\s/g, '')
}

describe('a long text in pieces', () => {
  test('at paragraphs, then lines, then words, then characters', () => {
    expect(splitForSlack(`${'a'.repeat(20)}\n\n${'b'.repeat(15)}\n${'c'.repeat(15)}`, 40)).toEqual([
      'a'.repeat(20),
      `${'b'.repeat(15)}\n${'c'.repeat(15)}`,
    ])
    expect(splitForSlack(`${'a'.repeat(20)}\n${'b'.repeat(15)}\n${'c'.repeat(15)}`, 40)).toEqual([
      `${'a'.repeat(20)}\n${'b'.repeat(15)}`,
      'c'.repeat(15),
    ])
    expect(splitForSlack('word '.repeat(10), 40)).toEqual(['word word word word word word', 'word word word word'])
    expect(splitForSlack('😀'.repeat(21), 41)).toEqual(['😀'.repeat(16), '😀'.repeat(5)])
    expect(splitForSlack('short')).toEqual(['short'])
    expect(splitForSlack(' \n ')).toEqual([])
  })

  test('code and quotes go on as such', () => {
    expect(splitForSlack(`intro\n\`\`\`\n${'code line\n'.repeat(6)}\`\`\`\nafter`, 40)).toEqual([
      'intro\n```\ncode line\ncode line\n```',
      '```\ncode line\ncode line\ncode line\n```',
      '```\ncode line\n```\nafter',
    ])
    expect(splitForSlack(`> ${'word '.repeat(10)}`, 40)).toEqual([
      '> word word word word word word',
      '> word word word word',
    ])
  })

  test('neither links nor escaped characters nor code within a line are cut', () => {
    expect(splitForSlack('x <https://x.y/|a label here> '.repeat(2), 40)).toEqual([
      'x <https://x.y/|a label here> x',
      '<https://x.y/|a label here>',
    ])
    expect(splitForSlack('&amp;'.repeat(10), 40)).toEqual(['&amp;'.repeat(6), '&amp;'.repeat(4)])
    expect(splitForSlack('a b c d e f g h i j k `some code here` '.repeat(2), 40)[0]).toBe('a b c d e f g h i j k')
  })

  test('no piece is too long or blank, and nothing that is seen is lost', () => {
    const part = fc.oneof(
      document.map(markdown => write(markdown)),
      hostile.map(text => write(HELD, text)),
      fc.constant(`<https://example.com/${'a'.repeat(300)}|label of it>`),
      fc.string({ unit: fc.constantFrom('a', '😀', '&amp;', ' '), maxLength: 300 }),
    )
    const long = fc.array(part, { minLength: 1, maxLength: 6 }).map(parts => parts.join('\n'))
    fc.assert(
      fc.property(long, fc.integer({ min: 400, max: 900 }), (mrkdwn, most) => {
        const pieces = splitForSlack(mrkdwn, most)
        for (const piece of pieces) {
          expect(piece.length).toBeLessThanOrEqual(most)
          expect(piece.trim()).not.toBe('')
          expect(piece.isWellFormed()).toBe(true)
          expect((piece.match(/```/g) ?? []).length % 2).toBe(0)
          expect(piece.replace(/<https?:[^<>]*>/g, '')).not.toMatch(/[<]|&(?!amp;|lt;|gt;)/)
        }
        // A quote that was cut begins anew.
        const joined = pieces.map((piece, at) => (at > 0 ? piece.replace(/^> /, '') : piece)).join('\n')
        expect(visible(joined).replaceAll('>', '')).toBe(visible(mrkdwn).replaceAll('>', ''))
      }),
      { numRuns: 300 },
    )
  })
})
