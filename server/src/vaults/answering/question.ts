/**
 * What a question asks for: its words by weight, the names and numbers that an answer must be about, and the kind of
 * thing that would answer it.
 */
import { foldWord, listTerms, stemOf } from '../text/tokenize.ts'
import { stopWords } from '../text/stop-words.ts'

export type AnswerKind = 'number' | 'when' | 'who' | 'where' | 'how' | 'why' | 'yes-no' | 'what'

export interface QuestionTerm {
  term: string
  /** How rare it is in the vaults asked; 0 when no note has it. */
  idf: number
  /** A name or a number: without it an answer is about something else. */
  hard: boolean
  weight: number
}

export interface Question {
  terms: QuestionTerm[]
  kind: AnswerKind
}

/** Words of asking, which say nothing about the subject. */
const asking = new Set(
  listTerms(
    'tell explain describe show find know wondering want need question please does someone somebody something anything everyone person people thing way time',
  ),
)

const kinds: readonly (readonly [AnswerKind, RegExp])[] = [
  [
    'number',
    /\bhow (?:many|much|long|often|far|old|big|large|high|tall|fast|late|early|soon)\b|\bwhat (?:percentage|percent|share|number|amount|price|cost|rate|fee|size)\b|\b(?:wie ?viele?|wie lange|wie oft|wie hoch)\b|何(?:人|回|日|時間|円|個|件|分|か月|年)|いくら|いくつ|多少|几(?:个|天|次|人|年|小时)/iu,
  ],
  [
    'when',
    /\bwhen\b|\bwhat (?:date|day|time|year|month|deadline)\b|\bby what\b|\b(?:wann|welches? (?:tag|datum|jahr))\b|いつ|何時|何日|什么时候|何时|哪天|几点/iu,
  ],
  [
    'who',
    /\bwho(?:m|se)?\b|\bwhich (?:person|people|team|group|colleague)\b|\b(?:wer|wem|wen|wessen)\b|誰|だれ|どなた|谁/iu,
  ],
  [
    'where',
    /\bwhere\b|\bwhich (?:channel|folder|room|place|page|site|office|city|form|tool)\b|\b(?:wo|wohin|woher)\b|どこ|哪里|哪儿|在哪/iu,
  ],
  [
    'why',
    /\bwhy\b|\bwhat(?:'s| is| was)? the (?:reason|purpose|point)\b|\b(?:warum|weshalb|wieso)\b|なぜ|どうして|为什么/iu,
  ],
  ['how', /\bhow\b|\bwhat (?:should|do|must|can) (?:i|we|you)\b|\bsteps?\b|\b(?:wie)\b|どう|どのよう|怎么|如何/iu],
  [
    'yes-no',
    /^(?:is|are|am|was|were|do|does|did|can|could|may|must|should|will|would|has|have|had|ist|sind|darf|kann|muss|gibt)\b/iu,
  ],
]

export function parseQuestion(text: string, idf: (term: string) => number): Question {
  const hard = findHardTerms(text)
  const counts = new Map<string, number>()
  for (const term of listTerms(text)) if (!asking.has(term)) counts.set(term, (counts.get(term) ?? 0) + 1)
  if (counts.size === 0) for (const term of listTerms(text)) counts.set(term, 1)
  const unseen = 8
  const rarityOf = german.test(text) ? (term: string) => idf(term) || rarityOfParts(term, idf) : idf
  const terms = Array.from(counts.keys(), (term): QuestionTerm => {
    const rarity = rarityOf(term)
    return { term, idf: rarity, hard: hard.has(term), weight: rarity === 0 ? unseen : rarity }
  })
  return { terms, kind: kinds.find(([, pattern]) => pattern.test(text.trim()))?.[0] ?? 'what' }
}

const shortestPart = 5

/** A German compound that no note has is known when its beginning or end is: Gehäusedeckel by Deckel. */
function rarityOfParts(term: string, idf: (part: string) => number): number {
  for (let length = term.length - 3; length >= shortestPart; length--) {
    const rarity = idf(stemOf(term.slice(-length))) || idf(stemOf(term.slice(0, length)))
    if (rarity > 0) return rarity
  }
  return 0
}

/** German writes every noun with a capital, so there a capital is no sign of a name. */
const german =
  /(?<!\p{L})(?:wie|wer|wo|was|wann|warum|welche[rsmn]?|der|die|das|ist|sind|und|ein|eine|einen|für|muss|müssen|darf|dürfen|kann|wir|ich)(?!\p{L})/iu

/** Names (capital letters inside a sentence, acronyms, camel case) and anything with a digit. */
function findHardTerms(text: string): Set<string> {
  const hard = new Set<string>()
  const nounsHaveCapitals = german.test(text.replace(/\b(?:was|die)\b/giu, ''))
  const words = [...text.matchAll(/[\p{L}\p{N}\p{M}]+(?:['’]\p{L}+)?/gu)]
  words.forEach((match, index) => {
    const word = match[0]
    const folded = foldWord(word)
    if (stopWords.has(folded)) return
    const first = index === 0 || /[.!?:]\s+["'“(]*$/.test(text.slice(0, match.index))
    const capital = /^\p{Lu}/u.test(word) && ((!first && !nounsHaveCapitals) || /^\p{Lu}{2,}/u.test(word))
    if (capital || /\p{N}/u.test(word) || /\p{Ll}\p{Lu}/u.test(word)) hard.add(stemOf(folded))
  })
  return hard
}

const months =
  'jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|januar|februar|märz|mai|juni|juli|oktober|dezember'
const days = 'mon|tues|wednes|thurs|fri|satur|sun'
const smallNumbers =
  'one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|ninety|hundred|thousand|half|twice|once|a third|quarter|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf'

const evidence: Partial<Record<AnswerKind, RegExp>> = {
  number: new RegExp(`\\d|\\b(?:${smallNumbers})\\b|[一二三四五六七八九十百千万]`, 'iu'),
  when: new RegExp(
    `\\b(?:19|20)\\d\\d\\b|\\b\\d{1,2}[:.]\\d\\d\\b|\\b\\d{1,2} ?(?:am|pm|a\\.m|p\\.m)|\\b(?:${months})\\b|\\b(?:${days})day|\\b(?:\\d+|${smallNumbers}) (?:business |working |calendar )?(?:hour|day|week|month|year|minute|tage?|woche|monat|jahr)|\\b(?:daily|weekly|monthly|quarterly|annually|yearly|every|before|after|within|until|during|once|end of|beginning|first|last)\\b|[年月日時时点週]`,
    'iu',
  ),
  who: /\b(?:team|lead|leads|manager|supervisor|director|chief|officer|owner|coordinator|administrator|admin|contact|ask|staff|office|group|guild|department|people|employee|member|everyone|anyone|you|we|engineer|editor|designer)s?\b|@|さん|先生/iu,
  where:
    /#[\w-]+|https?:|\b(?:in|at|on|under|via|through|channel|folder|page|room|site|portal|form|building|office|drive|calendar|slack|github)\b|\/|で|に|在/iu,
  why: /\b(?:because|since|so that|in order|reason|due to|therefore|to (?:avoid|ensure|make|keep|help|protect|prevent|allow)|helps?|purpose|ensures?|allows?|means?|weil|damit|denn)\b|ため|から|因为|为了/iu,
  how: /\b(?:you|must|should|can|need|use|click|go|send|fill|create|open|add|ask|submit|run|set|choose|select|follow|request|step|make|contact|post|email|check)\b|してください|ます|请|应/iu,
}

/** Apart from the others, since it looks at capitals. */
const fullName = /(?:^|\s)\p{Lu}\p{Ll}+ \p{Lu}\p{Ll}+/u

/** Does a sentence hold the kind of thing that is asked for? Null when any sentence may. */
export function holdsKind(kind: AnswerKind, text: string): boolean | null {
  if (kind === 'who' && fullName.test(text)) return true
  return evidence[kind]?.test(text) ?? null
}
