/** `cairn config explain`: every setting, its value, and who set it. */
import type { ExplainedSetting } from '../../config/index.ts'
import { exitCodes, usageFailure } from '../failure.ts'
import { nearest } from '../nearest.ts'
import { jsonFlag } from '../parse.ts'
import { settingFlags } from '../setting-flags.ts'
import { harmlessLine, type Style } from '../terminal/style.ts'
import { renderTable } from '../terminal/table.ts'
import { wrap } from '../terminal/width.ts'
import type { CommandSpec } from '../types.ts'

export const configExplain: CommandSpec = {
  name: 'config explain',
  group: 'Look after',
  summary: 'Show every setting with its value and where it comes from; with a name, what it does.',
  args: [{ name: 'SETTING', optional: true }],
  flags: [...settingFlags, jsonFlag],
  example: 'cairn config explain server.port',
  run: async ({ args, config, json, print, style }) => {
    const name = args['SETTING']?.[0]
    const { settings, file } = config()
    const shown = name === undefined ? settings : choose(settings, name)
    if (json)
      print(
        JSON.stringify(
          { file, settings: shown.map((setting) => ({ ...setting, value: setting.value ?? null })) },
          null,
          2,
        ),
      )
    else if (name === undefined) for (const line of renderSettings(settings, file, style)) print(line)
    else for (const line of shown.flatMap((setting) => renderSetting(setting, style))) print(line)
    return exitCodes.done
  },
}

/** A setting by its path, its variable or its flag, or all of a section. */
function choose(settings: readonly ExplainedSetting[], name: string): ExplainedSetting[] {
  const found = settings.filter(
    ({ path, env, flag }) => path === name || env === name || flag === name || path.startsWith(`${name}.`),
  )
  if (found.length > 0) return found
  const near = nearest(
    name,
    settings.flatMap(({ path, env }) => [path, ...(env === undefined ? [] : [env])]),
  )
  throw usageFailure(
    `There is no setting “${name}”.`,
    near === undefined ? 'See “cairn config explain”.' : `Did you mean “${near}”?`,
  )
}

function renderSettings(settings: readonly ExplainedSetting[], file: string | null, style: Style): string[] {
  const rows = settings.map((setting) => [setting.path, showValue(setting.value), describeOrigin(setting)])
  const table = renderTable(
    [
      { title: 'SETTING', paint: style.bold },
      { title: 'VALUE', shrink: 'end' },
      { title: 'FROM', shrink: 'middle', paint: (text) => (text === 'default' ? style.dim(text) : style.accent(text)) },
    ],
    rows,
    style,
  )
  return [
    ...table,
    '',
    style.dim(
      file === null
        ? 'There is no configuration file. “cairn config explain SETTING” tells what one does.'
        : `Configuration file: ${file}`,
    ),
  ]
}

function renderSetting(setting: ExplainedSetting, style: Style): string[] {
  const places = [
    `file: ${setting.path}`,
    ...(setting.env === undefined ? [] : [`environment: ${setting.env}`]),
    ...(setting.flag === undefined ? [] : [`flag: ${setting.flag}`]),
  ]
  return [
    `${style.bold(setting.path)} = ${showValue(setting.value)} ${style.dim(`(${describeOrigin(setting)})`)}`,
    ...wrap(setting.description, style.textColumns - 2).map((line) => `  ${line}`),
    `  ${style.dim(`Set it by ${places.join(', ')}.`)}`,
  ]
}

function describeOrigin({ origin, from }: ExplainedSetting): string {
  return origin === 'default' || from === null ? origin : `${origin} ${from}`
}

function showValue(value: unknown): string {
  if (value === undefined || value === null) return '–'
  return harmlessLine(typeof value === 'string' ? value : JSON.stringify(value))
}
