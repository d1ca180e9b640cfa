/** Waiting made visible: a spinner for the unknown, a bar for work whose size is known. */

export function Spinner({ size = 20, label }: { readonly size?: number; readonly label?: string }) {
  return (
    <span class="cairn-spinner" role={label ? 'status' : undefined}>
      <svg
        width={size}
        height={size}
        viewBox="0 0 20 20"
        fill="none"
        stroke="currentColor"
        stroke-width="2.2"
        aria-hidden="true"
      >
        <circle cx="10" cy="10" r="7.5" opacity=".22" />
        <path d="M10 2.5a7.5 7.5 0 0 1 7.5 7.5" stroke-linecap="round" />
      </svg>
      {label ? <span class="cairn-spinner-label">{label}</span> : null}
    </span>
  )
}

export interface ProgressProps {
  readonly label: string
  readonly done: number
  /** Zero while the size of the work is not known yet. */
  readonly total: number
}

export function Progress({ label, done, total }: ProgressProps) {
  return total > 0 ? (
    <progress class="cairn-progress" aria-label={label} max={total} value={Math.min(done, total)} />
  ) : (
    <progress class="cairn-progress" aria-label={label} />
  )
}
