// What an application does with the package: the recorded account is valued by the WebAssembly module.
import { marginView } from '@plimsoll/client';

import { recorded } from './recorded.js';

const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

export async function navUsdPico() {
    const { address, account, registry, board, now } = recorded;
    const accounts = { account: bytes(account), registry: bytes(registry), board: bytes(board) };
    const { spot } = await marginView({ address, ...accounts, now: BigInt(now) });
    return `${spot.navUsdPico}`;
}
