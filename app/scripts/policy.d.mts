type Sources = { rpc?: string[]; gateways?: string[]; statements?: string; genesis?: string; walletConnect?: { relay?: string } };
export function originsOf(config: Sources): string[];
export function widen(html: string, config: Sources): string;
