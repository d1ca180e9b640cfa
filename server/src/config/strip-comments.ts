/** JSON with comments and trailing commas (`.jsonc`) made plain JSON; text inside strings stays as it is. */
export function stripComments(text: string): string {
  const token = /"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g
  const plain = text.replace(/^\uFEFF/, '').replace(token, (part) => (part.startsWith('"') ? part : ' '))
  return plain.replace(/"(?:[^"\\]|\\.)*"|,(?=\s*[}\]])/g, (part) => (part === ',' ? '' : part))
}
