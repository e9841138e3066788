// Lists of words in one column: in order, separated by blanks.

export function words(list: string): string[] {
  return list === '' ? [] : list.split(' ')
}

export function withWords(list: string, more: readonly string[]): string {
  return [...new Set([...words(list), ...more])].sort().join(' ')
}

export function withoutWords(list: string, less: readonly string[]): string {
  return words(list)
    .filter(word => !less.includes(word))
    .join(' ')
}
