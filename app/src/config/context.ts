import { createContext, useContext } from 'react';
import type { Address } from 'viem';
import type { AppConfig, ContractKey } from './config';

export const ConfigContext = createContext<AppConfig | undefined>(undefined);

/** The configuration of this page. */
export function useAppConfig(): AppConfig {
  const config = useContext(ConfigContext);
  if (!config) throw new Error('useAppConfig is used outside of ConfigContext');
  return config;
}

/** Address of a contract, if the chain has it. */
export const useContract = (key: ContractKey): Address | undefined => useAppConfig().contracts[key];

/** Address of the token, which every chain has. */
export function useOpg(): Address {
  const { contracts } = useAppConfig();
  if (!contracts.opg) throw new Error('readConfig admits no configuration without a token');
  return contracts.opg;
}
