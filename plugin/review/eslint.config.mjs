/** The rules of Obsidian's directory over the published tree, as recommended, with the one exception that is explained there. */
import { defineConfig } from 'eslint/config'
import obsidianmd from 'eslint-plugin-obsidianmd'

export default defineConfig([
  // What the directory leaves out too.
  { ignores: ['**/node_modules/**', 'scripts/**', '**/*.mjs', 'main.js'] },
  ...obsidianmd.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    languageOptions: { parserOptions: { project: './tsconfig.json' } },
  },
])
