/** Checkpoints as C2SP tlog-checkpoint has them: origin, size and root of the log in a signed note. */
import { hashBytes, type Hash } from './merkle.ts'
import { formatNote, parseBase64, parseNote, signNote, type Note, type NoteSigner } from './signed-note.ts'

export interface Checkpoint {
  readonly origin: string
  readonly size: number
  readonly root: Hash
}

export function writeCheckpoint({ origin, size, root }: Checkpoint, signers: readonly NoteSigner[]): string {
  const text = `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`
  return formatNote(signNote({ text, signatures: [] }, signers))
}

/** Null for what is no checkpoint. Lines after the root are passed over, as anybody may add them. */
export function parseCheckpoint(text: string): (Checkpoint & { readonly note: Note }) | null {
  const note = parseNote(text)
  const [origin = '', size = '', encoded = ''] = note?.text.split('\n') ?? []
  const root = parseBase64(encoded)
  if (note === null || origin === '' || !/^(?:0|[1-9]\d{0,15})$/.test(size) || root?.length !== hashBytes) return null
  return Number.isSafeInteger(Number(size)) ? { origin, size: Number(size), root, note } : null
}
