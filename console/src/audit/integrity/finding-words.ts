/** What a verification may find, by its code: what it means, and what to do about it. */

export interface FindingWords {
  readonly title: string
  readonly means: string
  readonly advice: string
}

const evidence =
  'Stop changing things, keep a copy of the log and of the newest checkpoint that somebody outside has, and ask whoever runs this server.'
const restored = 'If a backup was put back, that is what was found: what came after it is missing here.'

/** The codes are those of the server; a test holds the two tables together. */
export const findingWords: Readonly<Record<string, FindingWords>> = {
  SIG: {
    title: 'A checkpoint is not signed',
    means: 'A stored checkpoint does not carry a true signature of the log’s key.',
    advice: `Somebody has changed it, or the keyring is another one. ${evidence}`,
  },
  ROOT: {
    title: 'Another root',
    means: 'The entries that are there do not make the root that the log has signed.',
    advice: `Entries were changed, left out or put in before that size. ${evidence}`,
  },
  ROLLBACK: {
    title: 'Entries are missing at the end',
    means: 'The log ends before a checkpoint that it has signed.',
    advice: `${restored} Else somebody has cut it. ${evidence}`,
  },
  FORK: {
    title: 'Another log',
    means: 'A checkpoint that somebody else has seen is of a log with other entries.',
    advice: `${restored} Else the log was written anew with its own key. ${evidence}`,
  },
  SEQ: {
    title: 'An entry is missing or out of place',
    means: 'The places of the entries are not one after the other.',
    advice: evidence,
  },
  LEAF_MISMATCH: {
    title: 'An entry was changed',
    means: 'An entry is not the one whose hash went into the tree.',
    advice: evidence,
  },
  COMMITMENT: {
    title: 'A part was exchanged',
    means: 'What says who it was is not what the entry committed to.',
    advice: `The entry itself is as it was; do not believe that part. ${evidence}`,
  },
  CIPHERTEXT: {
    title: 'A part is damaged',
    means: 'What says who it was cannot be opened with its key.',
    advice: 'A disk that fails does this, and so does somebody who changes it. Compare it with a backup.',
  },
  UNAUTHORISED_GAP: {
    title: 'Something is gone, and nothing says why',
    means: 'A part or a key is missing, and no entry says that it was erased or shredded.',
    advice: `Compare it with a backup. ${evidence}`,
  },
  AUTH_SET: {
    title: 'More is gone than was let go',
    means: 'A part is missing that is not among those that an erasure named.',
    advice: `Compare it with a backup. ${evidence}`,
  },
  STEERING: {
    title: 'What decides what is kept was changed',
    means: 'Horizons, levels or holds are not as the newest entry about them left them.',
    advice: `Nothing is shredded, pruned or erased until they are put right from a backup. ${evidence}`,
  },
  KEY_ROW: {
    title: 'A key is not kept as the log left it',
    means: 'It stands under another person’s name, or as destroyed although the log destroyed none.',
    advice: `Nobody is forgotten or named by that key until its row is put right from a backup. ${evidence}`,
  },
  NOT_ERASED: {
    title: 'A destroyed key is back',
    means: 'An entry says that this key was destroyed, and it is there.',
    advice: 'A backup that was put back has brought it. Erase that person again, or run retention.',
  },
  HEAD_MISSING_NO_PRUNE_RECORD: {
    title: 'Entries are missing at the beginning',
    means: 'No entry says that they were pruned.',
    advice: evidence,
  },
  PRUNE_ROOT: {
    title: 'What is left of pruned entries was changed',
    means: 'Their root is not the one that the entry about them names.',
    advice: evidence,
  },
  PRUNE_UNCORROBORATED: {
    title: 'Nothing vouches for pruned entries',
    means: 'There is no signed checkpoint after them.',
    advice: `Somebody has removed checkpoints. ${evidence}`,
  },
}

/** A code of a newer server has no words here. */
export function explainFinding(code: string): FindingWords {
  const known = Object.hasOwn(findingWords, code) ? findingWords[code] : undefined
  return known ?? { title: code, means: 'This console does not know this finding.', advice: evidence }
}
