import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';

export type Theme = 'system' | 'light' | 'dark';
type Settings = { theme: Theme; exact: boolean; setTheme: (theme: Theme) => void; setExact: (exact: boolean) => void };

const SettingsContext = createContext<Settings>({ theme: 'system', exact: false, setTheme: () => undefined, setExact: () => undefined });

/** Storage may be forbidden; the page works without. */
function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
function store(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Forgotten with the page.
  }
}

const themeOf = (text: string | null): Theme => (text === 'light' || text === 'dark' ? text : 'system');

export function SettingsProvider({ children }: { children: ReactNode }) {
  const [theme, setTheme] = useState<Theme>(() => themeOf(stored('opg.theme')));
  const [exact, setExact] = useState(() => stored('opg.exact') === 'true');
  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
    store('opg.theme', theme);
  }, [theme]);
  useEffect(() => store('opg.exact', String(exact)), [exact]);
  const value = useMemo(() => ({ theme, exact, setTheme, setExact }), [theme, exact]);
  return <SettingsContext value={value}>{children}</SettingsContext>;
}

/** How the reader wants the page. */
export const useSettings = (): Settings => useContext(SettingsContext);
