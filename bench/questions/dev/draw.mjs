// Draws candidate notes for the development question set.
// usage: node draw.mjs <vaults-dir> [how-many-per-vault=45]
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

const SEED = 20250704;
const root = process.argv[2];
if (!root) { console.error('usage: node draw.mjs <vaults-dir> [n]'); process.exit(2); }
const n = Number(process.argv[3] ?? 45);

function mulberry32(a) {
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function* walk(dir) {
  for (const e of readdirSync(dir, { withFileTypes: true })) {
    if (e.name.startsWith('.')) continue;
    const p = join(dir, e.name);
    if (e.isDirectory()) yield* walk(p);
    else if (e.name.endsWith('.md')) yield p;
  }
}

const words = (s) => s.match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? [];
const noFrontMatter = (s) => s.replace(/^---\r?\n[\s\S]*?\r?\n---\r?\n/, '');

// Body words: front matter, comments and link addresses do not count.
function bodyWords(text) {
  return words(noFrontMatter(text)
    .replace(/<!--[\s\S]*?-->/g, ' ')
    .replace(/\]\([^)]*\)/g, ']')
    .replace(/https?:\/\/\S+/g, ' ')).length;
}

// "Merely a link list": half or more of the non-empty lines are a bullet that is nothing but a link.
function linkList(text) {
  const lines = noFrontMatter(text).split(/\r?\n/).map((l) => l.trim()).filter(Boolean);
  const link = /^(?:[-*+]|\d+\.)\s+(?:\[[^\]]*\]\([^)]*\)|\[\[[^\]]*\]\]|<?https?:\/\/\S+?>?)[.,;:]?$/;
  return lines.length > 0 && lines.filter((l) => link.test(l)).length >= lines.length / 2;
}

const NOT_NOTES = new Set(['README-SOURCE.md', 'LICENSE.md']); // provenance of the copy, not part of the vault

for (const vault of ['handbook-18f', 'tasks']) {
  const dir = join(root, vault);
  const notes = [...walk(dir)].map((p) => relative(dir, p).split(sep).join('/'))
    .filter((p) => !NOT_NOTES.has(p))
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    .filter((p) => {
      const text = readFileSync(join(dir, p), 'utf8');
      return bodyWords(text) >= 120 && !linkList(text);
    });
  const rand = mulberry32(SEED);
  for (let i = notes.length - 1; i > 0; i--) {
    const j = Math.floor(rand() * (i + 1));
    [notes[i], notes[j]] = [notes[j], notes[i]];
  }
  for (const p of notes.slice(0, n)) console.log(`${vault}\t${p}`);
}
