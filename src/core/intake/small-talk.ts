/**
 * Greetings, thanks and goodbyes: what people say around what they want. A chat is full of it, and none of it is a
 * request. Whole phrases only: "hi, the printer burns" is one.
 */
const PHRASES = [
  // English
  'hi|hello|hey|hiya|howdy|yo|hi there|hello there|hey there|hi all|hello all|hi team|hello team|hi everyone|hello everyone|hi folks|good morning|morning|good afternoon|good evening|good day|greetings',
  'thanks|thank you|thx|ty|tks|cheers|thanks a lot|thank you so much|thank you very much|many thanks|thanks so much|thanks again|thanks a bunch|thanks in advance|much appreciated|appreciate it|you are the best',
  'ok|okay|k|okey|great|perfect|cool|nice|super|awesome|excellent|wonderful|lovely|got it|will do|noted|understood|sure|yes|yep|yeah|no problem|np|all good|sounds good|you are welcome|no worries|done',
  'bye|goodbye|see you|see ya|have a nice day|have a good day|have a great day|have a nice weekend|good night|take care',
  'how are you|is anyone there|anyone there|anybody there|are you there|test|ping',
  // German
  'hallo|moin|servus|grüß gott|grüezi|guten morgen|guten tag|guten abend|hallo zusammen|danke|danke schön|dankeschön|vielen dank|besten dank|herzlichen dank|danke dir|danke euch|alles klar|prima|tschüss|schönen tag|schönen tag noch|schönes wochenende|gern|gerne|passt|bis dann|mahlzeit',
  // French
  'bonjour|salut|bonsoir|coucou|merci|merci beaucoup|merci bien|parfait|super|au revoir|bonne journée|à bientôt|d accord|c est bon|de rien',
  // Spanish, Portuguese, Italian
  'hola|buenos días|buenas tardes|buenas|gracias|muchas gracias|mil gracias|vale|perfecto|de nada|adiós|hasta luego|olá|oi|bom dia|boa tarde|obrigado|obrigada|muito obrigado|ciao|salve|buongiorno|buonasera|grazie|grazie mille|perfetto|va bene|prego|arrivederci',
  // Dutch, Scandinavian, Polish, Czech, Turkish
  'goedemorgen|goedemiddag|dank je|dank je wel|dank u|bedankt|top|prima|hej|hejsan|tack|tack så mycket|tusen takk|takk|mange tak|tak|moi|kiitos|cześć|dzień dobry|dzięki|dziękuję|ahoj|dobrý den|díky|děkuji|merhaba|selam|teşekkürler|teşekkür ederim|sağ ol',
  // Russian, Ukrainian, Japanese, Chinese, Korean
  'привет|здравствуйте|добрый день|доброе утро|спасибо|спасибо большое|привіт|дякую|добрий день|こんにちは|おはようございます|お疲れ様です|ありがとう|ありがとうございます|了解です|你好|您好|谢谢|謝謝|早上好|안녕하세요|감사합니다|고맙습니다',
].flatMap(each => each.split('|'))

const KNOWN: ReadonlySet<string> = new Set(PHRASES)
const LONGEST = 80 // characters
const MOST_WORDS = 4 // of one phrase
const NAMES =
  /[@＠][\p{L}\p{N}._-]{1,40}|:[a-z0-9_+-]{1,40}:|\p{Extended_Pictographic}|[\u200d\ufe0f\u{1f3fb}-\u{1f3ff}]/giu

/** Whether a text is nothing but a greeting, thanks, a yes, a goodbye or an emoji. Of a question mark alone: no. */
export function isSmallTalk(text: string): boolean {
  if (text.length > LONGEST) return false
  const words = text
    .normalize('NFC')
    .toLowerCase()
    .replace(NAMES, ' ')
    .replace(/['’]/g, ' ')
    .split(/[^\p{L}\p{M}\p{N}?？]+/u)
    .filter(Boolean)
  if (words.length === 0) return text.trim() !== '' && !/[?？]/u.test(text)
  return isMadeOfPhrases(words)
}

/** The longest phrase first, so that "thank you very much" is one. */
function isMadeOfPhrases(words: readonly string[]): boolean {
  for (let at = 0; at < words.length; ) {
    const length = phraseAt(words, at)
    if (length === 0) return false
    at += length
  }
  return true
}

function phraseAt(words: readonly string[], at: number): number {
  for (let length = Math.min(MOST_WORDS, words.length - at); length > 0; length -= 1) {
    const phrase = words
      .slice(at, at + length)
      .join(' ')
      .replace(/[?？]$/u, '')
    if (KNOWN.has(phrase)) return length
  }
  return 0
}
