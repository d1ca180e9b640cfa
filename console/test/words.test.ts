/** Promises of the small readers and writers: addresses, sign-in links, suggestions, failures, numbers. */
import { expect, test } from 'bun:test'
import { failureOf, readFailure } from '../src/api/failure.ts'
import { questionsFromTitles, readQuestions } from '../src/ask/suggestions.ts'
import { formatCounted, formatMs, formatSecondsLeft, formatUsd } from '../src/shell/clock.ts'
import { hrefOf, parseRoute } from '../src/shell/router.ts'
import { parseSignInToken } from '../src/sign-in/sign-in-token.ts'

test('opens the page that an address names, and the first one for any other', () => {
  expect(parseRoute('#/vaults').page).toBe('vaults')
  expect(parseRoute('#/nonsense').page).toBe('ask')
  expect(parseRoute('').page).toBe('ask')
  const route = parseRoute(hrefOf('ask', { q: 'a & b?', vault: 'v1' }))
  expect([route.page, route.params.get('q'), route.params.get('vault')]).toEqual(['ask', 'a & b?', 'v1'])
})

test('finds the token in a whole link, in its fragment and by itself, and in nothing else', () => {
  const token = 'abcDEF0123456789_-abcdef'
  for (const text of [token, ` ${token}\n`, `#sign-in=${token}`, `http://127.0.0.1:8484/#sign-in=${token}`])
    expect(parseSignInToken(text)).toBe(token)
  for (const text of [
    '',
    'short',
    'http://127.0.0.1:8484/',
    `#sign-in=${'x'.repeat(201)}`,
    'two words that are long enough',
    '#sign-in=%',
  ])
    expect(parseSignInToken(text)).toBeNull()
})

test('takes the questions that a vault brings', async () => {
  const own = readQuestions(
    '# Start\n\n- not this one\n\n## Ten things to ask\n\n1. How many days?\n2. 高知で使う無線は?\n\n## Next\n- nor this one\n',
  )
  expect(own).toEqual(['How many days?', '高知で使う無線は?'])
  const example = await Bun.file(new URL('../../examples/vault/Start here.md', import.meta.url)).text()
  expect(readQuestions(example).length).toBe(10)
})

test('makes questions of titles that read like a subject', () => {
  expect(questionsFromTitles(['README', '2025-11-14', 'x', 'Travel policy', 'Travel policy', 'a_b_c_d_e_f'])).toEqual([
    'What do my notes say about Travel policy?',
  ])
})

test('reads both error shapes of the server and says what to do', async () => {
  const problem = {
    type: 'about:blank',
    title: 't',
    status: 422,
    detail: 'No folder /x.',
    code: 'vault.folder',
    param: 'path',
    requestId: 'r1',
  }
  expect(await readFailure(Response.json(problem, { status: 422 }))).toMatchObject({
    code: 'vault.folder',
    status: 422,
    message: 'No folder /x.',
    requestId: 'r1',
    retryable: false,
  })
  const openAi = { error: { message: 'Busy.', type: 'api_error', param: null, code: 'server.busy' } }
  expect(await readFailure(Response.json(openAi, { status: 503, headers: { 'x-request-id': 'r2' } }))).toMatchObject({
    code: 'server.busy',
    title: 'The server is busy',
    message: 'Busy.',
    requestId: 'r2',
    retryable: true,
  })
  expect(await readFailure(new Response('<html>', { status: 502 }))).toMatchObject({
    title: 'The server answered with status 502',
  })
  expect(failureOf('toString', 'x').title).toBe('x')
})

test('writes numbers as a person would', () => {
  expect([formatCounted(1, 'note'), formatCounted(0, 'note')]).toEqual(['1 note', '0 notes'])
  expect([0.4, 12.3, 1_240, 200_000].map(formatMs)).toEqual(['< 1 ms', '12 ms', '1.2 s', '3 min'])
  expect([0.2, 59, 90, 7_500].map(formatSecondsLeft)).toEqual(['1 s', '59 s', '2 min', '2 h 5 min'])
  expect([0, 1.5, 0.15, 0.0042, 0.00001234, 1e-8].map(formatUsd)).toEqual([
    'free',
    '$1.50',
    '$0.15',
    '$0.0042',
    '$0.000012',
    '< $0.000001',
  ])
})
