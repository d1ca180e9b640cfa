/** The leak channels B1 to B25 of the design, and where each is tested. */
export type Channel =
  | {
      readonly surface: string
      /** What of the channel is not closed, and not shown by these tests. */
      readonly open?: string
    }
  | { readonly none: RegExp; readonly because: string }

/** Where each channel is tested. */
export const channels: Readonly<Record<string, Channel>> = {
  B1: { surface: 'GET notes/*, POST /v1/ask with a model and with dryRun' },
  B2: { surface: 'GET notes/*: links and backlinks' },
  B3: { surface: 'GET notes, related, /api/vaults, POST /v1/search: counts after the filter' },
  B4: { surface: 'POST /v1/search, POST /v1/ask' },
  B5: { surface: 'POST /v1/ask, whole and streamed' },
  B6: { surface: 'POST /v1/ask with the cache' },
  B7: { surface: 'GET notes/* and POST /v1/search with an old key' },
  B8: {
    surface:
      'GET notes/*, POST /v1/search, GET /api/held after a rename on disk: barriers and denies go with the notes, grants do not',
  },
  B9: {
    surface: 'GET notes/* of a restricted folder that was gone and is there again',
    open: 'a grant on a folder that was gone holds again for what comes under its name; a finding names the grant as long as nothing is there (decision 0011)',
  },
  B10: { surface: 'GET notes/*, POST /api/access/explain, POST /api/access/grants' },
  B11: { none: /^(?:PATCH|POST) .*notes|\/tags|\/front-?matter/, because: 'notes are edited in their folder only' },
  B12: { surface: 'POST /v1/ask, GET notes/*' },
  B13: { none: /\/chats|\/share(?:d|s)?(?:\/|$)/, because: 'there are no shared conversations' },
  B14: { none: /\/history|\/conversations|\/threads/, because: 'the server keeps no conversation' },
  B15: { none: /\/mcp|\/tools|\/agents/, because: 'no tool is called by a model' },
  B16: { surface: 'POST /v1/ask: the egress of each model that could answer' },
  B17: { surface: 'POST /v1/search, related' },
  B18: { surface: 'GET /api/audit/events, summary, stream' },
  B19: { surface: 'every read of notes' },
  B20: { surface: 'GET notes page by page, POST /v1/search' },
  B21: { surface: 'POST /access/v1/search/*' },
  B22: { surface: 'GET /api/usage, /api/budgets, /api/access/keys' },
  B23: { surface: 'PUT /api/access/policy, POST restore' },
  B24: { surface: 'PUT /api/access/users/:id, DELETE /api/access/grants/:id' },
  B25: { surface: 'POST /api/access/groups/:id/members, PUT /api/access/policy' },
}
