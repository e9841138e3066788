/** What a requester says to the question whether it is solved. */
export interface SolvedAnswer {
  solved: boolean
  /** How it was, 1 (bad) to 5 (good). */
  score: number | null
  /** The words beside it; may be ''. */
  comment: string
}

const YES =
  /^(?:yes|yep|yeah|yup|ja|jawohl|jep|oui|s[ií]|sim|tak|ano|da|да|так|evet|hai|はい|是|是的|네|kyllä|joo|jo|solved|fixed|resolved|done|works|gelöst|erledigt|résolu|resuelto|risolto|opgelost|löst|løst)(?=$|[\s,.!:;)\-–—])/iu
const NO =
  /^(?:no|nope|nein|non|nej|nei|ei|nie|ne|nee|não|нет|ні|hayır|いいえ|不|不是|아니요|not\s+(?:solved|yet|fixed|really)|still|unsolved)(?=$|[\s,.!:;)\-–—])/iu
const THANKS =
  /^(?:(?:ok|okay|great|perfect|super|wonderful|excellent|good|all good|works|it works|solved)[\s,.!]*)*(?:many\s+|thank|thanks|thx|danke|vielen|merci|gracias|grazie|obrigad|bedankt|dank|tack|takk|tak|dzi|děkuji|спасибо|дякую|teşekkür|ありがとう|谢谢|감사)[^?]*$/iu
const BUT =
  /\b(?:but|however|still|again|not|yet|aber|jedoch|noch|nicht|mais|encore|pas|pero|todav[ií]a|ma|ancora|men|maar|nog|niet|ale|но|але)\b|n't|\?/iu
const SCORE =
  /(?:^|[\s,:(])([1-5])(?:\s*(?:\/\s*5|of\s+5|von\s+5|sur\s+5|de\s+5|stars?|sterne?|★))?(?=$|[\s,.!;):–—-])/iu
const MOST_WORDS_OF_THANKS = 10
const LONGEST_THANKS = 1_000 // characters

/**
 * What an answer says: yes or no as its first word, a mark from 1 to 5, or nothing but thanks. Null for anything else,
 * which is a message like any other.
 */
export function solvedAnswer(text: string): SolvedAnswer | null {
  const answer = text.trim().replace(/^[*_"'“]+/, '')
  const [line = ''] = answer.split('\n', 1)
  const yes = YES.exec(answer)
  const no = NO.exec(answer)
  const scored = SCORE.exec(line)
  const starts = scored !== null && scored.index <= 1 && /^\s*[1-5]/.test(line)
  if (no) return { solved: false, score: null, comment: commentBehind(answer, no[0]) }
  if (yes) return { solved: !BUT.test(line), score: scoreOf(scored), comment: commentBehind(answer, yes[0]) }
  if (starts && !BUT.test(line))
    return { solved: true, score: scoreOf(scored), comment: commentBehind(answer, scored[0]) }
  const isShort = answer.length <= LONGEST_THANKS && answer.split(/\s+/).length <= MOST_WORDS_OF_THANKS
  const thanks = isShort && THANKS.test(line) && !BUT.test(answer)
  return thanks ? { solved: true, score: null, comment: answer } : null
}

function scoreOf(found: RegExpExecArray | null): number | null {
  return found ? Number(found[1]) : null
}

function commentBehind(answer: string, first: string): string {
  return answer
    .slice(answer.indexOf(first) + first.length)
    .replace(/^[\s,.!:;)\-–—]+/, '')
    .trim()
}
