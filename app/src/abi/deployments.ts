// Written by app/scripts/abi.mjs: run `make app-abi` instead of editing.
export const deployments: Record<string, Record<string, string | number>> = {};
