// usage: node check.mjs <vaults-dir>
// Checks questions.jsonl against the vaults. Prints "N passed, M failed"; exit 1 if anything failed.
import { readFileSync, existsSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = process.argv[2];
if (!root) { console.error('usage: node check.mjs <vaults-dir>'); process.exit(2); }

let passed = 0, failed = 0;
const check = (ok, what) => { if (ok) passed++; else { failed++; console.log('FAILED: ' + what); } };

const VAULTS = ['handbook-18f', 'tasks'];
const KINDS = ['who', 'where', 'when', 'number', 'howto', 'what', 'why', 'which'];
const rows = readFileSync(join(here, 'questions.jsonl'), 'utf8').split('\n').filter(Boolean).map((l) => JSON.parse(l));

// Two ways to remove punctuation: joined ("don't" -> dont) and split ("don't" -> don t). Both must be clean.
const joined = (s) => s.toLowerCase().replace(/[^\p{L}\p{N}\s]/gu, '').split(/\s+/).filter(Boolean);
const split = (s) => s.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ' ').split(' ').filter(Boolean);
function shared4(question, note) {
  for (const tok of [joined, split]) {
    const hay = ' ' + tok(note).join(' ') + ' ';
    const w = tok(question);
    for (let i = 0; i + 4 <= w.length; i++) {
      const run = w.slice(i, i + 4).join(' ');
      if (hay.includes(' ' + run + ' ')) return run;
    }
  }
  return null;
}

// Counts
const count = (f) => rows.filter(f).length;
for (const [n, what, f] of [
  [35, 'answerable handbook-18f', (r) => r.answerable && r.vault === 'handbook-18f'],
  [30, 'answerable tasks', (r) => r.answerable && r.vault === 'tasks'],
  [25, 'unanswerable handbook-18f', (r) => !r.answerable && r.vault === 'handbook-18f'],
  [15, 'unanswerable tasks', (r) => !r.answerable && r.vault === 'tasks'],
  [20, 'unanswerable naming in-vault things', (r) => !r.answerable && r.names === 'in-vault'],
  [20, 'unanswerable naming absent things', (r) => !r.answerable && r.names === 'absent'],
]) check(count(f) === n, `${what}: ${count(f)}, want ${n}`);
check(new Set(rows.map((r) => r.id)).size === rows.length, 'ids are unique');
check(new Set(rows.map((r) => r.question.toLowerCase())).size === rows.length, 'questions are unique');
const ans = rows.filter((r) => r.answerable);
check(new Set(ans.map((r) => r.vault + '/' + r.note)).size === ans.length, 'one question per note');
for (const k of KINDS) check(ans.some((r) => r.kind === k), `kind ${k} occurs among the answerable`);

const drawn = new Set(execFileSync(process.execPath, [join(here, 'draw.mjs'), root], { encoding: 'utf8' })
  .trim().split('\n').map((l) => l.replace('\t', '/')));

for (const r of rows) {
  check(typeof r.id === 'string' && VAULTS.includes(r.vault) && KINDS.includes(r.kind)
    && typeof r.question === 'string' && r.question.endsWith('?') && typeof r.answerable === 'boolean', `${r.id}: fields`);
  if (!r.answerable) {
    check(['in-vault', 'absent'].includes(r.names) && !('note' in r) && !('answer' in r), `${r.id}: unanswerable fields`);
    continue;
  }
  check(typeof r.answer === 'string' && r.answer.length > 0 && r.answer.length <= 200, `${r.id}: short answer`);
  check(Array.isArray(r.also) && !r.also.includes(r.note) && new Set(r.also).size === r.also.length, `${r.id}: also`);
  check(drawn.has(r.vault + '/' + r.note), `${r.id}: note was drawn: ${r.note}`);
  for (const p of [r.note, ...(r.also ?? [])]) {
    const file = join(root, r.vault, p);
    if (!existsSync(file)) { check(false, `${r.id}: no such note: ${p}`); continue; }
    const run = shared4(r.question, readFileSync(file, 'utf8'));
    check(run === null, `${r.id}: "${run}" occurs in ${p}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
