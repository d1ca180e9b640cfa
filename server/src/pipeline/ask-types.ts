/** What `ask` is given, and what it gives. */
import type { AskDryRun, AskEvent, AskReply, AskRequest } from '@cairn/contract'
import type { Access } from '../access/index.ts'
import type { Vaults } from '../vaults/index.ts'
import type { GatewayServices } from './gateway-reply.ts'
import type { LabelSigner } from './labels.ts'
import type { Call } from './types.ts'

export interface AskSettings {
  /** Passages a language model is given. */
  passages: number
  /** Most citations when the request names no `limit`. */
  citations: number
  /** The built-in answerer says “not found” when it is less sure. */
  notFoundBelow: number
}

export interface AskServices extends GatewayServices {
  readonly access: Pick<Access, 'may' | 'filter' | 'seesVault' | 'confirm'>
  readonly vaults: Vaults
  readonly signer: LabelSigner
  readonly settings: AskSettings
}

export type AskOutcome =
  | { readonly kind: 'reply'; readonly reply: AskReply; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'dry-run'; readonly reply: AskDryRun }
  | {
      readonly kind: 'stream'
      readonly events: AsyncIterable<AskEvent>
      readonly headers: Readonly<Record<string, string>>
    }

export type Ask = (call: Call, request: AskRequest) => Promise<AskOutcome>
