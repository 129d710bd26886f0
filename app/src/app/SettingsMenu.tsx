import { Menu, MenuButton, MenuItemCheckbox, MenuItemRadio, MenuProvider } from '@ariakit/react';
import { SettingsIcon } from './SettingsIcon';
import { type Theme, useSettings } from './settings';

/** How the page looks. Opens at once: it is loaded when its button is pressed. */
export default function SettingsMenu() {
  const { theme, exact, setTheme, setExact } = useSettings();
  return (
    <MenuProvider
      defaultOpen
      values={{ theme, exact: exact ? ['exact'] : [] }}
      setValues={(values: { theme: string; exact: string[] }) => {
        setTheme(values.theme as Theme);
        setExact(values.exact.includes('exact'));
      }}
    >
      <MenuButton className="icon-button large" aria-label="Settings">
        <SettingsIcon />
      </MenuButton>
      <Menu className="menu" gutter={6}>
        {(['system', 'light', 'dark'] as const).map((value) => (
          <MenuItemRadio key={value} name="theme" value={value} className="menu-item">
            {{ system: 'As the system', light: 'Light', dark: 'Dark' }[value]}
          </MenuItemRadio>
        ))}
        <MenuItemCheckbox name="exact" value="exact" className="menu-item">
          Show every digit of amounts
        </MenuItemCheckbox>
      </Menu>
    </MenuProvider>
  );
}
