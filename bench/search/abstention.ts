/** Can it tell a question the notes answer from one they do not? mtRAG-UN, asked as conversations. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { chooseSentences } from '../../server/src/vaults/answering/choose-sentences.ts'
import type { BenchResult } from '../bench.ts'
import { buildCollection, readCollection } from './collection.ts'
import { areaUnderCurve } from './statistics.ts'

interface Task {
  answerability: string | string[]
  input: { speaker: string; text: string }[]
}

const candidates = 40

export function measureAbstention(folder: string): BenchResult {
  const { index, passages } = buildCollection(readCollection(folder, 'mtragun'))
  const tasks = readFileSync(join(folder, 'mtragun', 'reference.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Task)
  const sure: Record<'ANSWERABLE' | 'UNANSWERABLE', number[]> = { ANSWERABLE: [], UNANSWERABLE: [] }
  for (const { answerability, input } of tasks) {
    const kind = String(answerability)
    if (kind !== 'ANSWERABLE' && kind !== 'UNANSWERABLE') continue
    const asked = input.filter(({ speaker }) => speaker === 'user').map(({ text }) => text)
    const question = asked.at(-1) ?? ''
    const context = asked.at(-2)
    const { confidence } = chooseSentences(
      { question, ...(context === undefined ? {} : { context }) },
      passages(question, candidates, context),
      { limit: 5, idf: (term) => index.idf(term) },
    )
    sure[kind].push(confidence)
  }
  const value = areaUnderCurve(sure.ANSWERABLE, sure.UNANSWERABLE)
  return {
    rows: [
      {
        metric: `AUC of abstaining, mtRAG-UN, ${sure.ANSWERABLE.length} + ${sure.UNANSWERABLE.length}`,
        unit: '',
        subject: 'cairn',
        value,
        spread: null,
      },
    ],
    targets: [{ metric: 'AUC of abstaining, mtRAG-UN', target: '≥ .78', value, ok: value >= 0.78 }],
  }
}
