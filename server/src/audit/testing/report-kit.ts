/** A log to report on, a day on it whose numbers are known, and the state that belongs to it. */
import {
  auditReportParameters,
  reportLimits,
  type AuditEventType,
  type AuditReport,
  type AuditReportId,
  type ReportCell,
  type ReportRow,
} from '@cairn/contract'
import type { Place } from '../../storage/testing/places.ts'
import type { AuditEvent } from '../record/prepare.ts'
import { beginReport, finishReport } from '../reports/make-report.ts'
import { noState, type ReportAsked, type ReportBasis, type ReportState } from '../reports/types.ts'
import { openLogKit, testSecrets, type LogKit } from './log-kit.ts'

export const start = Date.parse('2026-01-15T08:00:00Z')
export const minute = 60_000

type More = Partial<Omit<ReportAsked, 'parameters'>> & { readonly [name: string]: unknown }

interface Asking {
  readonly state?: ReportState
  /** Names of places that the reader knows of; null for all. */
  readonly seen?: readonly string[] | null
}

export interface Reported {
  readonly report: AuditReport
  readonly basis: ReportBasis
  rows(part: string): readonly ReportRow[]
  total(title: string): ReportCell | undefined
}

/** `at`: minutes after `start`. */
export type RecordAt = (type: AuditEventType, at: number, more?: Partial<AuditEvent>) => Promise<number>

export interface ReportKit extends LogKit {
  readonly record: RecordAt
  ask(id: AuditReportId, more?: More, asking?: Asking): Promise<Reported>
}

export async function openReportKit({ location }: Place): Promise<ReportKit> {
  const kit = await openLogKit(location)
  return {
    ...kit,
    record: (type, at, { actor = 'server', outcome = 'ok', fields = {}, context = {} } = {}) =>
      kit.log.append({ type, actor, outcome, at: start + at * minute, fields, context }),
    async ask(id, more = {}, { state = noState, seen = null } = {}) {
      const { asOf = null, from = null, to = null, limit = reportLimits.usualRows, ...rest } = more
      const usual = Object.entries(auditReportParameters).map(([each, spec]) => [each, spec.usual])
      const parameters = { ...Object.fromEntries(usual), ...rest } as ReportAsked['parameters']
      const asked: ReportAsked = { id, asOf, from, to, limit, parameters }
      const basis = await beginReport(kit.log, testSecrets, asked)
      const draft = await finishReport({ basis, asked, secrets: testSecrets, log: kit.log }, state, seen)
      const { pin, period } = basis
      const words = { parameters: {}, query: `/${id}`, stateSha256: '', names: {} }
      const report: AuditReport = { id, pin, period, ...words, ...draft }
      return {
        report,
        basis,
        rows: (part) => report.parts.find((each) => each.id === part)?.rows ?? [],
        total: (title) => report.totals.find((each) => each.title === title)?.value,
      }
    },
  }
}

// --- Days -------------------------------------------------------------------------------------------------------------

const notes = ['plans/A.md', 'plans/deep/B.md', 'plans/deep/C.md', 'Root.md'].map((path) => `note:v/${path}`)

/** Ann asks thrice, once from the cache; Bob once in vain, and once of a local model. */
export async function fillDay(record: RecordAt): Promise<void> {
  const cloud = { vaults: ['v'], model: 'large', provider: 'cloud', egress: 'external', label: 'internal' }
  await record('egress.intended', 0, {
    actor: 'ann',
    fields: { provider: 'cloud', egress: 'external', label: 'internal', purpose: 'answer', region: 'eu' },
  })
  await record('question.asked', 1, {
    actor: 'ann',
    fields: { ...cloud, notes, region: 'eu', cached: false, tokensIn: 100, tokensOut: 10, costNanoUsd: 4_000 },
  })
  await record('question.asked', 2, {
    actor: 'ann',
    fields: {
      ...cloud,
      notes: notes.slice(0, 1),
      region: null,
      cached: true,
      tokensIn: 100,
      tokensOut: 10,
      costNanoUsd: 0,
    },
  })
  const here = { model: 'small', provider: 'here', egress: 'local', streamed: false, region: null, cached: false }
  await record('chat.completed', 3, {
    actor: 'ann',
    fields: { ...here, tokensIn: 100, tokensOut: 10, costNanoUsd: 0 },
  })
  await record('question.asked', 4, {
    actor: 'bob',
    outcome: 'refused',
    fields: { vaults: ['v'], notes: notes.slice(0, 1), label: 'restricted' },
  })
  await record('policy.changed', 1, { actor: 'zoe', fields: { what: 'grant', revision: 2, epoch: 1, statement: 'g1' } })
  await record('sign-in.refused', 2, {
    actor: 'anonymous',
    outcome: 'refused',
    fields: { method: 'password', code: 'x' },
  })
  await record('audit.searched', 3, { actor: 'zoe', fields: { filters: [], size: 1, results: 0 } })
  await record('chat.completed', 5, {
    actor: 'bob',
    fields: { ...here, tokensIn: 50, tokensOut: 5, costNanoUsd: null },
  })
}

const person = { kind: 'user', isActive: true, isOwner: false, hasSecondFactor: true } as const

export const dayState: ReportState = {
  ...noState,
  grants: [{ id: 'g1', principal: 'user:ann', role: 'auditor', scope: 'org:cairn', from: null, until: null }],
  people: [
    { ...person, id: 'ann' },
    { ...person, id: 'bob' },
  ],
  groups: [
    { id: 'crew', members: ['user:bob', 'group:ship'] },
    { id: 'ship', members: ['user:ann'] },
  ],
}

export const reviewState: ReportState = {
  ...noState,
  people: [
    { ...person, id: 'ann', isOwner: true, hasSecondFactor: false },
    { ...person, id: 'bob' },
    { ...person, id: 'zoe', isActive: false },
  ],
  groups: [{ id: 'crew', members: ['user:bob', 'user:zoe'] }],
  keys: [
    { id: 'key_a', owner: 'ann', createdAt: start, expiresAt: null, revokedAt: null, isBounded: false },
    { id: 'key_b', owner: 'bob', createdAt: start, expiresAt: 9e14, revokedAt: null, isBounded: true },
    { id: 'key_c', owner: 'bob', createdAt: start, expiresAt: null, revokedAt: start + 1, isBounded: true },
  ],
  grants: [
    { id: 'g1', principal: 'user:ann', role: 'auditor', scope: 'org:cairn', from: null, until: null },
    { id: 'g2', principal: 'group:crew', role: 'viewer', scope: 'vault:v', from: null, until: null },
    { id: 'g3', principal: 'user:gone', role: 'viewer', scope: 'vault:v', from: null, until: null },
  ],
  findings: [{ about: 'user:ann', message: 'Look here.' }],
}
