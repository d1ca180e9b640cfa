/** Light, dark, or as the system has it. */
import { useState } from 'preact/hooks'
import { Icon, type IconName } from '@cairn/ui'
import { readTheme, storeTheme, themes, type Theme } from './theme.ts'

const looks: Record<Theme, { icon: IconName; text: string }> = {
  system: { icon: 'system', text: 'As the system' },
  light: { icon: 'sun', text: 'Light' },
  dark: { icon: 'moon', text: 'Dark' },
}

export function ThemeSwitch() {
  const [theme, setTheme] = useState(readTheme)
  const choose = (next: Theme) => {
    storeTheme(next)
    setTheme(next)
  }
  return (
    <div class="theme-switch" role="group" aria-label="Theme">
      {themes.map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={name === theme}
          aria-label={looks[name].text}
          title={looks[name].text}
          onClick={() => choose(name)}
        >
          <Icon name={looks[name].icon} size={18} />
        </button>
      ))}
    </div>
  )
}
