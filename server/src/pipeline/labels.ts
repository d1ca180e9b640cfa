/**
 * Labels that travel: an answer's receipt carries the label of what it was made from, signed, and the client sends it
 * back with the conversation. A turn without a valid one counts as the highest, since it may hold text of any note.
 */
import { highestLabel, labels, type HistoryTurn, type Label } from '@cairn/contract'

/** Signs and checks, with the key of this deployment. */
export interface LabelSigner {
  sign(data: string): string
  verify(data: string, signature: string): boolean
}

/** `internal.SIGNATURE`; bound to the person, so that another's receipt is worth nothing. */
export function signLabel(label: Label, principalId: string, signer: LabelSigner): string {
  return `${label}.${signer.sign(`${label} ${principalId}`)}`
}

export function labelOfHistory(history: readonly HistoryTurn[], principalId: string, signer: LabelSigner): Label {
  return history.reduce<Label>(
    (highest, turn) =>
      turn.role === 'assistant' ? highestLabel(highest, readLabel(turn.label, principalId, signer)) : highest,
    'public',
  )
}

function readLabel(signed: string | undefined, principalId: string, signer: LabelSigner): Label {
  const [name, signature] = (signed ?? '').split('.')
  const label = labels.find((each) => each === name)
  return label && signature !== undefined && signer.verify(`${label} ${principalId}`, signature) ? label : 'restricted'
}
