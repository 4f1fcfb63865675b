import { getBase64Encoder } from '@solana/kit';

import { ENGINE_EVENTS, type EngineEvent } from './generated/eventTable.js';

export type { EngineEvent };

const base64 = getBase64Encoder();
/** What a line of a log with an event begins with. */
const LOGGED = 'Program data: ';

/** How the data of an instruction begins that carries an event: the program calls itself with it. */
const EVENT_TAG = [0xe4, 0x45, 0xa5, 0x2e, 0x51, 0xcb, 0x9a, 0x1d];

const startsWith = (data: Uint8Array, prefix: readonly number[], at: number): boolean =>
    data.length >= at + prefix.length && prefix.every((byte, index) => data[at + index] === byte);

/** Whether the data of an instruction of the program carries an event. */
export const isEvent = (instructionData: Uint8Array): boolean => startsWith(instructionData, EVENT_TAG, 0);

/**
 * The event in the data of an inner instruction of the program, in which no log limit can truncate it.
 *
 * @returns The event, or `undefined` where the data is another instruction's or an event of a later version.
 * @throws SolanaError where an event's data ends too early.
 */
export function decodeEvent(instructionData: Uint8Array): EngineEvent | undefined {
    return isEvent(instructionData) ? decodeBytes(instructionData.subarray(EVENT_TAG.length)) : undefined;
}

/**
 * The event in a line of a transaction's log: `MarginCalled`, where an instruction has no event authority (`observe_margin`). A
 * line says nothing of who wrote it: only those of a call of this program are its own, and a long log is cut off.
 *
 * @returns The event, or `undefined` where the line has none of this program's.
 * @throws SolanaError where an event's data ends too early.
 */
export function decodeLoggedEvent(line: string): EngineEvent | undefined {
    if (!line.startsWith(LOGGED)) return undefined;
    return decodeBytes(Uint8Array.from(base64.encode(line.slice(LOGGED.length))));
}

function decodeBytes(event: Uint8Array): EngineEvent | undefined {
    const found = ENGINE_EVENTS.find(({ discriminator }) => startsWith(event, discriminator, 0));
    if (found === undefined) return undefined;
    const body = event.subarray(found.discriminator.length);
    return { name: found.name, data: found.decoder.decode(body) } as EngineEvent;
}
