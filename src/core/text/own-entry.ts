/** What a record has under a name that somebody else wrote: never what every object has, such as `constructor`. */
export function ownEntry<Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}
