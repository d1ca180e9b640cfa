/**
 * The built-in answerer: chooses the sentences that answer a question and says how sure it is.
 *
 * A window of one to three sentences is scored by how much of the question's weight it covers (rare words weigh more),
 * together with its title and heading, by whether it holds the kind of thing asked for, and by the rank of its passage.
 * How sure: score and word coverage alone are near chance on questions that name what the notes mention but do not say
 * (design/retrieval), so the model below also looks at names and numbers, at words that no note has, at how closely
 * the covered words stand together, and at the kind of answer. Its weights are fitted on the development questions
 * (`bench/search/fit.ts`), never on those it is judged by.
 */
import { synonymsOf } from '../text/synonyms.ts'
import { listTerms } from '../text/tokenize.ts'
import type { ExtractiveAnswer, Passage } from '../types.ts'
import { confidenceOf, type Features } from './confidence.ts'
import { holdsKind, parseQuestion, type Question } from './question.ts'
import { listWindows, type Window } from './windows.ts'

interface Scored {
  passage: Passage
  window: Window
  score: number
  rank: number
}

const contextWeight = 0.4
const synonymCover = 0.5
/** A quote that scores less than this share of the best only distracts; on the development questions none that was right did. */
const leastShare = 0.65

/** What a window's score is made of; chosen on the development questions. */
const shares = { inside: 1, above: 0.5, kind: 0.06, passage: 2, wordy: 300 }

export interface ChooseOptions {
  /** Most quotes. */
  limit: number
  idf: (term: string) => number
}

export function chooseSentences(
  asked: { question: string; context?: string },
  passages: readonly Passage[],
  { limit, idf }: ChooseOptions,
): ExtractiveAnswer {
  const question = withContext(parseQuestion(asked.question, idf), asked.context, idf)
  const scored = passages.flatMap((passage, rank) => bestWindow(question, passage, rank))
  scored.sort((a, b) => b.score - a.score || a.rank - b.rank)
  const chosen = choose(scored, limit)
  const features = measure(question, passages, scored)
  return {
    confidence: confidenceOf(features),
    features,
    sentences: chosen.map(({ passage, window }) => {
      const start = passage.start + window.start
      const end = passage.start + window.end
      return { passage, start, end, quote: passage.quote.slice(window.start, window.end), text: window.text }
    }),
  }
}

/** Words of the conversation before count a little, but their absence is never held against an answer. */
function withContext(question: Question, context: string | undefined, idf: (term: string) => number): Question {
  if (context === undefined) return question
  const known = new Set(question.terms.map(({ term }) => term))
  const extra = [...new Set(listTerms(context))]
    .filter((term) => !known.has(term) && idf(term) > 0)
    .map((term) => ({ term, idf: idf(term), hard: false, weight: contextWeight * idf(term) }))
  return { ...question, terms: [...question.terms, ...extra.slice(0, 20)] }
}

function bestWindow(question: Question, passage: Passage, rank: number): Scored[] {
  const above = new Set(listTerms(`${passage.title} ${passage.heading}`))
  const scored = listWindows(passage.quote).map((window): Scored => {
    const terms = new Set(listTerms(window.text))
    const inside = coverage(question, (term) => terms.has(term))
    const outside = coverage(question, (term) => above.has(term) && !terms.has(term))
    const kind = holdsKind(question.kind, window.text)
    const brevity = Math.max(0, window.words - 60) / shares.wordy
    const score =
      shares.inside * inside +
      shares.above * outside +
      (kind === true ? shares.kind : 0) +
      shares.passage * passage.score -
      brevity
    return { passage, window, rank, score }
  })
  scored.sort((a, b) => b.score - a.score || a.window.start - b.window.start)
  return scored.slice(0, 1)
}

/** The share of the question's weight that is covered; a word of nearly the same meaning covers half of it. */
function coverage({ terms }: Question, has: (term: string) => boolean): number {
  let all = 0
  let covered = 0
  for (const { term, weight } of terms) {
    all += weight
    if (has(term)) covered += weight
    else if (synonymsOf(term).some(has)) covered += synonymCover * weight
  }
  return all === 0 ? 0 : covered / all
}

/** One quote from each note first, since five notes hold the right one more often than five places of two notes. */
function choose(scored: readonly Scored[], limit: number): Scored[] {
  const seen = new Map<string, number>()
  const best = scored[0]?.score ?? 0
  const chosen: Scored[] = []
  for (const each of scored) {
    const key = `${each.passage.vault}\n${each.passage.note}`
    const count = seen.get(key) ?? 0
    if (
      count >= 2 ||
      (count === 1 && each.score < 0.9 * best) ||
      isRepeat(each, chosen) ||
      each.score < leastShare * best
    )
      continue
    seen.set(key, count + 1)
    chosen.push(each)
    if (chosen.length >= limit) break
  }
  return chosen
}

function isRepeat(each: Scored, chosen: readonly Scored[]): boolean {
  return chosen.some(({ window }) => window.text === each.window.text)
}

/** How much of what is asked *about* (names, numbers) and of what is asked *of it* (the rest) one window covers together. */
function jointCoverage(question: Question, { passage, window }: Scored): number {
  const terms = new Set(listTerms(`${passage.title} ${passage.heading} ${window.text}`))
  const has = (term: string) => terms.has(term)
  const hard = question.terms.filter((term) => term.hard)
  const soft = question.terms.filter((term) => !term.hard)
  const about = hard.length === 0 ? 1 : coverage({ ...question, terms: hard }, has)
  return about * (soft.length === 0 ? 1 : coverage({ ...question, terms: soft }, has))
}

/** What the confidence is made of; see `confidence.ts`. */
function measure(question: Question, passages: readonly Passage[], scored: readonly Scored[]): Features {
  const best = scored[0]
  const own = question.terms.filter(({ weight, idf }) => weight >= idf)
  const asked: Question = { ...question, terms: own }
  const windowTerms = new Set(
    best ? listTerms(`${best.passage.title} ${best.passage.heading} ${best.window.text}`) : [],
  )
  // A pair of Chinese or Japanese characters across a word's border is in no note and means nothing.
  const unknown = own.filter(({ idf, term }) => idf === 0 && !/[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/.test(term))
  const kind = best ? holdsKind(question.kind, best.window.text) : false
  return {
    windowCoverage: coverage(asked, (term) => windowTerms.has(term)),
    passageCoverage: Math.max(
      0,
      ...passages.slice(0, 6).map((passage) => {
        const terms = new Set(listTerms(`${passage.title} ${passage.heading} ${passage.quote}`))
        return coverage(asked, (term) => terms.has(term))
      }),
    ),
    unknownShare: own.length === 0 ? 0 : (unknown.length / own.length) ** 2,
    unknownHard: unknown.some((term) => term.hard) ? 1 : 0,
    kindHeld: kind === null ? 0.5 : kind ? 1 : 0,
    strength: Math.max(0, ...passages.map(({ strength }) => strength)),
    joint: Math.max(0, ...scored.slice(0, 12).map((each) => jointCoverage(asked, each))),
  }
}
