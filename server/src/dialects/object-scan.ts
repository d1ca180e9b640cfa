/** Follows a JSON object that arrives in pieces and tells when its last brace has come. */

export interface ObjectScan {
  /** `other`: what came is no object, whatever follows. */
  state: 'before' | 'inside' | 'whole' | 'other'
  depth: number
  inString: boolean
  isEscaped: boolean
}

export function startScan(): ObjectScan {
  return { state: 'before', depth: 0, inString: false, isEscaped: false }
}

export function scanObject(scan: ObjectScan, text: string): void {
  for (const char of text) {
    if (scan.state === 'other') return
    if (scan.state === 'inside') readInside(scan, char)
    else if (!/[ \t\r\n]/.test(char)) begin(scan, char)
  }
}

function begin(scan: ObjectScan, char: string): void {
  scan.state = scan.state === 'before' && char === '{' ? 'inside' : 'other'
  scan.depth = 1
}

function readInside(scan: ObjectScan, char: string): void {
  if (scan.inString) {
    if (scan.isEscaped) scan.isEscaped = false
    else if (char === '\\') scan.isEscaped = true
    else if (char === '"') scan.inString = false
  } else if (char === '"') scan.inString = true
  else if (char === '{' || char === '[') scan.depth += 1
  else if (char === '}' || char === ']') {
    scan.depth -= 1
    if (scan.depth === 0) scan.state = 'whole'
  }
}
