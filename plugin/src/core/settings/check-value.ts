/**
 * Whether a value may stand for a setting: the same rules for what is typed, read from data.json, and imported. Each
 * complaint is a sentence for the person at the field, and quotes nothing.
 */
import { parseServerAddress } from '../connection/server-address.ts'
import type { SettingSpec, TextCheck } from './setting-table.ts'

/** Null when it may. */
export function checkValue(spec: SettingSpec, value: unknown): string | null {
  switch (spec.kind) {
    case 'toggle':
      return typeof value === 'boolean' ? null : 'Give true or false.'
    case 'number':
    case 'slider':
      return checkNumber(spec, value)
    case 'choice':
      return typeof value === 'string' && Object.hasOwn(spec.options, value)
        ? null
        : `Choose one of ${Object.keys(spec.options).join(', ')}.`
    case 'color':
      return typeof value === 'string' && /^(?:|#[0-9a-f]{6})$/i.test(value)
        ? null
        : 'Give a colour such as #1a664c, or nothing.'
    case 'folder':
      return value === '' ? null : checkText(value, spec.mostChars, 'folder')
    case 'text':
      return value === '' ? null : checkText(value, spec.mostChars, spec.check)
    case 'list':
      return checkList(spec, value)
    case 'map':
      return checkMap(spec, value)
  }
}

/** Whether a text may be an element of a list. */
export function checkItem(spec: Extract<SettingSpec, { kind: 'list' }>, value: unknown): string | null {
  return checkText(value, spec.mostChars, spec.check)
}

function checkNumber(spec: Extract<SettingSpec, { kind: 'number' | 'slider' }>, value: unknown): string | null {
  const { least, most, step, unit } = spec
  const words = `Give a number from ${least} to ${most}${unit === '%' ? ' %' : ` ${unit}`}.`
  if (typeof value !== 'number' || !Number.isFinite(value) || value < least || value > most) return words
  return Number.isInteger((value - least) / step) ? null : `${words.slice(0, -1)}, in steps of ${step}.`
}

function checkText(value: unknown, mostChars: number, check: TextCheck): string | null {
  if (typeof value !== 'string' || value.trim() === '') return 'Give a text.'
  if (value.length > mostChars) return `Give at most ${mostChars} characters.`
  if (/[\p{Cc}\p{Cs}]/u.test(value)) return 'Leave out line breaks and other control characters.'
  switch (check) {
    case 'server-address': {
      const address = parseServerAddress(value)
      return address.ok ? null : address.message
    }
    case 'folder':
      return checkFolder(value)
    case 'tag':
      // Obsidian: letters, numbers, underscore, hyphen and slash, and not numbers alone.
      return /^#?(?=[^/]*[^\d/])[\p{L}\p{M}\p{N}\p{So}_-]+(?:\/[\p{L}\p{M}\p{N}\p{So}_-]+)*$/u.test(value)
        ? null
        : 'Give a tag such as #private, without spaces.'
    case 'model':
      return /\s/.test(value) ? 'Give the id of a model, without spaces.' : null
    case 'any':
      return null
  }
}

function checkFolder(path: string): string | null {
  if (/^(?:\/|[a-z]:)|\\/i.test(path)) return 'Give a folder of this vault, such as Private/Letters.'
  const parts = path.replace(/\/$/, '').split('/')
  if (parts.some((part) => part === '' || part === '.' || part === '..'))
    return 'Give a folder of this vault, such as Private/Letters.'
  return parts.some((part) => part.startsWith('.')) ? 'Folders that begin with a dot are left out anyway.' : null
}

function checkList(spec: Extract<SettingSpec, { kind: 'list' }>, value: unknown): string | null {
  if (!Array.isArray(value)) return 'Give a list of texts.'
  if (value.length > spec.mostItems) return `Give at most ${spec.mostItems}.`
  for (const item of value) {
    const complaint = checkItem(spec, item)
    if (complaint !== null) return complaint
  }
  return null
}

function checkMap(spec: Extract<SettingSpec, { kind: 'map' }>, value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'Give texts by name.'
  const entries = Object.entries(value)
  if (entries.length > spec.mostItems) return `Give at most ${spec.mostItems}.`
  const isWrong = ([name, text]: [string, unknown]) =>
    name.length > 60 || typeof text !== 'string' || text.length > spec.mostChars
  return entries.some(isWrong) ? `Give texts of at most ${spec.mostChars} characters.` : null
}
