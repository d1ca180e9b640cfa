import { describe, expect, test } from 'bun:test'
import { auditEventTable, auditLevelsSchema, type AuditEventType, type AuditLevelRule } from '@cairn/contract'
import { isSilenced, ruleOf } from './level-of.ts'
import { followLevels, usualLevels } from './levels.ts'

const levelOf = (rules: readonly AuditLevelRule[], type: AuditEventType, fields = {}) =>
  ruleOf({ rules: [...rules], keepDays: 7 }, { type, fields }).level

describe('the level of an entry', () => {
  test('is that of the first rule that fits, and metadata without one', () => {
    const rules: AuditLevelRule[] = [
      { vault: 'v', folder: 'HR', level: 'none' },
      { vault: 'v', level: 'request', purpose: 'trial' },
      { provider: 'cloud', categories: ['model'], level: 'request-response', purpose: 'trial' },
    ]
    const cases: [AuditEventType, Record<string, unknown>, string][] = [
      ['note.read', { vault: 'v', note: 'HR/Pay.md' }, 'none'],
      ['note.read', { vault: 'v', note: 'HR.md' }, 'request'],
      ['note.read', { vault: 'v', note: 'HRX/Pay.md' }, 'request'],
      ['note.read', { vault: 'w', note: 'HR/Pay.md' }, 'metadata'],
      ['question.asked', { vaults: ['w', 'v'], notes: ['note:w/a.md', 'note:v/HR/b.md'] }, 'none'],
      ['question.asked', { vaults: ['w', 'v'], notes: ['note:w/HR/a.md'] }, 'request'],
      ['chat.completed', { provider: 'cloud' }, 'request-response'],
      ['chat.completed', { provider: 'near' }, 'metadata'],
      ['question.asked', { vaults: [], provider: 'cloud' }, 'metadata'],
    ]
    for (const [type, fields, level] of cases)
      expect(`${type} ${levelOf(rules, type, fields)}`).toBe(`${type} ${level}`)
  })

  test('silences the use of notes and models alone, and nothing that must be on record before it happens', () => {
    const silenced = (Object.keys(auditEventTable) as AuditEventType[]).filter((type) =>
      isSilenced({ rules: [{ level: 'none' }], keepDays: 7 }, { type, fields: {} }),
    )
    expect(silenced.length).toBeGreaterThan(5)
    for (const type of silenced) expect(['content', 'model', 'tool']).toContain(auditEventTable[type].category)
    expect(silenced).not.toContain('egress.intended')
  })

  test('texts need a purpose, and a folder its vault', () => {
    const fits = (rule: unknown) => auditLevelsSchema.safeParse({ rules: [rule], keepDays: 7 }).success
    expect(fits({ level: 'request', purpose: 'trial' })).toBe(true)
    for (const rule of [
      { level: 'request' },
      { level: 'none', folder: 'HR' },
      { level: 'all' },
      { level: 'none', x: 1 },
    ])
      expect([rule, fits(rule)]).toEqual([rule, false])
    for (const keepDays of [0, 91, 1.5])
      expect(auditLevelsSchema.safeParse({ rules: [], keepDays }).success).toBe(false)
  })

  test('is asked of the store again after a second, waits for nothing, and stays when it cannot be read', async () => {
    let now = 0
    let stored = { ...usualLevels, keepDays: 3 }
    let [asked, isBroken] = [0, false]
    const known = followLevels(
      async () => {
        asked++
        if (isBroken) throw new Error('no')
        return stored
      },
      () => now,
    )
    expect(known.now()).toEqual(usualLevels)
    await Bun.sleep(1)
    expect(known.now().keepDays).toBe(3)
    stored = { ...usualLevels, keepDays: 5 }
    expect([known.now().keepDays, asked]).toEqual([3, 1])
    now += 1_000
    known.now()
    await Bun.sleep(1)
    expect(known.now().keepDays).toBe(5)
    isBroken = true
    now += 1_000
    known.now()
    await Bun.sleep(1)
    expect([known.now().keepDays, asked]).toEqual([5, 3])
  })
})
