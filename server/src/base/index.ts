/** Small parts that know nothing of vaults or models: time, ids, errors, logs, deadlines. */
export { systemClock, formatTime, toDate, type Clock } from './clock.ts'
export { CairnError, fail, toCairnError, invariant, joinFindings, quote, type FailureDetail } from './errors.ts'
export { Secret } from './secret.ts'
export { createId, createToken, sha256 } from './id.ts'
export { createLogger, errorFields, silentLogger, type Logger, type LogLevel, type Fields } from './logger.ts'
export { isRecord } from './is-record.ts'
export { sleep, withDeadline } from './deadline.ts'
export { formatUsd, noLimitNano, toNano, toUsd } from './money.ts'
export { type Principal } from './principal.ts'
export { allOf, compareValue, judgeNote, type NoteFacts, type Truth } from './condition.ts'
export {
  admitsNote,
  bothFilters,
  hasTag,
  isEmptyFilter,
  someNotes,
  type JudgedNote,
  type NoteFilter,
  type SomeNotes,
} from './note-filter.ts'
export {
  everyPath,
  folderRange,
  intersect,
  noPath,
  pathRange,
  subtract,
  unite,
  type PathRanges,
} from './path-ranges.ts'
export { createLonePeers, createAnswers, type HostPeers } from './host-peers.ts'
export { networkOf } from './network-of.ts'
export { tryParseJson } from './try-parse-json.ts'
