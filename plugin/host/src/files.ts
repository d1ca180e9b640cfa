/** The vault: files of a folder that the page's server gives out; what is written stays in memory, unless the page asks for more. */
import { Events, normalizePath } from './base.ts'

export interface FileStats {
  ctime: number
  mtime: number
  size: number
}

export abstract class TAbstractFile {
  vault!: Vault
  path = ''
  name = ''
  parent: TFolder | null = null
}

export class TFile extends TAbstractFile {
  stat: FileStats = { ctime: 0, mtime: 0, size: 0 }
  basename = ''
  extension = ''
}

export class TFolder extends TAbstractFile {
  children: TAbstractFile[] = []

  isRoot(): boolean {
    return this.parent === null
  }
}

export interface ListedFile {
  readonly path: string
  readonly mtime: number
  readonly size: number
}

/** Where the bytes come from, and go to when the host writes through. */
export interface FileSource {
  list(): Promise<readonly ListedFile[]>
  read(path: string): Promise<string>
  write(path: string, data: string | null): Promise<void>
}

/** Texts by path: what was read or written once is not asked for again. */
export class DataAdapter {
  readonly #source: FileSource
  readonly #texts = new Map<string, string>()
  /** Paths that the plugin read: no note is, before the layout is ready. */
  readonly reads: string[] = []

  constructor(source: FileSource) {
    this.#source = source
  }

  getName(): string {
    return document.title
  }

  async read(path: string): Promise<string> {
    this.reads.push(path)
    const known = this.#texts.get(path)
    if (known !== undefined) return known
    const text = await this.#source.read(path)
    this.#texts.set(path, text)
    return text
  }

  async write(path: string, data: string): Promise<void> {
    this.#texts.set(path, data)
    await this.#source.write(path, data)
  }

  async remove(path: string): Promise<void> {
    this.#texts.delete(path)
    await this.#source.write(path, null)
  }

  exists(path: string): Promise<boolean> {
    return this.#texts.has(path)
      ? Promise.resolve(true)
      : this.#source.list().then((files) => files.some((file) => file.path === path))
  }
}

export class Vault extends Events {
  readonly adapter: DataAdapter
  readonly configDir = '.obsidian'
  readonly #files = new Map<string, TAbstractFile>()
  readonly #root = new TFolder()

  constructor(source: FileSource) {
    super()
    this.adapter = new DataAdapter(source)
    this.#root.vault = this
    this.#root.path = '/'
    this.#files.set('/', this.#root)
  }

  async load(source: FileSource): Promise<void> {
    for (const { path, mtime, size } of await source.list()) this.#add(path, { ctime: mtime, mtime, size })
  }

  getName(): string {
    return document.title
  }

  getRoot(): TFolder {
    return this.#root
  }

  getAbstractFileByPath(path: string): TAbstractFile | null {
    return this.#files.get(path) ?? null
  }

  getFileByPath(path: string): TFile | null {
    const file = this.getAbstractFileByPath(path)
    return file instanceof TFile ? file : null
  }

  getFolderByPath(path: string): TFolder | null {
    const folder = this.getAbstractFileByPath(path)
    return folder instanceof TFolder ? folder : null
  }

