import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { plainText } from './plain-text.ts'
import { stem } from './porter.ts'
import { eachSentence } from './sentences.ts'
import { synonymsOf } from './synonyms.ts'
import { countWords, listTerms } from './tokenize.ts'

describe('stem', () => {
  // Examples of the paper, step by step.
  const pairs =
    'caresses caress ponies poni ties ti caress caress cats cat feed feed agreed agre plastered plaster bled bled motoring motor sing sing conflated conflat troubled troubl sized size hopping hop tanned tan falling fall hissing hiss fizzed fizz failing fail filing file happy happi sky sky relational relat conditional condit rational ration valenci valenc digitizer digit conformabli conform radicalli radic differentli differ vileli vile analogousli analog vietnamization vietnam predication predic operator oper feudalism feudal decisiveness decis hopefulness hope callousness callous formaliti formal sensitiviti sensit sensibiliti sensibl triplicate triplic formative form formalize formal electriciti electr electrical electr hopeful hope goodness good revival reviv allowance allow inference infer airliner airlin gyroscopic gyroscop adjustable adjust defensible defens irritant irrit replacement replac adjustment adjust dependent depend adoption adopt communism commun activate activ angulariti angular homologous homolog effective effect bowdlerize bowdler probate probat rate rate cease ceas controll control roll roll'
  const words = pairs.split(' ')
  for (let at = 0; at < words.length; at += 2) {
    test(`${words[at]} becomes ${words[at + 1]}`, () => expect(stem(words[at] as string)).toBe(words[at + 1] as string))
  }
})

describe('listTerms', () => {
  test.each([
    ['The travellers’ Receipts, 2026!', ['travel', 'receipt', '2026']],
    ['Übungen für die Straße', ['ubungen', 'strass']],
    ['東京都の会議', ['東京', '京都', '都の', 'の会', '会議']],
    ['iPhone用ケース', ['iphon', '用ケ', 'ケー', 'ース']],
    ['水', ['水']],
    ['to be or not to be', []],
    ['due_date HST-004', ['due', 'date', 'hst', '004']],
  ])('%s', (text, terms) => expect(listTerms(text)).toEqual(terms))

  test('never gives an empty or over-long term, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        for (const term of listTerms(text)) {
          expect(term.length).toBeGreaterThan(0)
          expect(term.length).toBeLessThanOrEqual(60)
        }
        expect(countWords(text)).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  test('a text in another Unicode form or case has the same terms', () => {
    const text = 'Élan Vital für GRÖSSE'
    expect(listTerms(text.normalize('NFD'))).toEqual(listTerms(text.normalize('NFC')))
    expect(listTerms(text.toLowerCase())).toEqual(listTerms(text))
  })
})

describe('eachSentence', () => {
  const split = (text: string) =>
    [...eachSentence(text, 0, text.length)].map(({ start, end }) => text.slice(start, end))

  test.each([
    ['One. Two! Three?', ['One.', 'Two!', 'Three?']],
    ['See e.g. the guide. Then go.', ['See e.g. the guide.', 'Then go.']],
    ['It costs 3.5 euros. Pay Dr. Who.', ['It costs 3.5 euros.', 'Pay Dr. Who.']],
    ['会議は三時です。場所は東京。', ['会議は三時です。', '場所は東京。']],
    ['**Bold end.** Next.', ['**Bold end.**', 'Next.']],
  ])('%s', (text, sentences) => expect(split(text)).toEqual(sentences))

  test('sentences are in order, do not overlap and leave out only white space', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'B', '.', '!', ' ', '\n', '。', '1', '*', '"'), maxLength: 80 }),
        (text) => {
          let at = 0
          for (const { start, end } of eachSentence(text, 0, text.length)) {
            expect(text.slice(at, start).trim()).toBe('')
            expect(end).toBeGreaterThan(start)
            at = end
          }
          expect(text.slice(at).trim()).toBe('')
        },
      ),
    )
  })
})

describe('plainText', () => {
  test.each([
    ['See [[Travel rules#Meals|the rules]] and ![[x.png]].', 'See the rules and .'],
    ['A [link](https://example.org/a_b) and `code`.', 'A link and code.'],
    ['- [ ] **Pay** the ==bill==', 'Pay the bill'],
    ['> [!warning] Watch out\n> It is hot.', 'Watch out It is hot.'],
    ['| a | b |', 'a – b'],
    ['Fish &amp; chips&rsquo; %%secret%% end', 'Fish & chips’ end'],
    ['<b onclick="x">Hi</b> there', 'Hi there'],
    ['snake_case_name and 2*3*4', 'snake_case_name and 2*3*4'],
  ])('%s', (markdown, text) => expect(plainText(markdown)).toBe(text))

  test('ends for any text', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('[', ']', '(', ')', '%', '<', '>', '*', '_', '`', '|', 'a', ' ', '\n'),
          maxLength: 400,
        }),
        (text) => {
          expect(typeof plainText(text)).toBe('string')
        },
      ),
    )
  })
})

test('a word is no synonym of itself, and synonyms go both ways', () => {
  for (const word of listTerms('vacation salary boss')) {
    expect(synonymsOf(word)).not.toContain(word)
    for (const other of synonymsOf(word)) expect(synonymsOf(other)).toContain(word)
  }
})

test('plain text of hostile Markdown takes time that grows with its size, not with its square', () => {
  // Compared with itself in the same run: sixteen times the size may take far less than 256 times as long.
  for (const seed of ['[', '![[', '[a](', '[[a|', '%%', '<a ', '`']) {
    const time = (size: number) => {
      const text = seed.repeat(size / seed.length)
      // The shortest of some: what else the machine does makes a run longer, and none shorter.
      const runs = [1, 2, 3].map(() => {
        const from = performance.now()
        plainText(text)
        return performance.now() - from
      })
      return Math.min(...runs)
    }
    expect(time(320_000), seed).toBeLessThan(100 * Math.max(1, time(20_000)))
  }
})
