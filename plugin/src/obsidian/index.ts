/** The only folder that knows Obsidian. `main.ts` takes from here what it puts together. */
export { addIcon, Plugin } from 'obsidian'
export { AskView, askViewType } from './ask-view.ts'
export { addCommands } from './commands.ts'
export { openPairing } from './dialogs.ts'
export { openAsk } from './open-ask.ts'
export { openCairn, type Cairn, type CairnApi } from './open-cairn.ts'
export { confirm } from './panel-modal.ts'
export { CairnSettingTab } from './settings-tab.ts'
