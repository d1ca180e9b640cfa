// Draws the commands and the queries of the palette's bench. Needs a git repository of OSSII/oxool-community.
// usage: node draw.mjs <git-dir>      writes commands.json and queries.jsonl beside this file
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SEED = 20261123;
const COMMIT = '3558e018bf71fc05e1e7ddd1c8cac95202eda6ab';
const ENGLISH = 1200;
const OTHERS = { fr: 120, 'zh-CN': 90, ja: 60 };
const PER_KIND = 18;
const CATEGORIES = { global: '', text: 'Writer: ', spreadsheet: 'Calc: ', presentation: 'Impress: ', chart: 'Chart: ' };

const repository = process.argv[2];
if (!repository) { console.error('usage: node draw.mjs <git-dir>'); process.exit(2); }
const show = (path) => {
  const result = spawnSync('git', ['-C', repository, 'show', `${COMMIT}:${path}`], { maxBuffer: 1e8, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(result.stderr);
  return result.stdout;
};

function mulberry32(a) {
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
const random = mulberry32(SEED);
const below = (n) => Math.floor(random() * n);
const pick = (list) => list[below(list.length)];
function shuffle(list) {
  const all = [...list];
  for (let i = all.length - 1; i > 0; i--) { const j = below(i + 1); [all[i], all[j]] = [all[j], all[i]]; }
  return all;
}

// --- Commands -------------------------------------------------------------------------------------------------------

// A label as a person sees it: without access keys and the dots of a dialog.
const clean = (label) => label
  .replace(/\(~?[A-Za-z0-9]\)/, '').replace('~', '').replace(/(\.\.\.|…)$/, '').replaceAll(' ', ' ').replace(/\s+/g, ' ').trim();

const source = show('loleaflet/src/unocommands.js');
const table = JSON.parse(source.slice(source.indexOf('= {') + 2, source.indexOf('\n};') + 2).replace(/,(\s*[}\]])/g, '$1'));
const labels = [];
const seen = new Set();
for (const [id, entry] of Object.entries(table))
  for (const [component, { menu, tooltip }] of Object.entries(entry)) {
    const raw = tooltip ?? menu;
    if (raw === undefined || raw.includes('%') || raw.length > 70 || !/^[\x20-\x7e]+$/.test(raw)) continue;
    const title = CATEGORIES[component] + clean(raw);
    if (clean(raw).length < 3 || seen.has(title.toLowerCase())) continue;
    seen.add(title.toLowerCase());
    labels.push({ id: `${component}.${id}`, category: CATEGORIES[component], raw, label: clean(raw) });
  }

const commands = [];
const pool = shuffle(labels);
for (const [language, count] of Object.entries(OTHERS)) {
  const words = JSON.parse(show(`loleaflet/l10n/uno/${language}.json`));
  const fits = language === 'fr'
    ? (text) => /[à-öø-ÿÀ-Ö]/.test(text)
    : (text) => /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー・]{3,}$/u.test(text);
  for (let taken = 0, at = 0; taken < count; at++) {
    if (at === pool.length) throw new Error(`not enough labels in ${language}`);
    const { id, category, raw } = pool[at];
    const text = words[raw] === undefined ? '' : clean(words[raw]);
    const title = category + text;
    if (!fits(text) || seen.has(title.toLowerCase())) continue;
    seen.add(title.toLowerCase());
    commands.push({ id, language, title, label: text });
    pool.splice(at--, 1);
    taken++;
  }
}
for (const { id, category, label } of pool.slice(0, ENGLISH)) commands.push({ id, language: 'en', title: category + label, label });
commands.sort((a, b) => (a.id < b.id ? -1 : 1));

// --- Queries by rule ------------------------------------------------------------------------------------------------

const wordsOf = (text) => text.match(/[\p{L}\p{N}]+/gu) ?? [];
const lower = (text) => text.toLowerCase();
const withoutAccents = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').replaceAll('œ', 'oe').replaceAll('Œ', 'OE');

// One mistake of a typist: a letter changed, left out, doubled or exchanged with the next, never the first of the word.
function mistype(word) {
  const wrong = mistypeOnce(word);
  return wrong === word ? mistype(word) : wrong;
}
function mistypeOnce(word) {
  const at = 1 + below(word.length - 2);
  const kind = below(4);
  if (kind === 0) { const c = pick([...'abcdefghijklmnopqrstuvwxyz'].filter((l) => l !== word[at])); return word.slice(0, at) + c + word.slice(at + 1); }
  if (kind === 1) return word.slice(0, at) + word.slice(at + 1);
  if (kind === 2) return word.slice(0, at) + word[at] + word.slice(at);
  return word.slice(0, at) + word[at + 1] + word[at] + word.slice(at + 2);
}

