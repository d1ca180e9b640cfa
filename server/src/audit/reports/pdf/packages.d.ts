/** The parts of packages that we use and that bring no types. */
declare module 'pdfkit' {
  export interface PdfStructure {
    add(child: PdfStructure | PdfContent): PdfStructure
    end(): void
  }
  export type PdfContent = { readonly refs: unknown }
  export interface PdfOptions {
    readonly size: string
    readonly layout: 'portrait' | 'landscape'
    readonly margin: number
    readonly pdfVersion: string
    readonly tagged: boolean
    readonly lang: string
    readonly displayTitle: boolean
    readonly bufferPages: boolean
    readonly autoFirstPage: boolean
    readonly info: Readonly<Record<string, string | Date>>
    /** Null loads none before one is named. */
    readonly font: string | null
  }
  export default class PDFDocument {
    constructor(options: PdfOptions)
    readonly page: { readonly width: number; readonly height: number }
    addPage(): this
    switchToPage(at: number): this
    bufferedPageRange(): { readonly start: number; readonly count: number }
    registerFont(name: string, bytes: Uint8Array): this
    font(name: string): this
    fontSize(size: number): this
    fillColor(colour: string): this
    strokeColor(colour: string): this
    lineWidth(points: number): this
    rect(x: number, y: number, width: number, height: number): this
    roundedRect(x: number, y: number, width: number, height: number, radius: number): this
    moveTo(x: number, y: number): this
    lineTo(x: number, y: number): this
    fill(colour?: string): this
    stroke(): this
    save(): this
    restore(): this
    widthOfString(text: string): number
    text(text: string, x: number, y: number, options: { readonly lineBreak: false; readonly baseline?: string }): this
    struct(type: string, options?: Readonly<Record<string, string>>): PdfStructure
    addStructure(structure: PdfStructure): this
    markStructureContent(type: string): PdfContent
    markContent(type: string, options?: Readonly<Record<string, string>>): this
    endMarkedContent(): this
    on(event: 'data', listener: (bytes: Uint8Array) => void): this
    on(event: 'end', listener: () => void): this
    on(event: 'error', listener: (error: Error) => void): this
    end(): void
  }
}

declare module 'fontkit' {
  export function create(bytes: Uint8Array): { hasGlyphForCodePoint(codePoint: number): boolean }
}
