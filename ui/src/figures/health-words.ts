/** How a model fares, in words for a person. */
import type { DeploymentHealthInfo } from '@cairn/contract'
import { formatSecondOfDay } from './format.ts'

/** Kinds of failures of a provider; one that is not here is shown by its own name. */
const failureWords: Readonly<Record<string, string>> = {
  unreachable: 'cannot be reached',
  timeout: 'took too long',
  'rate-limited': 'limits how often it is asked',
  credentials: 'refused the API key',
  failed: 'answered with errors',
  malformed: 'sent what cannot be read',
  'broken-stream': 'broke off in the middle',
  redirect: 'sent us to another address',
  denied: 'is at an address that is not allowed',
}

export interface HealthWords {
  readonly tone: 'accent' | 'warn' | 'danger' | 'neutral'
  readonly title: string
  /** Why; empty where there is nothing to add. */
  readonly text: string
}

export function describeHealth({ state, reason, until }: DeploymentHealthInfo): HealthWords {
  const why = capitalise(failureOf(reason))
  switch (state) {
    case 'ok':
      return { tone: 'accent', title: 'In use', text: '' }
    case 'starting':
      return { tone: 'accent', title: 'Starting again', text: 'With a growing share' }
    case 'probing':
      return { tone: 'warn', title: 'Being tried', text: why }
    case 'cooling':
    case 'open': {
      const when = until === null ? '' : `Until ${formatSecondOfDay(until)}`
      const words = [when, when === '' ? why : failureOf(reason)].filter(Boolean).join(': ')
      return { tone: state === 'open' ? 'danger' : 'warn', title: 'Left alone', text: words }
    }
  }
}

function failureOf(reason: string | null): string {
  return reason === null ? '' : (failureWords[reason] ?? reason)
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
