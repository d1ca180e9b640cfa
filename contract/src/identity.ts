/** Shapes of people, groups, accounts, sessions and keys under `/api` and `/auth`. */
import { z } from 'zod'
import { actionSchema, boundSchema } from './access-statements.ts'
import { shownText } from './devices.ts'

export const identityLimits = {
  /** NIST SP 800-63B, section 3.1.1.2, asks for at least 8; we take more, as there is no rule on composition. */
  passwordLeast: 12,
  passwordMostBytes: 1_024,
  groups: 1_000,
  users: 10_000,
  /** Keys between a key and the first of its chain. */
  keyDepth: 4,
} as const

const id = z.string().min(1).max(200)
const personName = shownText(120)
const email = z.string().trim().min(3).max(254)
/** Bounded here only so far that nothing large is hashed; the policy has its own words. */
const password = z
  .string()
  .min(1)
  .max(identityLimits.passwordMostBytes * 2)
const code = z.string().trim().min(6).max(40)
const token = z.string().min(20).max(200)

// --- Keys -------------------------------------------------------------------------------------------------------------

/** What a key may be used for at most. All of `when` must hold. */
export const keyBoundSchema = boundSchema

export type KeyBound = z.infer<typeof keyBoundSchema>

export const keyCreateSchema = z.strictObject({
  name: shownText(120),
  expiresInDays: z.int().min(1).max(3_650).optional(),
  /** Nothing beyond this; what the owner of the key may not do, the key may not either. */
  bound: keyBoundSchema.optional(),
  /** Id of a key of one’s own that it stays within. A key that is made with a key always stays within that one. */
  parent: id.optional(),
  /** Id of a service account that it is for. */
  service: id.optional(),
})

export type KeyCreate = z.infer<typeof keyCreateSchema>

export const keyInfoSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** The first characters of the key, to tell keys apart. */
  prefix: z.string(),
  createdAt: z.int(),
  expiresAt: z.int().nullable(),
  lastUsedAt: z.int().nullable(),
  revokedAt: z.int().nullable(),
  /** Null: whatever its owner may do. */
  bound: keyBoundSchema.nullable(),
  parent: z.string().nullable(),
  /** The device that it was paired with. */
  device: z.object({ client: z.string(), vault: z.string().nullable() }).nullable(),
})

export type KeyInfo = z.infer<typeof keyInfoSchema>

export const keyListSchema = z.object({ keys: z.array(keyInfoSchema) })

/** `key` is shown this once and stored only as a hash. */
export const keyCreatedSchema = keyInfoSchema.extend({ key: z.string() })

// --- Signing in -------------------------------------------------------------------------------------------------------

export const signInSchema = z.strictObject({ token })

export const signInLinkSchema = z.object({ url: z.string(), expiresAt: z.int() })

export const passwordSignInSchema = z.strictObject({ email, password, code: code.optional() })

/** What the page for signing in can offer. */
export const signInMethodsSchema = z.object({
  password: z.boolean(),
  /** Text of the button, or null. */
  openid: z.string().nullable(),
})

export type SignInMethods = z.infer<typeof signInMethodsSchema>

export const linkAskSchema = z.strictObject({ token })

export const linkInfoSchema = z.object({
  purpose: z.enum(['invitation', 'reset']),
  name: z.string(),
  email: z.string().nullable(),
  expiresAt: z.int(),
})

export type LinkInfo = z.infer<typeof linkInfoSchema>

export const linkRedeemSchema = z.strictObject({ token, password })

/** False: the password is set, and the second factor is still to be shown. */
export const linkRedeemedSchema = z.object({ signedIn: z.boolean() })

export const signOutReplySchema = z.object({
  /** Where the provider of the sign-in ends its own session; null when there is nothing to end. */
  endSessionUrl: z.string().nullable(),
})

export const sessionSchema = z.object({
  principal: z.object({ id: z.string(), name: z.string(), roles: z.array(z.string()) }),
  /** How the caller proved who they are. */
  via: z.enum(['session', 'key', 'local']),
  /** What the caller may do on the whole server; what they may do with vaults and notes depends on which. */
  can: z.array(actionSchema),
  mfa: z.boolean(),
  /** A second factor must be shown or set up before anything else. */
  mfaNeeded: z.enum(['no', 'verify', 'enrol']),
  server: z.object({ version: z.string(), deploymentId: z.string() }),
})

export type SessionInfo = z.infer<typeof sessionSchema>

