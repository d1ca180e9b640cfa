/** Bases, as far as plugins make views of them: a view is given entries, each with its file, and told when they change. */
import type { App } from './app.ts'
import { Component } from './base.ts'
import type { TFile } from './files.ts'

export class BasesEntry {
  readonly file: TFile

  constructor(file: TFile) {
    this.file = file
  }
}

export class BasesQueryResult {
  data: BasesEntry[] = []
}

export class QueryController extends Component {
  readonly app: App

  constructor(app: App) {
    super()
    this.app = app
  }
}

export abstract class BasesView extends Component {
  abstract type: string
  app: App
  data = new BasesQueryResult()

  constructor(controller: QueryController) {
    super()
    this.app = controller.app
  }

  abstract onDataUpdated(): void
}

export interface BasesViewRegistration {
  name: string
  icon: string
  factory: (controller: QueryController, containerEl: HTMLElement) => BasesView
}

/** Shows files in a registered view, as a base does whose query gives them; gives the view, to be told of others. */
export function openBase(app: App, id: string, files: readonly TFile[]): BasesView {
  const registration = app.basesViews.get(id)
  if (registration === undefined) throw new Error(`There is no view ${id}.`)
  const leaf = app.workspace.getLeaf('tab')
  app.workspace.setActiveLeaf(leaf)
  leaf.view.containerEl.replaceChildren()
  const view = registration.factory(new QueryController(app), leaf.view.containerEl.createDiv('bases-view'))
  view.load()
  view.data.data = files.map((file) => new BasesEntry(file))
  view.onDataUpdated()
  return view
}
