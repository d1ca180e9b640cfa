/** Processes of this same program that talk to each other: one starts the others and they pass messages both ways. */

export interface ChildProcess {
  readonly pid: number
  /** A message that survives a structured clone; lost without a word when the process has ended. */
  send(message: unknown): void
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
  /** How it ended: `code 0`, `signal SIGKILL`. */
  readonly ended: Promise<string>
}

export interface ChildOptions {
  /** Arguments after the program's own path. Every user of the machine can read them: no secrets. */
  readonly args: readonly string[]
  readonly onMessage: (message: unknown) => void
}

const children = new Set<Bun.Subprocess>()
let isTied = false

/**
 * Starts this program once more, with this process's environment, working directory and output. It ends at the latest
 * with this process: at an orderly exit by our kill, otherwise because its channel closes (`openParentChannel`).
 */
export function startChild({ args, onMessage }: ChildOptions): ChildProcess {
  tieChildren()
  const child = Bun.spawn({
    cmd: [process.execPath, ...process.execArgv, Bun.main, ...args],
    stdio: ['ignore', 'inherit', 'inherit'],
    serialization: 'advanced',
    ipc: (message) => onMessage(message),
  })
  children.add(child)
  const ended = child.exited.then(() => {
    children.delete(child)
    return child.signalCode === null ? `code ${child.exitCode}` : `signal ${child.signalCode}`
  })
  return {
    pid: child.pid,
    send(message) {
      try {
        child.send(message)
      } catch {
        // It has ended, and `ended` says so.
      }
    },
    kill: (signal) => child.kill(signal),
    ended,
  }
}

function tieChildren(): void {
  if (isTied) return
  isTied = true
  process.on('exit', () => {
    for (const child of children) child.kill('SIGKILL')
  })
}

export interface ParentChannel {
  send(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
  /** Called once when the parent is gone, however it ended. */
  onGone(listener: () => void): void
}

/** The way to the process that started this one with `startChild`; null when nobody did. */
export function openParentChannel(): ParentChannel | null {
  if (process.send === undefined) return null
  const listeners = new Set<(message: unknown) => void>()
  const goneListeners = new Set<() => void>()
  let isGone = false
  const gone = () => {
    if (isGone) return
    isGone = true
    for (const listener of goneListeners) listener()
  }
  process.on('message', (message) => {
    for (const listener of listeners) listener(message)
  })
  process.on('disconnect', gone)
  return {
    send(message) {
      if (!process.connected) return gone()
      try {
        process.send?.(message)
      } catch {
        // Closing at this moment, which `disconnect` tells.
      }
    },
    onMessage: (listener) => void listeners.add(listener),
    onGone(listener) {
      if (isGone) listener()
      else goneListeners.add(listener)
    },
  }
}
