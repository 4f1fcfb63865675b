import {
    type Address,
    getAddressEncoder,
    getProgramDerivedAddress,
    getU16Encoder,
    getU64Encoder,
    getU8Encoder,
} from '@solana/kit';

import { PLIMSOLL_PROGRAM_ADDRESS } from './generated/index.js';

/** SPL Token. */
export const TOKEN_PROGRAM_ADDRESS = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA' as Address;
/** Token-2022. */
export const TOKEN_2022_PROGRAM_ADDRESS = 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb' as Address;
/** The program of associated token accounts. */
export const ASSOCIATED_TOKEN_PROGRAM_ADDRESS = 'ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL' as Address;

type Seed = string | Uint8Array;

const address = getAddressEncoder();
const u16 = getU16Encoder();
const u64 = getU64Encoder();
const u8 = getU8Encoder();

const bytes = (encoded: ArrayLike<number>): Uint8Array => Uint8Array.from(encoded);

async function find(seeds: Seed[], programAddress: Address = PLIMSOLL_PROGRAM_ADDRESS): Promise<Address> {
    const [found] = await getProgramDerivedAddress({ programAddress, seeds });
    return found;
}

/** `["engine", creator, id]`; `id` is at most 65,535. */
export const findEngine = (creator: Address, id: number): Promise<Address> =>
    find(['engine', bytes(address.encode(creator)), bytes(u16.encode(id))]);

/** `["registry", engine]`. */
export const findRegistry = (engine: Address): Promise<Address> => find(['registry', bytes(address.encode(engine))]);

/** `["board", engine]`. */
export const findBoard = (engine: Address): Promise<Address> => find(['board', bytes(address.encode(engine))]);

/** `["feeds", engine]`: where its prices come from. */
export const findFeeds = (engine: Address): Promise<Address> => find(['feeds', bytes(address.encode(engine))]);

/** `["bank", engine, index]`. */
export const findBank = (engine: Address, index: number): Promise<Address> =>
    find(['bank', bytes(address.encode(engine)), bytes(u8.encode(index))]);

/** `["vault", bank]`: the token account that holds a bank's atoms. */
export const findVault = (bank: Address): Promise<Address> => find(['vault', bytes(address.encode(bank))]);

/** `["market", engine, index]`. */
export const findMarket = (engine: Address, index: number): Promise<Address> =>
    find(['market', bytes(address.encode(engine)), bytes(u8.encode(index))]);

/** `["margin", engine, owner, id]`; `id` is at most 65,535. */
export const findMarginAccount = (engine: Address, owner: Address, id: number): Promise<Address> =>
    find(['margin', bytes(address.encode(engine)), bytes(address.encode(owner)), bytes(u16.encode(id))]);

/** `["venue", engine, signer]`; `signer` is the PDA that the venue's program signs with. */
export const findVenue = (engine: Address, signer: Address): Promise<Address> =>
    find(['venue', bytes(address.encode(engine)), bytes(address.encode(signer))]);

/** `["executor", engine]`: signs for changes that have waited, and for nothing else. */
export const findExecutor = (engine: Address): Promise<Address> => find(['executor', bytes(address.encode(engine))]);

/** `["change", engine, number]`: a change that was proposed. */
export const findChange = (engine: Address, id: bigint): Promise<Address> =>
    find(['change', bytes(address.encode(engine)), bytes(u64.encode(id))]);

/** The address that signs the program's events. */
export const findEventAuthority = (): Promise<Address> => find(['__event_authority']);

/** The associated token account of an owner. */
export const findAssociatedToken = (
    owner: Address,
    mint: Address,
    tokenProgram: Address = TOKEN_PROGRAM_ADDRESS,
): Promise<Address> =>
    find(
        [owner, tokenProgram, mint].map((part) => bytes(address.encode(part))),
        ASSOCIATED_TOKEN_PROGRAM_ADDRESS,
    );

/** An engine and the two accounts that every margin check reads. */
export interface EngineAddresses {
    readonly engine: Address;
    readonly registry: Address;
    readonly board: Address;
}

/** Addresses of the engine at an address. */
export async function findEngineAddresses(engine: Address): Promise<EngineAddresses> {
    const [registry, board] = await Promise.all([findRegistry(engine), findBoard(engine)]);
    return { engine, registry, board };
}
