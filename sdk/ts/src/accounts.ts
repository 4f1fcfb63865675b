import {
    type AccountInfoBase,
    type AccountInfoWithBase64EncodedData,
    type Address,
    type Base58EncodedBytes,
    type Commitment,
    type EncodedAccount,
    type GetMultipleAccountsApi,
    type GetProgramAccountsApi,
    type Rpc,
    getBase58Decoder,
    getBase64Encoder,
    getI64Decoder,
} from '@solana/kit';

import {
    MARGIN_ACCOUNT_DISCRIMINATOR,
    type MarginAccount,
    type PriceBoard,
    type Registry,
    PLIMSOLL_PROGRAM_ADDRESS,
    decodeMarginAccount,
    decodePriceBoard,
    decodeRegistry,
} from './generated/index.js';
import { UndecodableAccountError } from './layout.js';
import { findBoard, findRegistry } from './pdas.js';
import type { MarginInputs } from './margin/index.js';

/** Where the cluster keeps its clock. */
export const CLOCK_ADDRESS = 'SysvarC1ock11111111111111111111111111111111' as Address;
/** The clock is five 64-bit numbers; the last is Unix time. */
const CLOCK_LEN = 40;
/** Offset of the engine's address in every account that belongs to one, bytes. */
const ENGINE_OFFSET = 16n;
/** Offset of the owner's address in a margin account, bytes. */
const OWNER_OFFSET = 48n;

/** A margin account with what valuing it needs: bytes for the WebAssembly module, and the same decoded. */
export interface MarginState extends MarginInputs {
    /** The cluster's clock at this slot, Unix seconds, or another time that was asked for. */
    readonly now: bigint;
    readonly marginAccount: MarginAccount;
    readonly decodedRegistry: Registry;
    readonly decodedBoard: PriceBoard;
    /** Slot at which all of them and the clock were read together. */
    readonly slot: bigint;
}

/** An account that was asked for and is not there, or is another program's. */
export class AccountNotFoundError extends Error {
    override readonly name = 'AccountNotFoundError';
    constructor(readonly address: Address) {
        super(
            address === CLOCK_ADDRESS
                ? `the node has no clock at ${address}`
                : `${address} is not an account of the program ${PLIMSOLL_PROGRAM_ADDRESS}`,
        );
    }
}

const base64 = getBase64Encoder();
const base58 = getBase58Decoder();

type FoundAccount = EncodedAccount & { readonly data: Uint8Array };

/** The account in an answer of the RPC node, with a copy of its bytes. */
function encoded(
    address: Address,
    account: AccountInfoBase & AccountInfoWithBase64EncodedData,
): FoundAccount {
    const { executable, lamports, owner, space } = account;
    const data = Uint8Array.from(base64.encode(account.data[0]));
    return { address, data, executable, lamports, programAddress: owner, space };
}

/** Unix seconds of the clock's account. */
function clockSecs({ address, data }: EncodedAccount): bigint {
    if (data.length !== CLOCK_LEN) {
        throw new UndecodableAccountError(address, 'clock', `it has ${data.length} bytes, not ${CLOCK_LEN}`);
    }
    return getI64Decoder().decode(data, CLOCK_LEN - 8);
}

type Config = { readonly commitment?: Commitment };

/**
 * Reads a margin account of an engine with its registry, its price board and the cluster's clock, all at one slot.
 *
 * @param engine The engine, whose addresses of registry and board follow from its own.
 * @param now Unix seconds at which the account is valued; the cluster's clock by default, which the program goes by.
 * @throws AccountNotFoundError
 * @throws UndecodableAccountError
 */
export async function fetchMarginState(
    rpc: Rpc<GetMultipleAccountsApi>,
    engine: Address,
    marginAccount: Address,
    config: Config & { readonly now?: bigint } = {},
): Promise<MarginState> {
    const { now, ...rest } = config;
    const addresses = [marginAccount, await findRegistry(engine), await findBoard(engine), CLOCK_ADDRESS];
    const { context, value } = await rpc.getMultipleAccounts(addresses, { ...rest, encoding: 'base64' }).send();
    const [account, registry, board, clock] = addresses.map((address, index) => {
        const found = value[index];
        const isOurs = address === CLOCK_ADDRESS || found?.owner === PLIMSOLL_PROGRAM_ADDRESS;
        if (!found || !isOurs) throw new AccountNotFoundError(address);
        return encoded(address, found);
    }) as [FoundAccount, FoundAccount, FoundAccount, FoundAccount];
    return {
        address: marginAccount,
        account: account.data,
        registry: registry.data,
        board: board.data,
        now: now ?? clockSecs(clock),
        marginAccount: decodeMarginAccount(account).data,
        decodedRegistry: decodeRegistry(registry).data,
        decodedBoard: decodePriceBoard(board).data,
        slot: context.slot,
    };
}

/** A margin account with its address. */
export interface MarginAccountWithAddress {
    readonly address: Address;
    readonly data: MarginAccount;
    readonly bytes: Uint8Array;
}

/** Margin accounts, and why each of those that were found beside them cannot be read. */
export interface MarginAccountList {
    readonly accounts: MarginAccountWithAddress[];
    /** Every one names its address and the reason, another layout version for one. */
    readonly unreadable: UndecodableAccountError[];
}

/** Every margin account of an engine, or of one owner of it. */
export async function fetchMarginAccounts(
    rpc: Rpc<GetProgramAccountsApi>,
    engine: Address,
    filter: Config & { readonly owner?: Address } = {},
): Promise<MarginAccountList> {
    const { owner, ...config } = filter;
    const at = (offset: bigint, bytes: string) =>
        ({ memcmp: { offset, bytes: bytes as Base58EncodedBytes, encoding: 'base58' } }) as const;
    const found = await rpc
        .getProgramAccounts(PLIMSOLL_PROGRAM_ADDRESS, {
            ...config,
            encoding: 'base64',
            // Not by size: accounts of another layout would be left out without a word.
            filters: [
                at(0n, base58.decode(MARGIN_ACCOUNT_DISCRIMINATOR)),
                at(ENGINE_OFFSET, engine),
                ...(owner === undefined ? [] : [at(OWNER_OFFSET, owner)]),
            ],
        })
        .send();
    const list: MarginAccountList = { accounts: [], unreadable: [] };
    for (const { pubkey, account } of found) {
        const read = encoded(pubkey, account);
        try {
            list.accounts.push({ address: pubkey, data: decodeMarginAccount(read).data, bytes: read.data });
        } catch (error) {
            if (!(error instanceof UndecodableAccountError)) throw error;
            list.unreadable.push(error);
        }
    }
    return list;
}
