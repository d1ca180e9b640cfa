/**
 * THE table of reports on the audit log: what each answers, what it can be asked with, and which columns it has. The
 * console, the files and the documentation are all made from these rows.
 */

/**
 * How a cell is read. `who`: id of a person, service or group, alone or as `user:ID`. `place`: a scope as rules write it,
 * `folder:VAULT/PATH`. `time`: milliseconds since 1970, UTC;
 * `day`: the beginning of one. `entry`: place of an entry in the log. `usd`: US dollars.
 */
export type ReportCellKind = 'text' | 'list' | 'who' | 'place' | 'time' | 'day' | 'entry' | 'count' | 'usd' | 'hash'

export interface ReportColumnSpec {
  readonly title: string
  readonly kind: ReportCellKind
}

export interface ReportPartSpec {
  readonly title: string
  /** What its rows are. */
  readonly about: string
  /** Its columns, in order. */
  readonly columns: readonly string[]
  /** A bar for each row: the column that names it, and the one that is its length. Over time where that is a day. */
  readonly chart?: readonly [label: string, value: string]
}

export interface ReportParameterSpec {
  readonly title: string
  readonly description: string
  readonly unit: string
  readonly least: number
  readonly most: number
  readonly usual: number
}

export const auditReportParameters = {
  dormantDays: {
    title: 'Dormant after',
    description: 'Whoever did nothing for so long is marked.',
    unit: 'days',
    least: 1,
    most: 3_650,
    usual: 90,
  },
  reads: {
    title: 'Many reads',
    description: 'Whoever read so many notes within the window is listed.',
    unit: 'notes',
    least: 2,
    most: 1_000_000,
    usual: 50,
  },
  windowMinutes: {
    title: 'Window',
    description: 'Window in which reads are counted together.',
    unit: 'minutes',
    least: 1,
    most: 10_080,
    usual: 60,
  },
  runFailures: {
    title: 'Length of a run',
    description: 'So many failures, each soon after the one before, are listed as a run.',
    unit: 'failures',
    least: 2,
    most: 1_000,
    usual: 3,
  },
  runMinutes: {
    title: 'Gap in a run',
    description: 'Between two failures of a run, and between its last one and a success, lies no more than this.',
    unit: 'minutes',
    least: 1,
    most: 1_440,
    usual: 15,
  },
  depth: {
    title: 'Depth of folders',
    description: 'Folders below this depth count with the one that they are in; 0 is the whole vault.',
    unit: 'levels',
    least: 0,
    most: 8,
    usual: 1,
  },
} as const satisfies Record<string, ReportParameterSpec>

export type AuditReportParameter = keyof typeof auditReportParameters

export interface ReportSpec {
  readonly title: string
  /** The question. */
  readonly answers: string
  readonly parameters: readonly AuditReportParameter[]
  /** False where it is about the whole log up to its size. */
  readonly hasPeriod: boolean
  /** Permission beside `audit.read`, where it tells what other pages keep behind one. */
  readonly needs: 'policy.view' | 'usage.read' | null
  /** What of it is read in the log. */
  readonly log: string
  /** What of it is how things are now; null where nothing is. */
  readonly state: string | null
  readonly columns: Readonly<Record<string, ReportColumnSpec>>
  readonly parts: Readonly<Record<string, ReportPartSpec>>
}

const who = { title: 'Who', kind: 'who' } as const
const by = { title: 'By', kind: 'who' } as const
const entry = { title: 'Entry', kind: 'entry' } as const
const when = { title: 'When', kind: 'time' } as const
const outcome = { title: 'Outcome', kind: 'text' } as const
const provider = { title: 'Provider', kind: 'text' } as const
const folder = { title: 'Folder', kind: 'place' } as const

