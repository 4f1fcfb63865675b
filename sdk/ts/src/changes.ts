import {
    AccountRole,
    type AccountMeta,
    type Address,
    type Base64EncodedDataResponse,
    type GetProgramAccountsApi,
    type Instruction,
    type ReadonlyUint8Array,
    type Rpc,
    type TransactionSigner,
    createNoopSigner,
    getBase64Encoder,
} from '@solana/kit';

import {
    PENDING_CHANGE_DISCRIMINATOR,
    PLIMSOLL_PROGRAM_ADDRESS,
    type ParsedPlimsollInstruction,
    type PendingChange,
    type RampArg,
    type Registry,
    getAdvanceRampInstruction,
    getCancelChangeInstruction,
    getExecuteChangeInstruction,
    getPendingChangeDecoder,
    getPendingChangeSize,
    getProposeChangeInstruction,
    parsePlimsollInstruction,
} from './generated/index.js';
import { findBoard, findChange, findExecutor, findRegistry } from './pdas.js';

/** Flags of an account that a change's instruction takes. */
const WRITABLE = 1;
/** It stands for whoever executes the change. */
const PAYER = 2;
/** Where a change names its engine, bytes from the start of its data. */
const ENGINE_OFFSET = 16n;
/** Stands in a change that is read for whoever will execute it. */
const NOBODY = '11111111111111111111111111111111' as Address;

const base64 = getBase64Encoder();

/** Instructions with their accounts and data, as the program is sent them. */
export type WholeInstruction = Instruction & {
    readonly accounts: readonly AccountMeta[];
    readonly data: ReadonlyUint8Array;
};

/** Where a change stands: it waits, anybody may execute it, or nobody may any more and anybody may clear it away. */
export type ChangeState = 'waiting' | 'due' | 'expired';

/** A change that was proposed, read back. */
export interface ProposedChange {
    readonly address: Address;
    /** Its number among the engine's changes, from zero. */
    readonly id: bigint;
    /** Who proposed it. */
    readonly proposer: Address;
    /** Who gets the rent back when it ends. */
    readonly rentPayer: Address;
    /** Unix seconds. */
    readonly proposedAt: bigint;
    /** From when on anybody may execute it, Unix seconds. */
    readonly dueAt: bigint;
    /** From when on nobody may any more, Unix seconds. */
    readonly expiresAt: bigint;
    /** Where it stands at the time that was asked about. */
    readonly state: ChangeState;
    /** The instruction that will be executed: which, on which accounts, with which arguments. Whoever pays in it is the system program here. */
    readonly asked: ParsedPlimsollInstruction<string>;
    /** As stored. */
    readonly stored: PendingChange;
}

/** Where a change stands at a time, Unix seconds. */
export function changeState(change: Pick<PendingChange, 'dueAt' | 'expiresAt'>, now: bigint): ChangeState {
    if (now >= change.expiresAt) return 'expired';
    return now >= change.dueAt ? 'due' : 'waiting';
}

/** The accounts of a change's instruction, with `payer` wherever it names whoever executes it. */
function accountsOf(change: PendingChange, payer: AccountMeta): AccountMeta[] {
    return change.accounts.slice(0, change.accountCount).map(({ key, flags }): AccountMeta => {
        const writable = (flags & WRITABLE) !== 0;
        if ((flags & PAYER) !== 0) {
            return { ...payer, role: writable ? AccountRole.WRITABLE_SIGNER : AccountRole.READONLY_SIGNER };
        }
        return { address: key, role: writable ? AccountRole.WRITABLE : AccountRole.READONLY };
    });
}

/** The instruction that a change will execute, as it was proposed. */
export function proposedInstruction(change: PendingChange, payer: Address = NOBODY): WholeInstruction {
    const accounts = accountsOf(change, { address: payer, role: AccountRole.WRITABLE_SIGNER });
    return { programAddress: PLIMSOLL_PROGRAM_ADDRESS, accounts, data: change.data.slice(0, change.dataLen) };
}

/**
 * Reads a stored change.
 *
 * @param now Unix seconds.
 * @throws SolanaError where its instruction is one that this client does not know.
 */
export function readChange(address: Address, stored: PendingChange, now: bigint): ProposedChange {
    const { id, proposer, rentPayer, proposedAt, dueAt, expiresAt } = stored;
    const asked = parsePlimsollInstruction(proposedInstruction(stored));
    const state = changeState(stored, now);
    return { address, id, proposer, rentPayer, proposedAt, dueAt, expiresAt, state, asked, stored };
}

/**
 * Every change of an engine that was proposed and has not ended, by number.
 *
 * @param config `now`: the time at which they are asked about, Unix seconds; this machine's clock by default.
 */
