/** Small parts that know nothing of vaults or models: time, ids, errors, logs, deadlines. */
export { systemClock, formatTime, type Clock } from './clock.ts'
export { CairnError, fail, toCairnError, invariant, quote, type FailureDetail } from './errors.ts'
export { Secret } from './secret.ts'
export { createId, createToken, sha256 } from './id.ts'
export { createLogger, errorFields, silentLogger, type Logger, type LogLevel, type Fields } from './logger.ts'
export { sleep, withDeadline } from './deadline.ts'
export { type Principal } from './principal.ts'
export { type NoteFilter } from './note-filter.ts'
