/** Who may do what. */
export { createAccess, refuseAction, type AccessOptions } from './access.ts'
export type { Directory, DirectoryKey, DirectoryMembership } from './identity/directory.ts'
export { findCanonicalEmail } from './identity/email.ts'
export type { Identity } from './identity/identity.ts'
export { openIdFlowMs, type OpenIdDoor } from './identity/openid.ts'
export type { SignedIn, Visitor } from './identity/sign-in.ts'
export { describeProtection, type ProtectedOfNotes } from './protection.ts'
export { policySchema } from './policy/schema.ts'
export type { Engine, Subject } from './engine/index.ts'
export { needsShare } from './engine/index.ts'
export type { Actor } from './policy/administration.ts'
export type { Policy } from './policy/policy.ts'
export {
  listFindings,
  listLostPlaces,
  listPlaces,
  listStatements,
  listWho,
  makeMatrix,
  type Place,
} from './policy/views.ts'
export { listRuleChanges, type RuleChange } from './policy/rule-changes.ts'
export { withPolicy } from './policy/world.ts'
export { accessSchema } from './schema.ts'
export type { Access, Credentials } from './types.ts'
export { runScenarios } from './engine/index.ts'
export { testScenarios } from './scenarios.ts'
export { createAuthZen, describeAuthZen, type AuthZen, type AuthZenReply } from './authzen.ts'
export { createConfiguredAdapter, createOwnAdapter, type KnownEntity } from './authzen-adapter.ts'
