/** Shapes of pairing a device (RFC 8628) under `/api/access/devices`. */
import { z } from 'zod'

/** No control characters and none that turn the direction of writing: a name is shown beside others. */
export const shownText = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]+$/u, 'take letters without control characters')

const token = z.string().min(20).max(200)

export const deviceAuthorizeSchema = z.strictObject({
  /** What asks, such as “Obsidian on Ann’s laptop”. */
  clientName: shownText(120),
  /** Name or id of the vault that it is for. */
  vault: shownText(200).optional(),
})

/** RFC 8628, section 3.2; times in seconds. */
export const deviceAuthorizedSchema = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.string(),
  verification_uri_complete: z.string(),
  expires_in: z.int(),
  interval: z.int(),
})

export const deviceTokenSchema = z.strictObject({ device_code: token })

/** RFC 8628, section 3.5, in the shape of RFC 6749, section 5.2. */
export const deviceErrorSchema = z.object({
  error: z.enum(['authorization_pending', 'slow_down', 'access_denied', 'expired_token']),
  error_description: z.string(),
})

export type DeviceErrorName = z.infer<typeof deviceErrorSchema>['error']

export const deviceGrantedSchema = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  keyId: z.string(),
  vault: z.string().nullable(),
})

const userCode = z.string().trim().min(4).max(40)

export const deviceLookSchema = z.strictObject({ userCode })

export const deviceShownSchema = z.object({
  clientName: z.string(),
  vault: z.string().nullable(),
  expiresAt: z.int(),
})

export type DeviceShown = z.infer<typeof deviceShownSchema>

export const deviceDecideSchema = z.strictObject({ userCode, approve: z.boolean() })
