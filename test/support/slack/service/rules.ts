/** What is wrong with a piece of JSON, said as Slack says it: `must be less than 76 characters [json-pointer:/a/0]`. */
export type Rule = (value: unknown, path: string, flaws: string[]) => void

export type Fields = Record<string, Rule>

export const anything: Rule = () => undefined

function say(flaws: string[], path: string, sentence: string): void {
  flaws.push(`[ERROR] ${sentence} [json-pointer:${path}]`)
}

export function string(most: number, least = 0): Rule {
  return (value, path, flaws) => {
    if (typeof value !== 'string') return say(flaws, path, 'must be a string')
    if (value.length > most) say(flaws, path, `must be less than ${most + 1} characters`)
    if (value.length < least) say(flaws, path, `must be more than ${least - 1} characters`)
  }
}

export function wholeNumber(least: number, most: number): Rule {
  return (value, path, flaws) => {
    if (!Number.isInteger(value)) return say(flaws, path, 'must be an integer')
    if (Number(value) < least || Number(value) > most) say(flaws, path, `must be between ${least} and ${most}`)
  }
}

export const flag: Rule = (value, path, flaws) => {
  if (typeof value !== 'boolean') say(flaws, path, 'must be a boolean')
}

export function choice(...allowed: string[]): Rule {
  return (value, path, flaws) => {
    if (!allowed.includes(String(value))) say(flaws, path, `must be a valid enum value`)
  }
}

export function list(item: Rule, most: number, least = 1): Rule {
  return (value, path, flaws) => {
    if (!Array.isArray(value)) return say(flaws, path, 'must be an array')
    if (value.length > most) say(flaws, path, `no more than ${most} items allowed`)
    if (value.length < least) say(flaws, path, `no fewer than ${least} items allowed`)
    for (const [index, each] of value.entries()) item(each, `${path}/${index}`, flaws)
  }
}

/** An object with these fields and no other; `type` is always one of them. */
export function object(required: Fields, optional: Fields = {}): Rule {
  const fields: Fields = { type: anything, ...required, ...optional }
  return (value, path, flaws) => {
    if (!isObject(value)) return say(flaws, path, 'must be an object')
    for (const name of Object.keys(required)) {
      if (value[name] === undefined) say(flaws, path, `missing required field: ${name}`)
    }
    for (const [name, each] of Object.entries(value)) {
      const rule = fields[name]
      if (!rule) say(flaws, path, `invalid additional property: ${name}`)
      else if (each !== undefined) rule(each, `${path}/${name}`, flaws)
    }
  }
}

/** One of several kinds, told apart by `type`. */
export function kindOf(kinds: Record<string, Rule>): Rule {
  return (value, path, flaws) => {
    if (!isObject(value)) return say(flaws, path, 'must be an object')
    const rule = kinds[String(value.type)]
    if (rule) rule(value, path, flaws)
    else say(flaws, `${path}/type`, `unsupported type: ${String(value.type)}`)
  }
}

/** A text object of one of these types, with at least one character. */
export function text(most: number, ...types: ('plain_text' | 'mrkdwn')[]): Rule {
  const fields = object({ text: string(most, 1) }, { emoji: flag, verbatim: flag })
  return (value, path, flaws) => {
    fields(value, path, flaws)
    const type = isObject(value) ? String(value.type) : ''
    if (!types.some(each => each === type)) say(flaws, `${path}/type`, `unsupported type: ${type}`)
    if (type === 'mrkdwn' && isObject(value) && value.emoji !== undefined) {
      say(flaws, path, 'invalid additional property: emoji')
    }
  }
}

/** All of them hold. */
export function both(...rules: Rule[]): Rule {
  return (value, path, flaws) => {
    for (const rule of rules) rule(value, path, flaws)
  }
}

/** At least one of these fields is there. */
export function someOf(...names: string[]): Rule {
  return (value, path, flaws) => {
    if (isObject(value) && names.some(name => value[name] !== undefined)) return
    say(flaws, path, `must define either ${names.map(name => `\`${name}\``).join(' or ')}`)
  }
}

/** No two of a list have the same value in this field. */
export function distinct(name: string): Rule {
  return (value, path, flaws) => {
    const seen = new Set<unknown>()
    for (const [index, each] of (Array.isArray(value) ? value : []).entries()) {
      const own = isObject(each) ? each[name] : undefined
      if (own !== undefined && seen.has(own)) {
        say(flaws, `${path}/${index}/${name}`, `\`${name}\` "${own}" already exists`)
      }
      seen.add(own)
    }
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
