/** The policy as JSON. What is written counts once it parses; what is wrong is said with its place. */
import { useState } from 'preact/hooks'
import { policyDocumentSchema, type PolicyDocument } from '@cairn/contract'
import { TextArea } from '@cairn/ui'

export interface PolicyJsonProps {
  readonly document: PolicyDocument
  readonly canChange: boolean
  readonly onChange: (document: PolicyDocument) => void
}

export function PolicyJson({ document, canChange, onChange }: PolicyJsonProps) {
  const [text, setText] = useState(() => JSON.stringify(document, null, 2))
  const [error, setError] = useState<string>()
  const edit = (next: string) => {
    setText(next)
    const read = readPolicy(next)
    setError('error' in read ? read.error : undefined)
    if ('document' in read) onChange(read.document)
  }
  return <TextArea label="Policy" mono rows={26} value={text} error={error} disabled={!canChange} onInput={edit} />
}

export function readPolicy(text: string): { readonly document: PolicyDocument } | { readonly error: string } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (thrown) {
    return { error: thrown instanceof Error ? thrown.message : 'This is no JSON.' }
  }
  const { data, error } = policyDocumentSchema.safeParse(value)
  if (data) return { document: data }
  const [issue] = error.issues
  const place = issue?.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  return { error: `${place ? `${place.replace(/^\./, '')}: ` : ''}${issue?.message ?? 'This is no policy.'}` }
}
