import { ENGINE_EVENTS, type EngineEvent } from './generated/eventTable.js';

export type { EngineEvent };

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
    return isEvent(instructionData) ? decodeLoggedEvent(instructionData.subarray(EVENT_TAG.length)) : undefined;
}

/**
 * The event in what the program logs: `MarginCalled`, for which there is no room among the accounts of the instructions that
 * write it.
 *
 * @param data The bytes behind `Program data: `, where it is the program that logs them.
 * @returns The event, or `undefined` where it is none, or of a later version.
 * @throws SolanaError where an event's data ends too early.
 */
export function decodeLoggedEvent(data: Uint8Array): EngineEvent | undefined {
    const found = ENGINE_EVENTS.find(({ discriminator }) => startsWith(data, discriminator, 0));
    if (found === undefined) return undefined;
    const body = data.subarray(found.discriminator.length);
    return { name: found.name, data: found.decoder.decode(body) } as EngineEvent;
}
