/**
 * Trains the meaning model of a vault from its stored index and writes the vectors of all passages. The new model is
 * in force with the last commit, so a kill before that leaves the former.
 */
import { embed, leastPassages, trainLsa, type LsaModel, type TermRow } from '../ranking/lsa.ts'
import { readPacked } from '../ranking/note-terms.ts'
import { packVectors } from '../ranking/vector-index.ts'
import { packModel } from './model-bytes.ts'
import { statements, type IndexStore } from './index-store.ts'

const dimensions = 128
const sampledPassages = 16_000
const notesAtOnce = 200

export interface TrainOptions {
  vault: string
  store: IndexStore
  id: number
  passages: number
  seq: number
}

/** The model and the sequence number after it; null when the vault is too small for one. */
export async function trainModel({
  vault,
  store,
  id,
  passages,
  seq,
}: TrainOptions): Promise<{ model: LsaModel; seq: number } | null> {
  if (passages < leastPassages) return null
  const every = Math.max(1, passages / sampledPassages)
  const sample: TermRow[] = []
  let at = 0
  await eachNote(store, async (notes) => {
    for (const { rows } of notes)
      for (const row of rows) if (Math.floor(at++ / every) >= sample.length) sample.push(row)
  })
  const model = trainLsa(sample, dimensions)
  if (!model) return null
  let next = seq
  await store.write(statements.putModel(vault, id, packModel(model)))
  await eachNote(store, async (notes) => {
    const batch = notes.flatMap(({ noteId, rows }) => {
      const vectors = rows.map(({ ids, counts }) => embed(model, ids, counts))
      return statements.putVectors(vault, ++next, { noteId, model: id, data: packVectors(vectors, model.dimensions) })
    })
    await store.write(batch)
  })
  next++
  await store.write([statements.useModel(vault, id, passages), statements.setSeq(vault, next)])
  return { model, seq: next }
}

async function eachNote(
  store: IndexStore,
  take: (notes: { noteId: string; rows: TermRow[] }[]) => Promise<void>,
): Promise<void> {
  for (let seq = 0; ;) {
    const changes = await store.changes(seq, notesAtOnce)
    if (changes.length === 0) return
    await take(
      changes.filter(({ deleted }) => !deleted).map(({ noteId, terms }) => ({ noteId, rows: readRows(terms) })),
    )
    seq = (changes.at(-1) as { seq: number }).seq
  }
}

function readRows(packed: Uint8Array): TermRow[] {
  const rows: { ids: number[]; counts: number[] }[] = []
  readPacked(packed, {
    passage: () => void rows.push({ ids: [], counts: [] }),
    term: (term, count) => {
      const row = rows.at(-1) as { ids: number[]; counts: number[] }
      row.ids.push(term)
      row.counts.push(Math.max(1, count / 4))
    },
  })
  return rows
}