  getAllLoadedFiles(): TAbstractFile[] {
    return [...this.#files.values()]
  }

  getFiles(): TFile[] {
    return this.getAllLoadedFiles().filter((file) => file instanceof TFile)
  }

  getMarkdownFiles(): TFile[] {
    return this.getFiles().filter(({ extension }) => extension === 'md')
  }

  getAllFolders(includeRoot = false): TFolder[] {
    return this.getAllLoadedFiles().filter(
      (file): file is TFolder => file instanceof TFolder && (includeRoot || !file.isRoot()),
    )
  }

  read(file: TFile): Promise<string> {
    return this.adapter.read(file.path)
  }

  cachedRead(file: TFile): Promise<string> {
    return this.adapter.read(file.path)
  }

  async create(path: string, data: string): Promise<TFile> {
    const normal = normalizePath(path)
    if (this.#files.has(normal)) throw new Error('File already exists.')
    if (!(this.#files.get(parentOf(normal)) instanceof TFolder))
      throw new Error('The folder of the file does not exist.')
    await this.adapter.write(normal, data)
    const now = Date.now()
    const file = this.#add(normal, { ctime: now, mtime: now, size: data.length })
    this.trigger('create', file)
    return file
  }

  createFolder(path: string): Promise<TFolder> {
    const normal = normalizePath(path)
    if (this.#files.has(normal)) return Promise.reject(new Error('Folder already exists.'))
    const folder = this.#folder(normal)
    this.trigger('create', folder)
    return Promise.resolve(folder)
  }

  async modify(file: TFile, data: string): Promise<void> {
    await this.adapter.write(file.path, data)
    file.stat = { ...file.stat, mtime: Date.now(), size: data.length }
    this.trigger('modify', file)
  }

  async append(file: TFile, data: string): Promise<void> {
    await this.modify(file, `${await this.read(file)}${data}`)
  }

  async process(file: TFile, change: (data: string) => string): Promise<string> {
    const data = change(await this.read(file))
    await this.modify(file, data)
    return data
  }

  async rename(file: TAbstractFile, newPath: string): Promise<void> {
    const before = file.path
    const after = normalizePath(newPath)
    if (this.#files.has(after)) throw new Error('Destination file already exists!')
    const moved = [file, ...(file instanceof TFolder ? descendants(file) : [])]
    for (const each of moved) {
      const path = `${after}${each.path.slice(before.length)}`
      this.#files.delete(each.path)
      if (each instanceof TFile) {
        const text = await this.adapter.read(each.path)
        await this.adapter.remove(each.path)
        await this.adapter.write(path, text)
      }
      name(each, path)
      this.#files.set(path, each)
    }
    file.parent?.children.remove(file)
    const parent = this.#folder(parentOf(after))
    file.parent = parent
    parent.children.push(file)
    this.trigger('rename', file, before)
  }

  async delete(file: TAbstractFile): Promise<void> {
    for (const each of [...(file instanceof TFolder ? descendants(file) : []), file]) {
      this.#files.delete(each.path)
      each.parent?.children.remove(each)
      if (each instanceof TFile) await this.adapter.remove(each.path)
      this.trigger('delete', each)
    }
  }

  trash(file: TAbstractFile): Promise<void> {
    return this.delete(file)
  }

  getResourcePath(file: TFile): string {
    return `/vault/${file.path.split('/').map(encodeURIComponent).join('/')}`
  }

  static recurseChildren(root: TFolder, callback: (file: TAbstractFile) => unknown): void {
    callback(root)
    for (const each of descendants(root)) callback(each)
  }

  #add(path: string, stat: FileStats): TFile {
    const file = new TFile()
    file.vault = this
    file.stat = stat
    name(file, path)
    file.parent = this.#folder(parentOf(path))
    file.parent.children.push(file)
    this.#files.set(path, file)
    return file
  }

  #folder(path: string): TFolder {
    const there = this.#files.get(path)
    if (there instanceof TFolder) return there
    const folder = new TFolder()
    folder.vault = this
    name(folder, path)
    folder.parent = this.#folder(parentOf(path))
    folder.parent.children.push(folder)
    this.#files.set(path, folder)
    return folder
  }
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '/' : path.slice(0, slash)
}

function name(file: TAbstractFile, path: string): void {
  file.path = path
  file.name = path.slice(path.lastIndexOf('/') + 1)
  if (!(file instanceof TFile)) return
  const dot = file.name.lastIndexOf('.')
  file.basename = dot > 0 ? file.name.slice(0, dot) : file.name
  file.extension = dot > 0 ? file.name.slice(dot + 1).toLowerCase() : ''
}

function descendants(folder: TFolder): TAbstractFile[] {
  return folder.children.flatMap((child) => [child, ...(child instanceof TFolder ? descendants(child) : [])])
}

export class FileManager {
  readonly #vault: Vault

  constructor(vault: Vault) {
    this.#vault = vault
  }

  getNewFileParent(sourcePath: string): TFolder {
    return this.#vault.getFileByPath(sourcePath)?.parent ?? this.#vault.getRoot()
  }

  renameFile(file: TAbstractFile, newPath: string): Promise<void> {
    return this.#vault.rename(file, newPath)
  }

  trashFile(file: TAbstractFile): Promise<void> {
    return this.#vault.trash(file)
  }

  generateMarkdownLink(file: TFile, _sourcePath: string, subpath = '', alias = ''): string {
    return `[[${file.path.replace(/\.md$/, '')}${subpath}${alias === '' ? '' : `|${alias}`}]]`
  }
}
