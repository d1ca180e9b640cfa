/** The Obsidian plugin's entry. It loads and says where Cairn is used today; its views come with their own issue. */
import { Plugin, PluginSettingTab } from 'obsidian'

// Obsidian takes the plugin from the default export.
export default class CairnPlugin extends Plugin {
  override onload(): void {
    this.addSettingTab(new CairnSettingTab(this.app, this))
  }
}

class CairnSettingTab extends PluginSettingTab {
  override display(): void {
    this.containerEl.empty()
    this.containerEl.createEl('p', {
      text: 'This version of the plugin has no features yet. Ask your notes in the console of your Cairn server, or with npx cairn ask.',
    })
  }
}
