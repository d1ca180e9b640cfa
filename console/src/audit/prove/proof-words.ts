/** What came of a proof, in words: what it means and what to do. */
import type { ProofFault } from './verify-proof.ts'

interface FaultWords {
  readonly title: string
  readonly text: string
}

export const faultWords: Readonly<Record<ProofFault, FaultWords>> = {
  unreadable: {
    title: 'This is no proof',
    text: 'The server’s answer cannot be read. Reload this page and try again.',
  },
  elsewhere: {
    title: 'This proof is of another entry',
    text: 'The server gave the proof of another place in the log. Verify the whole log.',
  },
  differs: {
    title: 'The log has another entry here',
    text: 'What is shown above is not what was hashed. Verify the whole log, and ask whoever runs this server.',
  },
  path: {
    title: 'The entry is not in this log',
    text: 'Its hash does not lead to the root of the checkpoint: the entry, the proof or the log was changed. Keep the downloaded proof as evidence, and verify the whole log.',
  },
  'other-key': {
    title: 'The log has another key than at your last visit',
    text: 'The way to the root was right, and the key is not the one that this browser remembers: the keyring was replaced, or somebody answers in its place. Compare it with the copy that you keep.',
  },
  origin: {
    title: 'The checkpoint is of another log',
    text: 'Its name is not that of the key. Keep the downloaded proof as evidence, and verify the whole log.',
  },
  key: {
    title: 'The log’s key cannot be read',
    text: 'The way to the root was right; whether it is signed cannot be told. Reload this page and try again.',
  },
  signature: {
    title: 'The log has not signed this',
    text: 'The signature of the checkpoint is missing or wrong. Keep the downloaded proof as evidence, and verify the whole log.',
  },
}
