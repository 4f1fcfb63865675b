import { AccountRole, type Address, type Instruction } from '@solana/kit';

import { type PendingChange, findExecutor, getPendingChangeDecoder, getPendingChangeSize } from '../src/index.js';

/** What a change is proposed of. */
export interface Proposed {
    readonly engine: Address;
    readonly id: bigint;
    readonly rentPayer: Address;
    readonly instruction: Instruction;
    readonly proposer?: Address;
    readonly dueAt?: bigint;
    readonly expiresAt?: bigint;
}

const ZERO = '11111111111111111111111111111111' as Address;

/** A proposed change as the program stores it. */
export async function storedChange(proposed: Proposed): Promise<PendingChange> {
    const { engine, id, rentPayer, instruction, proposer = ZERO, dueAt = 0n, expiresAt = 0n } = proposed;
    const executor = await findExecutor(engine);
    const empty = getPendingChangeDecoder().decode(new Uint8Array(getPendingChangeSize()));
    const data = Uint8Array.from({ length: empty.data.length }, (_, index) => instruction.data?.[index] ?? 0);
    const accounts = empty.accounts.map((none, index) => {
        const meta = instruction.accounts?.[index];
        if (meta === undefined) return none;
        const writable = meta.role === AccountRole.WRITABLE || meta.role === AccountRole.WRITABLE_SIGNER ? 1 : 0;
        const signs = meta.role === AccountRole.READONLY_SIGNER || meta.role === AccountRole.WRITABLE_SIGNER;
        return signs && meta.address !== executor
            ? { key: ZERO, flags: 2 | writable }
            : { key: meta.address, flags: writable };
    });
    return {
        ...empty,
        engine,
        id,
        proposer,
        rentPayer,
        dueAt,
        expiresAt,
        accounts,
        data,
        accountCount: instruction.accounts?.length ?? 0,
        dataLen: instruction.data?.length ?? 0,
    };
}
