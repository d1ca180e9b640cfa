/** The page `/gallery`: the components of ui/ with the plugin's styles and this host's variables, without Obsidian. */
import { showGallery } from '@cairn/ui/gallery'
import { extendWindow } from './dom.ts'
import { markBody } from './mode.ts'

extendWindow(window)
markBody()
showGallery(document.body.createDiv('cairn'))