export const auditReportTable = {
  'access-review': {
    title: 'Access review',
    answers: 'Who holds which role where, since when, given by whom, and what should be looked at.',
    parameters: ['dormantDays'],
    hasPeriod: false,
    needs: 'policy.view',
    log: 'By whom, since when and with which entry a role was given, and when somebody or a key acted last. The rules are those of the revision that was in force at this size of the log.',
    state: 'Who there is, who is in which group, which keys there are, and what the rules’ own checks find: as of now.',
    columns: {
      who,
      via: { title: 'Through', kind: 'who' },
      role: { title: 'Role', kind: 'text' },
      scope: { title: 'Where', kind: 'place' },
      key: { title: 'Key', kind: 'text' },
      since: { title: 'Since', kind: 'time' },
      by: { title: 'Given by', kind: 'who' },
      entry,
      until: { title: 'Until', kind: 'time' },
      lastAct: { title: 'Last act', kind: 'time' },
      lookAt: { title: 'To look at', kind: 'list' },
      about: { title: 'About', kind: 'who' },
      message: { title: 'Finding', kind: 'text' },
    },
    parts: {
      findings: { title: 'Findings', about: 'What the rules’ own checks find.', columns: ['about', 'message'] },
      owners: {
        title: 'Owners',
        about: 'Who owns this server.',
        columns: ['who', 'lastAct', 'lookAt'],
      },
      roles: {
        title: 'Roles',
        about: 'Each role that somebody holds, directly or through a group.',
        columns: ['who', 'via', 'role', 'scope', 'since', 'by', 'entry', 'until', 'lastAct', 'lookAt'],
      },
      keys: {
        title: 'API keys',
        about: 'Keys that were in force.',
        columns: ['who', 'key', 'since', 'entry', 'until', 'lastAct', 'lookAt'],
      },
    },
  },
  'permission-changes': {
    title: 'Permission changes',
    answers: 'What was changed of who may do what, by whom, and who approved it.',
    parameters: [],
    hasPeriod: true,
    needs: 'policy.view',
    log: 'Every change with its entry, by whom, and who approved it.',
    state: 'What stood in the rules before and after: from the history of the rules, which is never rewritten.',
    columns: {
      entry,
      when,
      what: { title: 'What', kind: 'text' },
      by,
      approvedBy: { title: 'Approved by', kind: 'who' },
      whom: { title: 'Whom', kind: 'who' },
      scope: { title: 'Where', kind: 'place' },
      before: { title: 'Before', kind: 'text' },
      after: { title: 'After', kind: 'text' },
      revision: { title: 'Revision', kind: 'count' },
    },
    parts: {
      rules: {
        title: 'Rules',
        about: 'Grants, denials, restricted folders and other rules, each with what stood there before and after.',
        columns: ['entry', 'when', 'what', 'by', 'approvedBy', 'whom', 'scope', 'before', 'after', 'revision'],
      },
      passes: {
        title: 'Delegations and emergency access',
        about: 'What extends somebody’s access for a time.',
        columns: ['entry', 'when', 'what', 'by', 'whom', 'scope', 'after'],
      },
      people: {
        title: 'People, groups and keys',
        about: 'Who came and went, and what was changed of them.',
        columns: ['entry', 'when', 'what', 'by', 'whom', 'after'],
      },
    },
  },
  exports: {
    title: 'Exports and bulk reads',
    answers: 'Who took what out, and who read unusually many notes.',
    parameters: ['reads', 'windowMinutes'],
    hasPeriod: true,
    needs: null,
    log: 'All of it.',
    state: null,
    columns: {
      entry,
      when,
      who,
      what: { title: 'What', kind: 'text' },
      format: { title: 'Format', kind: 'text' },
      filters: { title: 'Asked with', kind: 'list' },
      names: { title: 'With names of notes', kind: 'text' },
      size: { title: 'Size of the log', kind: 'count' },
      results: { title: 'Entries or rows', kind: 'count' },
      bytes: { title: 'Bytes', kind: 'count' },
      sha256: { title: 'SHA-256', kind: 'hash' },
      outcome,
      first: { title: 'First', kind: 'time' },
      last: { title: 'Last', kind: 'time' },
      reads: { title: 'Notes read', kind: 'count' },
      notes: { title: 'Different notes', kind: 'count' },
      firstEntry: { title: 'First entry', kind: 'entry' },
      lastEntry: { title: 'Last entry', kind: 'entry' },
      looks: { title: 'Looks', kind: 'count' },
    },
    parts: {
      bulk: {
        title: 'Many notes read',
        about: 'Spans in which somebody read at least as many notes within the window as the parameter says.',
        columns: ['who', 'reads', 'notes', 'first', 'last', 'firstEntry', 'lastEntry'],
      },
      taken: {
        title: 'Taken out',
        about: 'Exports of the log and reports on it. Notes have no export of their own.',
        columns: [
          'entry',
          'when',
          'who',
          'what',
          'format',
          'filters',
          'names',
          'size',
          'results',
          'bytes',
          'sha256',
          'outcome',
        ],
      },
      unfinished: {
        title: 'Begun without an end',
        about: 'Exports that were about to be given, and of which nothing says how they ended.',
        columns: ['entry', 'when', 'who', 'format', 'filters', 'size'],
      },
      looks: {
        title: 'Looks at the log, at usage and at kept texts',
        about: 'How often somebody looked, without taking a file.',
        columns: ['who', 'looks', 'first', 'last'],
        chart: ['who', 'looks'],
      },
    },
  },
  'failed-sign-ins': {
    title: 'Failed sign-ins',
    answers: 'Which accounts and addresses failed to sign in, why, and where a run of failures ended in a success.',
    parameters: ['runFailures', 'runMinutes'],
    hasPeriod: true,
    needs: null,
    log: 'All of it. An account is told where somebody here has the address that was given, and the entry is new enough to have it.',
    state: null,
    columns: {
      who: { title: 'Account', kind: 'who' },
      address: { title: 'Network address', kind: 'text' },
      addresses: { title: 'Network addresses', kind: 'count' },
      reason: { title: 'Reason', kind: 'text' },
      method: { title: 'How', kind: 'text' },
      failures: { title: 'Failures', kind: 'count' },
      first: { title: 'First', kind: 'time' },
      last: { title: 'Last', kind: 'time' },
      runs: { title: 'Runs', kind: 'count' },
      entry: { title: 'Last entry', kind: 'entry' },
      success: { title: 'Then signed in', kind: 'entry' },
      successAt: { title: 'Signed in at', kind: 'time' },
    },
    parts: {
      runs: {
        title: 'Runs',
        about: 'Failures in a row, each soon after the one before. Look first at those that ended in a success.',
        columns: ['who', 'address', 'failures', 'first', 'last', 'entry', 'success', 'successAt'],
      },
      accounts: {
        title: 'By account',
        about: 'Failures by whose address was given; nobody’s account stands as not known.',
        columns: ['who', 'failures', 'addresses', 'runs', 'first', 'last'],
        chart: ['who', 'failures'],
      },
      addresses: {
        title: 'By network address',
        about: 'Failures by where they came from.',
        columns: ['address', 'failures', 'runs', 'first', 'last'],
        chart: ['address', 'failures'],
      },
      reasons: {
        title: 'By reason',
        about: 'Failures by how somebody tried and why they were refused.',
        columns: ['method', 'reason', 'failures', 'first', 'last'],
      },
    },
  },
  usage: {
    title: 'Usage and cost',
    answers: 'What was asked and what it cost, by person, team, model, folder of notes, and day.',
    parameters: ['depth'],
    hasPeriod: true,
    needs: 'usage.read',
    log: 'Calls, tokens and cost as they were recorded; what a rule on levels keeps out of the log is not in it. Cost is in US dollars by the prices in force at the call; attempts that failed are not in it. Budgets go by the meter, which counts these as well.',
    state: 'Who is in which team: as of now. A call counts for each team that its person is in.',
    columns: {
      who,
      team: { title: 'Team', kind: 'who' },
      model: { title: 'Model', kind: 'text' },
      provider,
      folder,
      day: { title: 'Day', kind: 'day' },
      calls: { title: 'Calls', kind: 'count' },
      cached: { title: 'From cache', kind: 'count' },
      failed: { title: 'Failed or refused', kind: 'count' },
      tokensIn: { title: 'Tokens in', kind: 'count' },
      tokensOut: { title: 'Tokens out', kind: 'count' },
      costUsd: { title: 'Cost, USD', kind: 'usd' },
      unpriced: { title: 'Without a cost', kind: 'count' },
    },
    parts: {
      days: {
        title: 'By day',
        about: 'Days in UTC.',
        columns: ['day', 'calls', 'cached', 'failed', 'tokensIn', 'tokensOut', 'costUsd', 'unpriced'],
        chart: ['day', 'calls'],
      },
      people: {
        title: 'By person',
        about: 'Who asked.',
        columns: ['who', 'calls', 'cached', 'failed', 'tokensIn', 'tokensOut', 'costUsd', 'unpriced'],
        chart: ['who', 'calls'],
      },
      teams: {
        title: 'By team',
        about: 'Groups of people, as they are now.',
        columns: ['team', 'calls', 'cached', 'failed', 'tokensIn', 'tokensOut', 'costUsd', 'unpriced'],
      },
      models: {
        title: 'By model',
        about: 'Which model answered.',
        columns: ['model', 'provider', 'calls', 'cached', 'failed', 'tokensIn', 'tokensOut', 'costUsd', 'unpriced'],
      },
      folders: {
        title: 'By folder of notes',
        about:
          'Questions count in each folder of which notes were used; their tokens and cost are divided by the number of notes.',
        columns: ['folder', 'calls', 'cached', 'failed', 'tokensIn', 'tokensOut', 'costUsd', 'unpriced'],
      },
    },
  },
  egress: {
    title: 'Model egress by folder',
    answers: 'Which folders’ notes went to which provider and region, and what was kept from going.',
    parameters: ['depth'],
    hasPeriod: true,
    needs: null,
    log: 'All of it; what a rule on levels keeps out of the log is not in it, but for requests outside, which always are. Of a question that failed or was refused, the notes are told that would have gone along, where the entry is new enough to have them.',
    state: null,
    columns: {
      folder,
      provider,
      region: { title: 'Region', kind: 'text' },
      egress: { title: 'Where to', kind: 'text' },
      label: { title: 'Label', kind: 'text' },
      questions: { title: 'Questions', kind: 'count' },
      notes: { title: 'Different notes', kind: 'count' },
      failed: { title: 'Of these failed', kind: 'count' },
      purpose: { title: 'Purpose', kind: 'text' },
      requests: { title: 'Requests', kind: 'count' },
      first: { title: 'First', kind: 'time' },
      last: { title: 'Last', kind: 'time' },
    },
    parts: {
      outside: {
        title: 'Left this machine',
        about: 'Folders whose notes were in questions that went to a provider outside.',
        columns: ['folder', 'provider', 'region', 'label', 'questions', 'notes', 'failed', 'last'],
        chart: ['folder', 'questions'],
      },
      requests: {
        title: 'All requests outside',
        about:
          'Every request that was about to leave, also those without notes. What begins is recorded before it goes.',
        columns: ['provider', 'region', 'purpose', 'label', 'requests', 'first', 'last'],
      },
      refused: {
        title: 'Refused',
        about: 'Questions that no model was allowed to see, by the folders of their notes.',
        columns: ['folder', 'label', 'questions', 'notes', 'last'],
      },
      inside: {
        title: 'Stayed on this machine',
        about: 'Answered by a local model or by the built-in one.',
        columns: ['folder', 'provider', 'label', 'questions', 'notes', 'failed', 'last'],
      },
      cached: {
        title: 'Answered from the cache',
        about: 'Nothing was sent for these.',
        columns: ['folder', 'provider', 'label', 'questions', 'notes', 'last'],
      },
    },
  },
  health: {
    title: 'Audit health',
    answers: 'Whether the log is whole: gaps, verification, witnesses, receivers, retention and holds.',
    parameters: [],
    hasPeriod: true,
    needs: null,
    log: 'Gaps, verifications, alarms, receivers’ failures, retention, holds, starts and steps of the clock, as they are on record.',
    state: 'Receivers, events that wait, horizons and levels: as of now.',
    columns: {
      check: { title: 'What', kind: 'text' },
      place: { title: 'Where', kind: 'place' },
      state: { title: 'State', kind: 'text' },
      value: { title: 'Value', kind: 'text' },
      entry,
      when,
      who,
      detail: { title: 'Detail', kind: 'text' },
    },
    parts: {
      checks: {
        title: 'Checks',
        about: 'What should be looked at says so.',
        columns: ['check', 'state', 'value', 'entry', 'when'],
      },
      gaps: {
        title: 'Gaps',
        about: 'What is not there or cannot be read any more, with the entry that allows it.',
        columns: ['check', 'state', 'value', 'entry', 'when', 'detail'],
      },
      trust: {
        title: 'Verifications and alarms',
        about: 'Each verification on record, and each witness that saw another log.',
        columns: ['check', 'state', 'value', 'entry', 'when', 'who'],
      },
      receivers: {
        title: 'Receivers',
        about: 'How far receivers outside are, and when they failed.',
        columns: ['check', 'state', 'value', 'entry', 'when', 'detail'],
      },
      keeping: {
        title: 'Retention and holds',
        about: 'What was let go, held and changed, and the horizons and levels in force.',
        columns: ['check', 'value', 'place', 'entry', 'when', 'who', 'detail'],
      },
      runs: {
        title: 'Starts, stops and the clock',
        about: 'When the server came and went, and where entries step back in time.',
        columns: ['check', 'state', 'value', 'entry', 'when', 'detail'],
      },
    },
  },
} as const satisfies Record<string, ReportSpec>

export type AuditReportId = keyof typeof auditReportTable

export const auditReportIds = Object.keys(auditReportTable) as [AuditReportId, ...AuditReportId[]]

/** What stands in a cell in place of what cannot or may not be told. */
export const reportWords = { erased: 'erased person', gone: 'erased', hidden: 'hidden', unknown: 'not known' } as const

/** Rows of one part: the usual number, and the most that can be asked for. */
export const reportLimits = { usualRows: 1_000, mostRows: 10_000, usualDays: 30 } as const
