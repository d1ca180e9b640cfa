/**
 * A report as PDF: tagged, searchable, the same bytes for the same report. The only time in it is that of its pin. Its
 * beginning says all that is needed to get it again and to hold it against the log.
 */
import PdfDocument, { type PdfStructure } from 'pdfkit'
import type { AuditReport, ReportCell, ReportCellKind } from '@cairn/contract'
import { toDate } from '../../../base/index.ts'
import { listFacts, listParts, sayCell, sayTime, specOf, type NamedPart } from '../describe.ts'
import { loadFonts } from './fonts.ts'
import { createInk, type TextStyle } from './ink.ts'
import { drawMargins, ink, openSheet, type Sheet } from './sheet.ts'
import { drawTable, tagged } from './table.ts'

/** Rows of a part: more than anybody reads on paper. The CSV has them all. */
const mostRows = 2_000

const titleStyle: TextStyle = { size: 18, weight: 'bold', colour: ink.text }
const headingStyle: TextStyle = { size: 11, weight: 'bold', colour: ink.text }
const bodyStyle: TextStyle = { size: 8.5, weight: 'regular', colour: ink.muted }
const nameStyle: TextStyle = { size: 7.5, weight: 'bold', colour: ink.muted }
const factStyle: TextStyle = { size: 7.5, weight: 'regular', colour: ink.text }
const numberStyle: TextStyle = { size: 15, weight: 'bold', colour: ink.accent }

export async function writeReportPdf(report: AuditReport): Promise<Uint8Array> {
  const { pin, period, query } = report
  const { title } = specOf(report)
  const at = toDate(pin.at)
  const document = new PdfDocument({
    size: 'A4',
    layout: 'landscape',
    margin: 0,
    pdfVersion: '1.7',
    tagged: true,
    lang: 'en',
    displayTitle: true,
    bufferPages: true,
    autoFirstPage: false,
    font: null,
    info: {
      Title: `${title}, as of ${pin.size} entries`,
      Subject: query,
      Keywords: pin.root,
      Creator: 'Cairn',
      Producer: 'Cairn',
      CreationDate: at,
      ModDate: at,
    },
  })
  const collected = collect(document)
  const sheet = openSheet(createInk(document, await loadFonts()))
  const root = document.struct('Document')
  document.addStructure(root)
  drawOpening(sheet, report, root)
  for (const part of listParts(report)) drawPart(sheet, report, part, root)
  drawNote(sheet, root)
  root.end()
  drawMargins(sheet, {
    title: `Cairn · ${title}`,
    period: period === null ? 'Whole log' : `${sayTime(period.from)} to ${sayTime(period.to)} UTC`,
    pin: `As of ${pin.size} entries, ${sayTime(pin.at).slice(0, 16)} UTC · root ${pin.root}`,
    query,
  })
  document.end()
  return collected
}

function collect(document: PdfDocument): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  return new Promise((resolve, reject) => {
    document
      .on('data', (bytes) => void pieces.push(bytes))
      .on('end', () => resolve(Buffer.concat(pieces)))
      .on('error', reject)
  })
}

// --- The beginning ----------------------------------------------------------------------------------------------------

const leftOut: ReadonlySet<string> = new Set(['Report', 'Question'])

function drawOpening(sheet: Sheet, report: AuditReport, root: PdfStructure): void {
  const { ink: of, left, width } = sheet
  const { document } = of
  const { title, answers } = specOf(report)
  sheet.y += 14
  tagged(document, root, 'H1', () => of.write(title, left, sheet.y, titleStyle))
  sheet.y += 16
  drawText(sheet, answers, bodyStyle, root)
  sheet.y += 8
  drawTotals(sheet, report, root)
  const nameWidth = 128
  for (const { name, value } of listFacts(report).filter((fact) => !leftOut.has(fact.name))) {
    const lines = of.wrap(value, width - nameWidth, factStyle, 6)
    sheet.reserve(lines.length * 11)
    tagged(document, root, 'P', () => {
      of.write(name, left, sheet.y + 8, nameStyle)
      lines.forEach((line, at) => of.write(line, left + nameWidth, sheet.y + 8 + at * 10.5, factStyle))
    })
    sheet.y += lines.length * 10.5 + 2.5
  }
}

function drawTotals(sheet: Sheet, report: AuditReport, root: PdfStructure): void {
  const { ink: of, left, width } = sheet
  const { totals } = report
  if (totals.length === 0) return
  const gap = 8
  const each = (width - gap * (totals.length - 1)) / totals.length
  const top = sheet.y
  totals.forEach(({ title, value, kind }, at) => {
    const x = left + at * (each + gap)
    of.document.markContent('Artifact', { type: 'Layout' })
    of.document.roundedRect(x, top, each, 42, 4).fill(ink.sunken)
    of.document.endMarkedContent()
    const said = sayInPrint(report, kind as ReportCellKind, value)
    tagged(of.document, root, 'P', () => {
      of.write(of.wrap(said, each - 16, numberStyle, 1)[0] ?? '', x + 8, top + 19, numberStyle)
      of.write(of.wrap(title, each - 16, nameStyle, 1)[0] ?? '', x + 8, top + 33, nameStyle)
    })
  })
  sheet.y = top + 42 + 10
}

function sayInPrint(report: AuditReport, kind: ReportCellKind, value: ReportCell): string {
  return kind === 'count' && typeof value === 'number' ? group(value) : sayCell(report, kind, value)
}

/** `12 345`: with a space that no line ends at, as the reader’s language is not known. */
function group(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, '\u00A0')
}

// --- Parts ------------------------------------------------------------------------------------------------------------

function drawPart(sheet: Sheet, report: AuditReport, part: NamedPart, root: PdfStructure): void {
  const { ink: of, left } = sheet
  sheet.y += 16
  sheet.reserve(80)
  tagged(of.document, root, 'H2', () => of.write(part.title, left, sheet.y + 8, headingStyle))
  sheet.y += 14
  const rows = part.rows.slice(0, mostRows)
  const count =
    part.total === 0
      ? ' Nothing.'
      : rows.length < part.total
        ? ` The first ${group(rows.length)} of ${group(part.total)} rows.`
        : ''
  drawText(sheet, `${part.about}${count}`, bodyStyle, root)
  sheet.y += 3
  if (rows.length === 0) return
  // A column in which no row has anything says nothing.
  const columns = part.columns.filter(({ id }) =>
    rows.some((row) => row[id] !== null && row[id] !== '' && !(Array.isArray(row[id]) && row[id].length === 0)),
  )
  drawTable(
    sheet,
    columns,
    rows.map((row) => columns.map(({ id, kind }) => sayInPrint(report, kind, row[id] ?? null))),
    root,
  )
}

const note =
  'Times are in UTC. Characters that the fonts of this file do not have, and those that cannot be seen, are written as their code points, as [U+5C71]; what is too long for its cell ends with “…”. The CSV of this report has everything as it is.'

function drawNote(sheet: Sheet, root: PdfStructure): void {
  sheet.y += 14
  drawText(sheet, note, { ...bodyStyle, size: 7.5 }, root)
}

function drawText(sheet: Sheet, text: string, style: TextStyle, root: PdfStructure): void {
  const { ink: of, left, width } = sheet
  const lines = of.wrap(text, Math.min(width, 640), style, 6)
  sheet.reserve(lines.length * 11.5)
  tagged(of.document, root, 'P', () =>
    lines.forEach((line, at) => of.write(line, left, sheet.y + 8 + at * 11.5, style)),
  )
  sheet.y += lines.length * 11.5
}
