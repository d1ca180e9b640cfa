/** The judged questions over a real handbook: is the right note cited, and what is not there said not to be? */
import { readFileSync } from 'node:fs'
import { chooseSentences } from '../../server/src/vaults/answering/choose-sentences.ts'
import { findPassages } from '../../server/src/vaults/index/search-vaults.ts'
import type { BenchResult } from '../bench.ts'
import { openVault } from './open-vault.ts'
import { areaUnderCurve, mean } from './statistics.ts'

interface Question {
  question: string
  answerable: boolean
  note?: string
  also?: string[]
}

const candidates = 40
const notFoundBelow = 0.5

export async function measureAnswers(vault: string): Promise<BenchResult> {
  const questions = readFileSync(new URL('../questions/handbook-18f/questions.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Question)
  const { follower, close } = await openVault(vault)
  const asked = await Promise.all(
    questions.map(async (each) => {
      const passages = await findPassages([{ vault: 'bench', follower, filter: { kind: 'all' } }], {
        query: each.question,
        syntax: 'plain',
        forPrompt: true,
        vaults: [],
        limit: candidates,
        mode: 'hybrid',
      })
      const { confidence, sentences } = chooseSentences({ question: each.question }, passages, {
        limit: 5,
        idf: (term) => follower.index.idf(term),
      })
      const cited = sentences.map(({ passage }) => passage.note)
      return {
        ...each,
        confidence,
        strict: cited.includes(each.note ?? ''),
        lenient: cited.some((note) => note === each.note || each.also?.includes(note) === true),
      }
    }),
  )
  await close()
  const share = (list: typeof asked, test: (each: (typeof asked)[number]) => boolean) =>
    mean(list.map((each) => (test(each) ? 1 : 0)))
  const answerable = asked.filter((each) => each.answerable)
  const not = asked.filter((each) => !each.answerable)
  const isRefused = ({ confidence }: { confidence: number }) => confidence < notFoundBelow
  const values: [string, number][] = [
    ['right note among five citations', share(answerable, ({ lenient }) => lenient)],
    ['the drawn note itself among five citations', share(answerable, ({ strict }) => strict)],
    ['unanswerable said not to be found', share(not, isRefused)],
    ['answerable said not to be found', share(answerable, isRefused)],
    [
      'AUC of how sure it is',
      areaUnderCurve(
        answerable.map(({ confidence }) => confidence),
        not.map(({ confidence }) => confidence),
      ),
    ],
  ]
  const [cited, , found, refused] = values.map(([, value]) => value) as [number, number, number, number]
  return {
    rows: values.map(([metric, value]) => ({
      metric: `handbook-18f: ${metric}`,
      unit: '',
      subject: 'cairn',
      value,
      spread: null,
    })),
    targets: [
      { metric: 'handbook-18f: right note cited', target: '≥ .80', value: cited, ok: cited >= 0.8 },
      { metric: 'handbook-18f: unanswerable not found', target: '≥ .40', value: found, ok: found >= 0.4 },
      { metric: 'handbook-18f: answerable refused', target: '≤ .10', value: refused, ok: refused <= 0.1 },
    ],
  }
}
