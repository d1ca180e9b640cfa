/** Sensitivity labels of notes and clearances of providers: one ordered scale. */
import { z } from 'zod'

export const labels = ['public', 'internal', 'confidential', 'restricted'] as const

export type Label = (typeof labels)[number]

export const labelSchema = z.enum(labels)

/** The position of a label on the scale, 0 for `public`. */
export function labelRank(label: Label): number {
  return labels.indexOf(label)
}

/** The more sensitive of two labels. */
export function highestLabel(a: Label, b: Label): Label {
  return labelRank(a) >= labelRank(b) ? a : b
}
