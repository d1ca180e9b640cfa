// Deterministic draw of 40 notes. usage: node draw.mjs <vault> ; prints one relative path per line.
import fs from 'node:fs';
import path from 'node:path';

export const SEED = 20261122;
export const TAKE = 40;

function mulberry32(a) {
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function listNotes(dir, base = '') {
  const out = [];
  for (const e of fs.readdirSync(path.join(dir, base), { withFileTypes: true })) {
    const p = base ? `${base}/${e.name}` : e.name;
    if (e.isDirectory()) { if (!e.name.startsWith('.')) out.push(...listNotes(dir, p)); }
    else if (e.name.endsWith('.md')) out.push(p);
  }
  return out;
}

const words = (s) => s.match(/[\p{L}\p{N}][\p{L}\p{N}'’-]*/gu) ?? [];

// body = text after front matter; links (Markdown, wiki), tags, URLs and headings removed for `prose`.
export function eligible(text) {
  const body = text.replace(/^\uFEFF?---\r?\n[\s\S]*?\r?\n---\r?\n?/, '');
  const plain = body.replace(/\{%[\s\S]*?%\}/g, ' ').replace(/<!--[\s\S]*?-->/g, ' ');
  const all = words(plain.replace(/\]\([^)]*\)/g, ']').replace(/https?:\/\/\S+/g, ' ')).length;
  const prose = words(plain.replace(/^#+ .*$/gm, ' ').replace(/!?\[\[[^\]]*\]\]/g, ' ')
    .replace(/!?\[[^\]]*\]\([^)]*\)/g, ' ').replace(/https?:\/\/\S+/g, ' ')).length;
  return all >= 120 && prose >= 80; // fewer than 80 words outside links and headings = a link list
}

export function draw(vault) {
  const notes = listNotes(vault)
    .filter((p) => !/^(README|README-SOURCE|LICENSE|CONTRIBUTING)\.md$/.test(p)) // repository files, not handbook notes
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    .filter((p) => eligible(fs.readFileSync(path.join(vault, p), 'utf8')));
  const rnd = mulberry32(SEED);
  for (let i = notes.length - 1; i > 0; i--) {
    const j = Math.floor(rnd() * (i + 1));
    [notes[i], notes[j]] = [notes[j], notes[i]];
  }
  return { eligible: notes.length, drawn: notes.slice(0, TAKE) };
}

if (process.argv[1] && import.meta.url.endsWith('/' + path.basename(process.argv[1]))) {
  const vault = process.argv[2];
  if (!vault) { console.error('usage: node draw.mjs <vault>'); process.exit(2); }
  console.log(draw(vault).drawn.join('\n'));
}
