/** How full something is: a bar between empty and its bound. */

export interface MeterProps {
  readonly label: string
  readonly value: number
  readonly max: number
  /** The value in words, for those who hear it: “3 MB of 64 MB”. */
  readonly text: string
}

export function Meter({ label, value, max, text }: MeterProps) {
  const share = max > 0 ? Math.min(1, Math.max(0, value / max)) : 0
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
    </div>
  )
}