export async function fetchPendingChanges(
    rpc: Rpc<GetProgramAccountsApi>,
    engine: Address,
    config: { readonly commitment?: 'processed' | 'confirmed' | 'finalized'; readonly now?: bigint } = {},
): Promise<ProposedChange[]> {
    const { now = BigInt(Math.floor(Date.now() / 1000)), ...rest } = config;
    const at = (offset: bigint, bytes: string) => ({ memcmp: { offset, bytes: bytes as never, encoding: 'base58' } }) as const;
    const found = await rpc
        .getProgramAccounts(PLIMSOLL_PROGRAM_ADDRESS, {
            ...rest,
            encoding: 'base64',
            filters: [{ dataSize: BigInt(getPendingChangeSize()) }, at(ENGINE_OFFSET, engine)],
        })
        .send();
    const decoder = getPendingChangeDecoder();
    const bytesOf = (data: Base64EncodedDataResponse) => Uint8Array.from(base64.encode(data[0]));
    return found
        .map(({ pubkey, account }) => ({ pubkey, bytes: bytesOf(account.data) }))
        .filter(({ bytes }) => PENDING_CHANGE_DISCRIMINATOR.every((byte, index) => bytes[index] === byte))
        .map(({ pubkey, bytes }) => readChange(pubkey, decoder.decode(bytes), now))
        .sort((one, other) => (one.id < other.id ? -1 : one.id > other.id ? 1 : 0));
}

/**
 * Signs nowhere, and stands in an instruction for the engine's executor: `authority` of what is to be proposed.
 *
 * @example
 * const authority = await executorSigner(engine);
 * const update = getUpdateBankInstruction({ authority, engine, registry, board, bank, reduceOnly: false, config });
 * const propose = await proposeChangeInstruction({ engine, proposer, payer, id, instruction: update });
 */
export async function executorSigner(engine: Address): Promise<TransactionSigner> {
    return createNoopSigner(await findExecutor(engine));
}

/** What {@link proposeChangeInstruction} needs. */
export interface Proposal {
    readonly engine: Address;
    /** The engine's authority or its risk authority. */
    readonly proposer: TransactionSigner;
    /** Pays the rent and gets it back; whoever pays in the instruction has to be this one too. */
    readonly payer: TransactionSigner;
    /** As many as the engine has had changes before: `changesProposed` of its account. */
    readonly id: bigint;
    /** What an authority would send, with {@link executorSigner} in the authority's place. */
    readonly instruction: Instruction;
}

/** Proposes an instruction: it waits in public, and anybody may execute it once it is due. */
export async function proposeChangeInstruction(proposal: Proposal): Promise<WholeInstruction> {
    const { engine, proposer, payer, id, instruction } = proposal;
    const [registry, change, executor] = await Promise.all([
        findRegistry(engine),
        findChange(engine, id),
        findExecutor(engine),
    ]);
    const bytes = Uint8Array.from(instruction.data ?? []);
    const propose = getProposeChangeInstruction({ proposer, payer, engine, registry, change, id, data: { bytes } });
    // The executor signs when the change is executed; here it is only named.
    const metas = (instruction.accounts ?? []).map((meta): AccountMeta => {
        if (meta.address !== executor) return meta as AccountMeta;
        const writable = meta.role === AccountRole.WRITABLE || meta.role === AccountRole.WRITABLE_SIGNER;
        return { address: executor, role: writable ? AccountRole.WRITABLE : AccountRole.READONLY };
    });
    return { ...propose, accounts: [...propose.accounts, ...metas] };
}

/** Executes a change that is due; anybody may. */
export async function executeChangeInstruction(
    payer: TransactionSigner,
    change: PendingChange,
): Promise<WholeInstruction> {
    const { engine, id, rentPayer } = change;
    const [executor, address] = await Promise.all([findExecutor(engine), findChange(engine, id)]);
    const execute = getExecuteChangeInstruction({ payer, engine, executor, change: address, rentPayer });
    const signs = { address: payer.address, signer: payer } as unknown as AccountMeta;
    return { ...execute, accounts: [...execute.accounts, ...accountsOf(change, signs)] };
}

/** Ends a change: its proposer, the authority or the guardian; anybody once it has expired. The rent goes to whoever paid it. */
export async function cancelChangeInstruction(
    signer: TransactionSigner,
    change: PendingChange,
): Promise<WholeInstruction> {
    const { engine, id, rentPayer } = change;
    return getCancelChangeInstruction({ signer, engine, change: await findChange(engine, id), rentPayer });
}

/** Whatever of an engine moves by a ramp. */
export function rampsUnderWay(registry: Pick<Registry, 'paramsRampedAt' | 'banks' | 'markets'>): RampArg[] {
    const moving = (slots: readonly { readonly rampedAt: bigint }[]) =>
        slots.flatMap(({ rampedAt }, index) => (rampedAt === 0n ? [] : [index]));
    return [
        ...(registry.paramsRampedAt === 0n ? [] : [{ __kind: 'Params' } as const]),
        ...moving(registry.banks).map((index) => ({ __kind: 'Bank', fields: [index] }) as const),
        ...moving(registry.markets).map((index) => ({ __kind: 'Market', fields: [index] }) as const),
    ];
}

/** Moves one ramp to now; anybody may. */
export async function advanceRampInstruction(engine: Address, of: RampArg): Promise<WholeInstruction> {
    const [registry, board] = await Promise.all([findRegistry(engine), findBoard(engine)]);
    return getAdvanceRampInstruction({ registry, board, of });
}
