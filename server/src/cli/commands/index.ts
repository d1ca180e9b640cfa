/** THE table of commands; `--help` and docs/reference/command-line.md come from it. */
import type { CommandSpec } from '../types.ts'
import { accessCheck, accessExplain, accessMatrix, accessTest, accessWho } from './access.ts'
import { ask } from './ask.ts'
import { auditQuery } from './audit.ts'
import { auditExport } from './audit-export.ts'
import { auditReport } from './audit-report.ts'
import { auditHold } from './audit-hold.ts'
import { auditLevels } from './audit-levels.ts'
import { auditRetention } from './audit-retention.ts'
import { auditVerify } from './audit-verify.ts'
import { cacheInvalidate, cacheStats } from './cache.ts'
import { configExplain } from './config-explain.ts'
import { doctor } from './doctor.ts'
import { groupAdd, groupJoin, groupLeave, groupList, groupRemove } from './group.ts'
import { indexCommand } from './index-command.ts'
import { keyCreate, keyList, keyRevoke } from './key.ts'
import { modelExplain, modelList } from './model.ts'
import { search } from './search.ts'
import { serve } from './serve.ts'
import { signIn } from './sign-in.ts'
import { userConfirm, userInvite, userList, userReset, userResume, userSuspend } from './user.ts'
import { vaultAdd, vaultList, vaultRemove } from './vault.ts'

export const commands: readonly CommandSpec[] = [
  serve,
  signIn,
  ask,
  search,
  indexCommand,
  vaultAdd,
  vaultList,
  vaultRemove,
  keyCreate,
  keyList,
  keyRevoke,
  userInvite,
  userList,
  userSuspend,
  userResume,
  userReset,
  userConfirm,
  groupList,
  groupAdd,
  groupRemove,
  groupJoin,
  groupLeave,
  accessCheck,
  accessExplain,
  accessWho,
  accessMatrix,
  accessTest,
  modelList,
  modelExplain,
  cacheStats,
  cacheInvalidate,
  auditQuery,
  auditExport,
  auditReport,
  auditVerify,
  auditLevels,
  auditRetention,
  auditHold,
  doctor,
  configExplain,
]
