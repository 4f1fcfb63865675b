import type { Address, ReadonlyUint8Array } from '@solana/kit';

import { PLIMSOLL_PROGRAM_ADDRESS } from './generated/programs/index.js';

/** Version of the accounts' layout that this client decodes; others hold other fields at the same places. */
export const LAYOUT_VERSION = 1;

const DISCRIMINATOR_LEN = 8;

/** An account that holds something else than this client can read. */
export class UndecodableAccountError extends Error {
    override readonly name = 'UndecodableAccountError';
    constructor(
        readonly address: Address,
        /** What it should be. */
        readonly what: string,
        /** Owner, length, discriminator or version. */
        readonly reason: string,
    ) {
        super(`${address} is not a ${what} that this client can read: ${reason}`);
    }
}

/** What tells accounts of one type from others. */
export interface AccountLayout {
    /** What such an account is called. */
    readonly what: string;
    readonly discriminator: ReadonlyUint8Array;
    /** Bytes, the discriminator among them. */
    readonly size: number;
}

/** An account as it was read. */
export interface ReadAccount {
    readonly address: Address;
    readonly data: ReadonlyUint8Array;
    /** The program that it belongs to. */
    readonly programAddress: Address;
}

/**
 * The account is the program's, of this type and of {@link LAYOUT_VERSION}. Every generated `decode…` and `fetch…` of an
 * account asks it first, as decoders alone take any bytes for fields.
 *
 * @throws UndecodableAccountError
 */
export function assertReadable(account: ReadAccount, { what, discriminator, size }: AccountLayout): void {
    const { address, data, programAddress } = account;
    const failed = (reason: string) => new UndecodableAccountError(address, what, reason);
    if (programAddress !== PLIMSOLL_PROGRAM_ADDRESS) throw failed(`its owner is ${programAddress}`);
    if (data.length !== size) throw failed(`it has ${data.length} bytes, not ${size}`);
    if (discriminator.some((byte, index) => data[index] !== byte)) throw failed('it is an account of another type');
    // The version is every account's first byte after the discriminator.
    const version = data[DISCRIMINATOR_LEN];
    if (version !== LAYOUT_VERSION) {
        throw failed(`its layout version is ${version}, this client knows ${LAYOUT_VERSION}`);
    }
}
