/** `cairn audit levels [FILE]`: how much the audit log keeps of the use of notes and models. */
import { auditLevelsSchema, type AuditLevelRule, type AuditLevels } from '@cairn/contract'
import { exitCodes } from '../failure.ts'
import { jsonFlag } from '../parse.ts'
import { readJsonFile } from '../read-json-file.ts'
import { parseReply } from '../read-names.ts'
import { harmlessLine, type Style } from '../terminal/style.ts'
import { renderTable } from '../terminal/table.ts'
import type { CommandSpec } from '../types.ts'

const path = '/api/audit/levels'

export const auditLevels: CommandSpec = {
  name: 'audit levels',
  group: 'Look after',
  summary: 'Show how much the audit log keeps of the use of notes and models, or set it from a JSON file.',
  args: [{ name: 'FILE', optional: true }],
  flags: [jsonFlag],
  example: 'cairn audit levels levels.json',
  answersNo: 'refused',
  run: async ({ args, json, print, style, requireServer }) => {
    const file = args['FILE']?.[0]
    const wanted = file === undefined ? null : await readJsonFile(file, auditLevelsSchema, 'levels')
    const server = await requireServer()
    const levels = parseReply(auditLevelsSchema, await (wanted === null ? server.get(path) : server.put(path, wanted)))
    if (json) print(JSON.stringify(levels, null, 2))
    else for (const line of renderLevels(levels, style)) print(line)
    return exitCodes.done
  },
}

function renderLevels({ rules, keepDays }: AuditLevels, style: Style): string[] {
  if (rules.length === 0) return ['Of each use of notes and models: who, when and with what. No texts are kept.']
  const rows = rules.map((rule, at) => [
    `${at + 1}`,
    rule.level,
    harmlessLine(placeOf(rule)),
    harmlessLine(rule.purpose ?? ''),
  ])
  return [
    ...renderTable(
      [
        { title: '' },
        { title: 'LEVEL', paint: style.bold },
        { title: 'OF', shrink: 'end' },
        { title: 'PURPOSE', shrink: 'end', expendable: true, paint: style.dim },
      ],
      rows,
      style,
    ),
    '',
    'The first that fits decides; who, when and with what where none does.',
    ...(rules.some(({ level }) => level.startsWith('request'))
      ? [`Texts are shredded ${keepDays} ${keepDays === 1 ? 'day' : 'days'} after theirs.`]
      : []),
  ]
}

function placeOf({ categories, vault, folder, provider }: AuditLevelRule): string {
  const parts = [
    ...(categories ? [categories.join(', ')] : []),
    ...(vault === undefined ? [] : [folder === undefined ? `vault ${vault}` : `${vault}/${folder}`]),
    ...(provider === undefined ? [] : [`provider ${provider}`]),
  ]
  return parts.length === 0 ? 'everything' : parts.join(' · ')
}
