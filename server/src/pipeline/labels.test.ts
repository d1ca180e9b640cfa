import { expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import type { LabelSigner } from './labels.ts'
import { labelOfHistory, signLabel } from './labels.ts'

function signer(key: string): LabelSigner {
  const sign = (data: string) => createHmac('sha256', key).update(data).digest('base64url')
  return { sign, verify: (data, signature) => sign(data) === signature }
}

const ours = signer('ours')
const turn = (label?: string) => [
  { role: 'user' as const, content: 'q' },
  { role: 'assistant' as const, content: 'a', ...(label === undefined ? {} : { label }) },
]
const read = (label?: string) => labelOfHistory(turn(label), 'ann', ours)

test('a conversation has the highest label of its answers', () => {
  const history = [...turn(signLabel('public', 'ann', ours)), ...turn(signLabel('confidential', 'ann', ours))]
  expect(labelOfHistory(history, 'ann', ours)).toBe('confidential')
  expect(labelOfHistory([], 'ann', ours)).toBe('public')
  expect(labelOfHistory([{ role: 'user', content: 'only asked' }], 'ann', ours)).toBe('public')
})

test.each([
  ['missing', undefined],
  ['without a signature', 'public'],
  ['of a name there is not', `open.${ours.sign('open ann')}`],
  ['with the signature of another label', `public.${ours.sign('internal ann')}`],
  ['of another person', signLabel('public', 'bob', ours)],
  ['of another deployment', signLabel('public', 'ann', signer('theirs'))],
  ['cut short', signLabel('public', 'ann', ours).slice(0, -1)],
  ['empty', ''],
])('a label %s counts as the highest', (_, label) => {
  expect(read(label)).toBe('restricted')
})
