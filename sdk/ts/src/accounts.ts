import {
    type Address,
    type Base64EncodedDataResponse,
    type GetMultipleAccountsApi,
    type GetProgramAccountsApi,
    type Rpc,
    getBase64Encoder,
} from '@solana/kit';

import {
    type MarginAccount,
    type PriceBoard,
    type Registry,
    PLIMSOLL_PROGRAM_ADDRESS,
    getMarginAccountDecoder,
    getPriceBoardDecoder,
    getRegistryDecoder,
} from './generated/index.js';
import { findBoard, findRegistry } from './pdas.js';
import type { MarginInputs } from './margin/index.js';

/** Offset of the engine's address in every account that belongs to one, bytes. */
const ENGINE_OFFSET = 16n;
/** Offset of the owner's address in a margin account, bytes. */
const OWNER_OFFSET = 48n;
/** Bytes of a margin account. */
const MARGIN_ACCOUNT_LEN = 3040n;

/** A margin account with what valuing it needs: bytes for the WebAssembly module, and the same decoded. */
export interface MarginState extends MarginInputs {
    readonly marginAccount: MarginAccount;
    readonly decodedRegistry: Registry;
    readonly decodedBoard: PriceBoard;
    /** Slot at which all three were read together. */
    readonly slot: bigint;
}

/** An account that was asked for and is not there, or is another program's. */
export class AccountNotFoundError extends Error {
    override readonly name = 'AccountNotFoundError';
    constructor(readonly address: Address) {
        super(`${address} is not an account of the program ${PLIMSOLL_PROGRAM_ADDRESS}`);
    }
}

const base64 = getBase64Encoder();

/** A copy of the bytes in an answer of the RPC node. */
function dataOf(data: Base64EncodedDataResponse): Uint8Array {
    return Uint8Array.from(base64.encode(data[0]));
}

type Config = { readonly commitment?: 'processed' | 'confirmed' | 'finalized' };

async function fetchBytes(
    rpc: Rpc<GetMultipleAccountsApi>,
    addresses: Address[],
    config: Config,
): Promise<{ slot: bigint; data: Uint8Array[] }> {
    const { context, value } = await rpc.getMultipleAccounts(addresses, { ...config, encoding: 'base64' }).send();
    const data = addresses.map((address, index) => {
        const account = value[index];
        if (!account || account.owner !== PLIMSOLL_PROGRAM_ADDRESS) throw new AccountNotFoundError(address);
        return dataOf(account.data);
    });
    return { slot: context.slot, data };
}

/**
 * Reads a margin account of an engine with its registry and price board, all at one slot.
 *
 * @param engine The engine, whose addresses of registry and board follow from its own.
 * @param now Unix seconds at which the account is valued; this machine's clock by default.
 * @throws AccountNotFoundError
 */
export async function fetchMarginState(
    rpc: Rpc<GetMultipleAccountsApi>,
    engine: Address,
    marginAccount: Address,
    config: Config & { readonly now?: bigint } = {},
): Promise<MarginState> {
    const { now, ...rest } = config;
    const [registryAddress, boardAddress] = await Promise.all([findRegistry(engine), findBoard(engine)]);
    const { slot, data } = await fetchBytes(rpc, [marginAccount, registryAddress, boardAddress], rest);
    const [account, registry, board] = data as [Uint8Array, Uint8Array, Uint8Array];
    return {
        address: marginAccount,
        account,
        registry,
        board,
        now: now ?? BigInt(Math.floor(Date.now() / 1000)),
        marginAccount: getMarginAccountDecoder().decode(account),
        decodedRegistry: getRegistryDecoder().decode(registry),
        decodedBoard: getPriceBoardDecoder().decode(board),
        slot,
    };
}

/** A margin account with its address. */
export interface MarginAccountWithAddress {
    readonly address: Address;
    readonly data: MarginAccount;
    readonly bytes: Uint8Array;
}

/** Every margin account of an engine, or of one owner of it. */
export async function fetchMarginAccounts(
    rpc: Rpc<GetProgramAccountsApi>,
    engine: Address,
    filter: Config & { readonly owner?: Address } = {},
): Promise<MarginAccountWithAddress[]> {
    const { owner, ...config } = filter;
    const at = (offset: bigint, address: Address) =>
        ({ memcmp: { offset, bytes: address as unknown as never, encoding: 'base58' } }) as const;
    const found = await rpc
        .getProgramAccounts(PLIMSOLL_PROGRAM_ADDRESS, {
            ...config,
            encoding: 'base64',
            filters: [
                { dataSize: MARGIN_ACCOUNT_LEN },
                at(ENGINE_OFFSET, engine),
                ...(owner === undefined ? [] : [at(OWNER_OFFSET, owner)]),
            ],
        })
        .send();
    const decoder = getMarginAccountDecoder();
    return found.map(({ pubkey, account }) => {
        const bytes = dataOf(account.data);
        return { address: pubkey, data: decoder.decode(bytes), bytes };
    });
}
