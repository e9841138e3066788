import type { SeededRandom } from '../support/seeded-random.ts'

/** Words that stand in a known share of all messages, and in nothing else that is made here. */
export const KNOWN_WORDS = { printer: 0.3, cable: 0.1, toner: 0.05, gasket: 0.05, heliotrope: 0.000_1 } as const

const VOCABULARY = 30_000
const DRAWS = 2 ** 20
const LATER = 2.7 // Mandelbrot's shift: without it the first word would be every tenth, and real text has none like that
const ONSETS = ['b', 'br', 'c', 'cl', 'd', 'dr', 'f', 'g', 'h', 'j', 'l', 'm', 'n', 'p', 'pr', 'r', 's', 'st', 't', 'v']
const VOWELS = ['a', 'e', 'i', 'o', 'u', 'ai', 'ea', 'ou'] as const
const ENDS = ['', 'n', 'r', 's', 't', 'l', 'ng', 'x'] as const
const REFERENCE_SHARE = 0.2

/** Texts of a few sentences whose words are as common and as rare as those of a language: by Zipf's law. */
export class MadeText {
  readonly #random: SeededRandom
  /** A word for each draw: common ones fill more of it. */
  readonly #draws: string[]

  constructor(random: SeededRandom) {
    this.#random = random
    this.#draws = drawsOf(wordsBy(random))
  }

  words(count: number): string {
    let text = this.#word()
    for (let at = 1; at < count; at += 1) text += ` ${this.#word()}`
    return text
  }

  /** What a message says. Every fifth names a number that no other does, as mails do with orders and invoices. */
  message(): string {
    const random = this.#random
    const sentences: string[] = []
    for (let left = random.whole(2, 5); left > 0; left -= 1) sentences.push(`${this.words(random.whole(5, 12))}.`)
    for (const [word, share] of Object.entries(KNOWN_WORDS)) {
      if (random.share() < share) sentences.push(`${this.words(2)} ${word} ${this.words(2)}.`)
    }
    if (random.share() < REFERENCE_SHARE) sentences.push(`${this.words(2)} ${random.whole(1_000_000, 99_999_999)}.`)
    return sentences.join(' ')
  }

  #word(): string {
    return this.#draws[Math.floor(this.#random.share() * DRAWS)] ?? ''
  }
}

/** Different words of one syllable, then of two, then of three: common ones are short. */
function wordsBy(random: SeededRandom): string[] {
  const words = new Set<string>()
  const syllable = () =>
    `${ONSETS[random.whole(0, ONSETS.length - 1)]}${VOWELS[random.whole(0, VOWELS.length - 1)]}${ENDS[random.whole(0, ENDS.length - 1)]}`
  while (words.size < VOCABULARY) {
    const syllables = words.size < 400 ? 1 : words.size < 8_000 ? 2 : 3
    const word = Array.from({ length: syllables }, syllable).join('')
    if (!(word in KNOWN_WORDS)) words.add(word)
  }
  return [...words]
}

function drawsOf(words: readonly string[]): string[] {
  const weights = words.map((_, rank) => 1 / (rank + LATER))
  const whole = weights.reduce((sum, weight) => sum + weight, 0)
  const draws: string[] = []
  let reached = 0
  for (const [rank, word] of words.entries()) {
    reached += (weights[rank] ?? 0) / whole
    while (draws.length < reached * DRAWS) draws.push(word)
  }
  return draws
}