// --- One's own account ------------------------------------------------------------------------------------------------

export const accountSchema = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  password: z.object({ changedAt: z.int() }).nullable(),
  totp: z.object({ since: z.int(), recoveryCodesLeft: z.int() }).nullable(),
  openid: z.boolean(),
  /** Whether the policy of this server asks this person for a second factor. */
  mfaRequired: z.boolean(),
})

export type Account = z.infer<typeof accountSchema>

export const accountWriteSchema = z.strictObject({ name: personName.optional(), email: email.optional() })

/** `current` may be left out while there is no password. */
export const passwordChangeSchema = z.strictObject({ current: password.optional(), password })

export const totpBeginSchema = z.strictObject({ password: password.optional() })

export const totpBegunSchema = z.object({
  /** For typing it into an app. */
  secret: z.string(),
  /** For the picture with the code: `otpauth://totp/…`. */
  uri: z.string(),
})

export const codeSchema = z.strictObject({ code })

/** Shown this once. */
export const recoveryCodesSchema = z.object({ codes: z.array(z.string()) })

export const sessionItemSchema = z.object({
  id: z.string(),
  isCurrent: z.boolean(),
  method: z.enum(['link', 'password', 'openid']),
  mfa: z.boolean(),
  /** Browser and system, as far as they told. */
  device: z.string(),
  createdAt: z.int(),
  lastSeenAt: z.int(),
  expiresAt: z.int(),
})

export type SessionItem = z.infer<typeof sessionItemSchema>

export const sessionItemsSchema = z.object({ sessions: z.array(sessionItemSchema) })

// --- People and groups ------------------------------------------------------------------------------------------------

export const userStatusSchema = z.enum(['active', 'suspended'])

/** A link to set a password, as administrators see it: without its token. */
export const pendingLinkSchema = z.object({
  id: z.string(),
  purpose: z.enum(['invitation', 'reset']),
  /** Id of the person who made it. */
  madeBy: z.string(),
  expiresAt: z.int(),
  /** While false it opens nothing: a second administrator has to confirm it. */
  isConfirmed: z.boolean(),
})

export type PendingLink = z.infer<typeof pendingLinkSchema>

export const userSchema = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  kind: z.enum(['user', 'service']),
  status: userStatusSchema,
  isOwner: z.boolean(),
  /** Ways to sign in that are set up. */
  methods: z.array(z.enum(['password', 'totp', 'openid'])),
  createdAt: z.int(),
  lastSeenAt: z.int().nullable(),
  /** The link to set a password that was made last, while it is in force. */
  link: pendingLinkSchema.nullable(),
})

export type UserInfo = z.infer<typeof userSchema>

export const userListSchema = z.object({ users: z.array(userSchema) })

export const userInviteSchema = z.strictObject({ name: personName, email })

/** Shown to whoever makes it, this once; nothing is sent by mail. One that is not confirmed waits for a second person. */
export const userLinkSchema = signInLinkSchema.extend({ isConfirmed: z.boolean() })

export type UserLink = z.infer<typeof userLinkSchema>

export const userInvitedSchema = z.object({ user: userSchema, link: userLinkSchema })

/** `link` is the id of the link that was looked at, so that another one in its place is not confirmed by mistake. */
export const linkConfirmSchema = z.strictObject({ link: id })

export const serviceCreateSchema = z.strictObject({ name: personName })

export const userWriteSchema = z.strictObject({
  name: personName.optional(),
  email: email.optional(),
  status: userStatusSchema.optional(),
  isOwner: z.boolean().optional(),
})

/** `epoch` counts the changes of who there is; a later question may ask for at least this one. */
export const userChangedSchema = z.object({ user: userSchema, epoch: z.int() })

export const groupMemberSchema = z.object({
  kind: z.enum(['user', 'group']),
  id: z.string(),
  /** Who says so: somebody here, or the provider of the sign-in. */
  source: z.enum(['local', 'openid']),
})

export type GroupMember = z.infer<typeof groupMemberSchema>

export const groupSchema = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.int(),
  members: z.array(groupMemberSchema),
})

export type GroupInfo = z.infer<typeof groupSchema>

export const groupListSchema = z.object({ groups: z.array(groupSchema) })

export const groupWriteSchema = z.strictObject({ name: personName })

export const groupMemberWriteSchema = z.strictObject({ kind: z.enum(['user', 'group']), id })

export const epochSchema = z.object({ epoch: z.int() })
