/**
 * Structured logs. A line holds a message of ours and named fields: identifiers, counts, durations, error codes. Text
 * of notes, questions, answers and secrets never is a field; `Fields` takes scalars only so that no object slips in.
 */
import { CairnError } from './errors.ts'
import { formatTime, type Clock } from './clock.ts'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const

export type LogLevel = (typeof logLevels)[number]

export type Fields = Record<string, string | number | boolean | null | undefined>

export interface Logger {
  debug(message: string, fields?: Fields): void
  info(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  error(message: string, fields?: Fields): void
}

export interface LoggerOptions {
  level: LogLevel
  format: 'json' | 'text'
  clock: Clock
  write: (line: string) => void
}

export function createLogger({ level, format, clock, write }: LoggerOptions): Logger {
  const least = logLevels.indexOf(level)
  const log =
    (at: LogLevel) =>
    (message: string, fields: Fields = {}) => {
      if (logLevels.indexOf(at) < least) return
      const time = formatTime(clock.now())
      write(
        format === 'json'
          ? `${JSON.stringify({ time, level: at, message, ...fields })}\n`
          : formatText(time, at, message, fields),
      )
    }
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
}

/** The fields that tell an error without telling content: its code, our internal words, the kind of its cause. */
export function errorFields(thrown: unknown): Fields {
  if (thrown instanceof CairnError) {
    const cause = thrown.cause instanceof Error ? thrown.cause.name : undefined
    return { code: thrown.code, internal: thrown.internal ?? undefined, cause }
  }
  return thrown instanceof Error
    ? { error: thrown.name, reason: thrown.message.slice(0, 300) }
    : { error: typeof thrown }
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }

function formatText(time: string, level: LogLevel, message: string, fields: Fields): string {
  let line = `${time.slice(11, 19)} ${level === 'info' ? '' : `${level.toUpperCase()} `}${message}`
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && value !== null)
      line += ` ${name}=${typeof value === 'string' ? JSON.stringify(value) : value}`
  }
  return `${line}\n`
}
