// usage: node check.mjs <vault> ; checks questions.jsonl, one test per question, plus whole-file rules.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { draw } from './draw.mjs';

const vault = process.argv[2];
if (!vault) { console.error('usage: node check.mjs <vault>'); process.exit(2); }
const here = path.dirname(fileURLToPath(import.meta.url));
const rows = fs.readFileSync(path.join(here, 'questions.jsonl'), 'utf8').trim().split('\n').map((l) => JSON.parse(l));
const KINDS = new Set(['who', 'where', 'when', 'number', 'howto', 'what', 'why', 'which']);
const norm = (s) => s.toLowerCase().replace(/['’‘`]/g, '').replace(/[^\p{L}\p{N}]+/gu, ' ').trim().split(' ');
const grams = (w) => w.slice(0, -3).map((_, i) => w.slice(i, i + 4).join(' '));
const read = (p) => fs.readFileSync(path.join(vault, p), 'utf8');
const exists = (p) => !path.isAbsolute(p) && fs.existsSync(path.join(vault, p));
const { drawn } = draw(vault);

const wrong = []; // rules about the file as a whole
const ans = rows.filter((r) => r.answerable === true);
const una = rows.filter((r) => r.answerable === false);
const rule = (ok, msg) => { if (!ok) wrong.push(msg); };
rule(rows.length === 60 && ans.length === 40 && una.length === 20, 'not 40 answerable + 20 unanswerable');
rule(una.filter((r) => r.names === 'in-vault').length === 10 && una.filter((r) => r.names === 'absent').length === 10, 'unanswerable split is not 10/10');
rule(new Set(rows.map((r) => r.id)).size === rows.length, 'ids repeat');
rule(new Set(rows.map((r) => norm(r.question).join(' '))).size === rows.length, 'questions repeat');
rule(ans.map((r) => r.note).sort().join() === [...drawn].sort().join(), 'notes are not the draw');

let passed = 0, failed = 0;
for (const r of rows) {
  const bad = [];
  if (!r.question?.trim() || !KINDS.has(r.kind)) bad.push('question or kind missing');
  if (r.answerable) {
    if (!/^a\d\d$/.test(r.id)) bad.push('id');
    if (!drawn.includes(r.note) || !exists(r.note)) bad.push('note not in draw');
    if (!r.answer?.trim()) bad.push('no answer');
    if (!Array.isArray(r.also) || !r.also.every((p) => exists(p) && p !== r.note)) bad.push('also');
    if (exists(r.note)) {
      const inNote = new Set(grams(norm(read(r.note))));
      for (const g of grams(norm(r.question))) if (inNote.has(g)) bad.push(`four words shared: "${g}"`);
    }
  } else {
    if (!/^u\d\d$/.test(r.id)) bad.push('id');
    if (!Array.isArray(r.mentions) || !r.mentions.every(exists)) bad.push('mentions');
    else if (r.names === 'in-vault' && !r.mentions.length) bad.push('in-vault without mentions');
    else if (r.names === 'absent' && r.mentions.length) bad.push('absent with mentions');
  }
  if (bad.length) { failed++; console.log(`${r.id}: ${bad.join('; ')}`); } else passed++;
}
for (const w of wrong) console.log(`file: ${w}`);
console.log(`${passed} passed, ${failed + wrong.length} failed`);
process.exit(failed || wrong.length ? 1 : 0);
