/**
 * Fits the weights of the answerer's confidence on the development questions: logistic regression with a ridge, and
 * the AUC that leave-one-out gives. Prints the table for `server/src/vaults/answering/confidence.ts`.
 * Run: bun bench/search/fit.ts FOLDER-OF-VAULTS
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { chooseSentences } from '../../server/src/vaults/answering/choose-sentences.ts'
import { findPassages } from '../../server/src/vaults/index/search-vaults.ts'
import { openVault } from './open-vault.ts'

interface Sample {
  features: number[]
  answerable: boolean
}

const ridge = Number(process.argv[3] ?? 3)
const folder = process.argv[2] ?? '../shared/data/vaults'
const lines = readFileSync(new URL('../questions/dev/questions.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
const questions = lines.map((line) => JSON.parse(line) as { vault: string; question: string; answerable: boolean })
const samples: Sample[] = []
let names: string[] = []

for (const vault of new Set(questions.map((question) => question.vault))) {
  const { follower, close } = await openVault(join(folder, vault))
  for (const { question, answerable } of questions.filter((each) => each.vault === vault)) {
    const passages = await findPassages([{ vault, follower, filter: { kind: 'all' } }], {
      query: question,
      syntax: 'plain',
      forPrompt: true,
      vaults: [],
      limit: 40,
      mode: 'hybrid',
    })
    const { features } = chooseSentences({ question }, passages, { limit: 5, idf: (term) => follower.index.idf(term) })
    names = Object.keys(features)
    samples.push({ features: names.map((name) => features[name] as number), answerable })
  }
  await close()
}

const held = samples.map((sample) => predict(fit(samples.filter((other) => other !== sample)), sample.features))
console.log(`leave-one-out AUC ${areaUnderCurve(held, samples).toFixed(3)} over ${samples.length} questions`)
const own = fit(samples)
names.forEach((name, index) =>
  console.log(
    `  ${name}: ${(own[index] as number).toFixed(2)}, alone AUC ${areaUnderCurve(
      samples.map(({ features }) => features[index] as number),
      samples,
    ).toFixed(3)}`,
  ),
)
console.log(`  bias: ${(own[names.length] as number).toFixed(2)}`)
const sorted = held.filter((_, index) => samples[index]?.answerable).sort((a, b) => a - b)
for (const share of [0.05, 0.08, 0.1]) {
  const threshold = sorted[Math.floor(share * sorted.length)] as number
  const refused = held.filter((value, index) => !samples[index]?.answerable && value < threshold).length
  console.log(
    `  refusing ${share * 100} % of the answerable (below ${threshold.toFixed(3)}) refuses ${((100 * refused) / samples.filter(({ answerable }) => !answerable).length).toFixed(0)} % of the unanswerable`,
  )
}

function fit(data: readonly Sample[]): number[] {
  const size = (data[0] as Sample).features.length
  const weights: number[] = Array.from({ length: size + 1 }, () => 0)
  for (let round = 0; round < 4_000; round++) {
    const gradient = weights.map((weight, index) => (index < size ? (ridge * weight) / data.length : 0))
    for (const { features, answerable } of data) {
      const error = (predict(weights, features) - (answerable ? 1 : 0)) / data.length
      features.forEach((value, index) => (gradient[index] = (gradient[index] as number) + error * value))
      gradient[size] = (gradient[size] as number) + error
    }
    gradient.forEach(
      (slope, index) => (weights[index] = allowed(names[index], (weights[index] as number) - 0.5 * slope)),
    )
  }
  return weights
}

/** Evidence may not count against itself: the sign of each weight is known beforehand. */
function allowed(name: string | undefined, weight: number): number {
  if (name === undefined) return weight
  return name.startsWith('unknown') ? Math.min(0, weight) : Math.max(0, weight)
}

function predict(weights: readonly number[], features: readonly number[]): number {
  const sum = features.reduce(
    (total, value, index) => total + value * (weights[index] as number),
    weights[features.length] as number,
  )
  return 1 / (1 + Math.exp(-sum))
}

function areaUnderCurve(scores: readonly number[], data: readonly Sample[]): number {
  let wins = 0
  let pairs = 0
  scores.forEach((score, index) => {
    if (!data[index]?.answerable) return
    scores.forEach((other, at) => {
      if (data[at]?.answerable) return
      pairs++
      wins += score > other ? 1 : score === other ? 0.5 : 0
    })
  })
  return wins / pairs
}
