/** A line that redraws itself on a terminal, and a plain line now and then elsewhere. */
import type { IndexState } from '@cairn/contract'
import type { Clock } from '../../base/index.ts'
import type { Output } from '../types.ts'
import type { Style } from './style.ts'
import { cut, padEnd, widthOf } from './width.ts'

export interface Progress {
  show(name: string, state: IndexState): void
  /** Leaves the last state standing, as a line of its own. */
  finish(line: string): void
}

const plainEveryMs = 2_000
const narrowestBar = 8

export function createProgress(output: Output, { style, clock }: { style: Style; clock: Clock }): Progress {
  const live = output.isTTY === true
  let lastAt = -Infinity

  function show(name: string, state: IndexState): void {
    if (live) {
      output.write(`\r\u001B[2K${renderProgress(name, state, style)}`)
    } else if (clock.monotonic() - lastAt >= plainEveryMs) {
      lastAt = clock.monotonic()
      output.write(`${renderProgress(name, state, style)}\n`)
    }
  }

  return { show, finish: (line) => void output.write(`${live ? '\r\u001B[2K' : ''}${line}\n`) }
}

/** `handbook  ██████▌░░░░  62%  205/331 notes  410/s  0:03 left`; parts on the right go first where it is narrow. */
export function renderProgress(name: string, state: IndexState, style: Style): string {
  const share = state.total > 0 ? Math.min(1, state.done / state.total) : 0
  const percent = `${Math.floor(share * 100)}%`.padStart(4)
  const count = `${state.done}/${state.total} notes`
  const rate = state.notesPerSecond > 0 ? `${Math.round(state.notesPerSecond)}/s` : ''
  const left = state.secondsLeft === null ? '' : `${formatDuration(state.secondsLeft)} left`
  const shown = padEnd(cut(name, 24), 12)
  const parts = [count, rate, left].filter((part) => part !== '')
  const room = () => Math.min(style.columns, 100) - widthOf(shown) - '  100%  '.length - 1 - parts.join('  ').length
  while (parts.length > 0 && room() < narrowestBar) parts.pop()
  const barWidth = Math.max(narrowestBar, Math.min(30, room()))
  return `${style.bold(shown)}  ${renderBar(share, barWidth, style)} ${percent}  ${style.dim(parts.join('  '))}`
}

function renderBar(share: number, width: number, style: Style): string {
  const eighths = Math.round(share * width * 8)
  const full = '█'.repeat(eighths >> 3)
  const part = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths & 7] ?? ''
  return style.accent(full + part) + style.dim('░'.repeat(width - full.length - part.length))
}

/** `0:03`, `12:40`, `1:02:07`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds))
  const minutes = Math.floor(whole / 60) % 60
  const hours = Math.floor(whole / 3_600)
  const two = (value: number) => String(value).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}