const english = commands.filter(({ language }) => language === 'en');
const kinds = {
  initials: { from: english, make: ({ label }) => {
    const words = wordsOf(lower(label));
    return words.length >= 3 && words.length <= 6 ? words.map((word) => word[0]).join('') : null;
  } },
  'prefix walk': { from: english, make: ({ label }) => {
    const words = wordsOf(lower(label));
    if (words.length < 2 || words.length > 5) return null;
    return words.map((word) => word.slice(0, 2 + below(2))).join(pick(['', ' ']));
  } },
  'one typo': { from: english, make: ({ label }) => {
    const words = wordsOf(lower(label));
    const long = words.filter((word) => word.length >= 5);
    if (words.length > 4 || long.length === 0) return null;
    const wrong = pick(long);
    return words.map((word) => (word === wrong ? mistype(word) : word)).join(' ');
  } },
  'two swapped words': { from: english, make: ({ label }) => {
    const words = wordsOf(lower(label));
    if (words.length < 2 || words.length > 5) return null;
    const at = below(words.length - 1);
    return words.map((word, i) => (i === at ? words[at + 1] : i === at + 1 ? words[at] : word)).join(' ');
  } },
  partial: { from: english, make: ({ label }) => {
    const words = wordsOf(lower(label));
    if (words.length < 2) return null;
    const from = below(words.length - 1);
    const first = words[from];
    const second = words[from + 1];
    if (first.length < 4 || second.length < 4) return null;
    return `${first} ${second.slice(0, 2 + below(second.length - 2))}`;
  } },
  'accents dropped': { from: commands.filter(({ language }) => language === 'fr'), make: ({ label }) => {
    const words = wordsOf(lower(label)).filter((word) => word.length > 2);
    const accented = words.findIndex((word) => withoutAccents(word) !== word);
    return accented < 0 ? null : withoutAccents(words.slice(Math.max(0, accented - 1), accented + 2).join(' '));
  } },
  CJK: { from: commands.filter(({ language }) => language === 'zh-CN' || language === 'ja'), make: ({ label }) => {
    const characters = [...label];
    const length = 2 + below(2);
    if (characters.length <= length + 1) return null;
    // One in three leaves out what stands between its beginning and its end.
    if (below(3) === 0) return characters.slice(0, length).join('') + characters.at(-1);
    const from = below(characters.length - length + 1);
    return characters.slice(from, from + length).join('');
  } },
};

const isSubsequence = (query, text) => {
  let at = -1;
  return [...query].every((character) => (at = text.indexOf(character, at + 1)) >= 0);
};

const queries = [];
for (const [kind, { from, make }] of Object.entries(kinds)) {
  const taken = new Set();
  for (const command of shuffle(from)) {
    if (taken.size === PER_KIND) break;
    const query = make(command);
    if (query === null || query.length < 2 || lower(command.title).startsWith(query) || taken.has(query)) continue;
    // The same letters could mean another command as well: nobody could know which.
    const rivals = kind === 'initials'
      ? from.some((other) => other !== command && wordsOf(lower(other.label)).map((word) => word[0]).join('').includes(query))
      : kind === 'CJK'
      ? commands.some((other) => other !== command && isSubsequence(query, other.label))
      : from.some((other) => other !== command && (lower(withoutAccents(other.label)).includes(query) ||
          lower(other.label) === lower(command.label)));
    if (rivals) continue;
    taken.add(query);
    queries.push({ kind, query, title: command.title });
  }
  if (taken.size < PER_KIND) throw new Error(`only ${taken.size} of ${kind}`);
}

const here = (name) => join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, name);
for (const line of readFileSync(here('by-hand.txt'), 'utf8').split('\n')) {
  if (line === '' || line.startsWith('#')) continue;
  const [query, title] = line.split('\t');
  if (!commands.some((command) => command.title === title)) throw new Error(`by hand: no command ${title}`);
  queries.push({ kind: 'by hand', query, title });
}
writeFileSync(here('commands.json'), `${JSON.stringify(commands.map(({ title }) => title), null, 1)}\n`);
writeFileSync(here('queries.jsonl'), queries.map((row, index) => `${JSON.stringify({ half: index % 2 === 0 ? 'even' : 'odd', ...row })}\n`).join(''));
console.log(`${commands.length} commands, ${queries.length} queries`);
