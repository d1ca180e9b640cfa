/** Which model answers, and who stands in when it fails. */
export { createRouting, shareSlots, type RoutingOptions } from './routing.ts'
export type { Candidates, Capability, Deployment, Executed, Execution, Plan, Routing } from './types.ts'
// The pipeline knows providers through routing only.
export { giveAgain, keepJson, keepStream, type KeptPart, type OneReply } from '../providers/index.ts'
export type { ChatReply, ChatStream, JsonReply, StreamPiece, Usage } from '../providers/index.ts'
export type { EgressPermit } from '../platform/index.ts'
