/** How full something is: a bar between empty and its bound, with what is held back for later behind it. */

export interface MeterProps {
  readonly label: string
  readonly value: number
  /** What is spoken for and not used yet, on top of the value. */
  readonly held?: number
  readonly max: number
  /** The value in words, for those who hear it: “3 MB of 64 MB”. */
  readonly text: string
}

export function Meter({ label, value, held = 0, max, text }: MeterProps) {
  const share = shareOf(value, max)
  const heldShare = Math.min(1 - share, shareOf(held, max))
  return (
    <div
      class="cairn-meter"
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={max}
      aria-valuenow={Math.min(value, max)}
      aria-valuetext={text}
    >
      <span class="cairn-meter-fill" style={{ inlineSize: `${share * 100}%`, minWidth: share > 0 ? '2px' : '0' }} />
      {heldShare > 0 ? (
        <span class="cairn-meter-fill is-held" style={{ inlineSize: `${heldShare * 100}%`, minWidth: '2px' }} />
      ) : null}
    </div>
  )
}

/** 0 to 1; what has no room at all is full as soon as anything is in it. */
function shareOf(value: number, max: number): number {
  if (value <= 0) return 0
  return max > 0 ? Math.min(1, value / max) : 1
}
