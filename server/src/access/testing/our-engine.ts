/** The engine as it is, for those who ask it for its proofs. */
import { admitsNote, bothFilters, isEmptyFilter, someNotes } from '../../base/note-filter.ts'
import {
  everyPath,
  folderRange,
  intersect,
  isInRanges,
  noPath,
  pathRange,
  subtract,
  unite,
} from '../../base/path-ranges.ts'
import { compile, runScenarios } from '../engine/index.ts'
import { covers } from '../engine/rules.ts'
import type { EngineModule } from './proof.ts'

export const ourEngine: EngineModule = {
  compile,
  runScenarios,
  covers,
  filters: { admitsNote, bothFilters, isEmptyFilter, someNotes },
  ranges: { everyPath, folderRange, intersect, isInRanges, noPath, pathRange, subtract, unite },
}
