import { type Address, type ReadonlyUint8Array, getBase58Encoder, getBase64Encoder } from '@solana/kit';

import { type EngineEvent, decodeEvent, decodeLoggedEvent, isEvent } from '../events.js';
import { PLIMSOLL_PROGRAM_ADDRESS } from '../generated/index.js';
import { EventHistoryError } from './error.js';

/** An instruction in a transaction as `getTransaction` answers with encoding `json`. */
export interface RecordedInstruction {
    readonly programIdIndex: number;
    readonly accounts: readonly number[];
    /** Base58. */
    readonly data: string;
    /** 1 for the transaction's own; nothing from old nodes. */
    readonly stackHeight?: number | null;
}

/** What is read of a transaction in the answer of `getTransaction` with encoding `json`. */
export interface RecordedTransaction {
    readonly transaction: {
        readonly signatures: readonly string[];
        readonly message: {
            readonly accountKeys: readonly Address[];
            readonly instructions: readonly RecordedInstruction[];
        };
    };
    readonly meta: {
        readonly err: unknown;
        readonly innerInstructions?:
            | readonly { readonly index: number; readonly instructions: readonly RecordedInstruction[] }[]
            | null;
        readonly logMessages?: readonly string[] | null;
        readonly loadedAddresses?: { readonly writable: readonly Address[]; readonly readonly: readonly Address[] };
    } | null;
}

/** An event whose data this client cannot read: another version's. */
export interface UnreadableEvent {
    readonly name: 'Unreadable';
    /** As the program wrote it. */
    readonly data: ReadonlyUint8Array;
}

/** An event in a transaction. */
export interface TransactionEvent {
    readonly event: EngineEvent | UnreadableEvent;
    /** Index of the transaction's instruction in which it happened. */
    readonly instruction: number;
    /** Accounts that the program's instruction was given which wrote it. */
    readonly accounts: readonly Address[];
    /** Whether it stands in the log, which a long one cuts off, and not in an instruction. */
    readonly isLogged: boolean;
}

interface Invoked {
    readonly program: Address;
    readonly accounts: readonly Address[];
    readonly data: Uint8Array;
    readonly stackHeight: number | undefined;
}

/** An event and the number of inner instructions that began before it. */
type Placed = TransactionEvent & { readonly place: number };

const base58 = getBase58Encoder();
const base64 = getBase64Encoder();

/**
 * The events of a transaction in the order in which they were written: those in inner instructions, which nothing
 * truncates, and those in the log. A transaction that failed has none.
 *
 * @throws EventHistoryError where the node does not keep inner instructions.
 */
export function eventsOfTransaction({ transaction, meta }: RecordedTransaction): TransactionEvent[] {
    const { signatures, message } = transaction;
    if (meta?.err) return [];
    if (!meta?.innerInstructions) throw new EventHistoryError('innerInstructionsMissing', signatures[0]);
    const { writable, readonly } = meta.loadedAddresses ?? { writable: [], readonly: [] };
    const keys = [...message.accountKeys, ...writable, ...readonly];
    const invoked = ({ programIdIndex, accounts, data, stackHeight }: RecordedInstruction): Invoked => ({
        program: keys[Number(programIdIndex)]!,
        accounts: accounts.map((index) => keys[Number(index)]!),
        data: Uint8Array.from(base58.encode(data)),
        stackHeight: stackHeight ? Number(stackHeight) : undefined,
    });
    const outer = message.instructions.map(invoked);
    const inner = outer.map((): Invoked[] => []);
    for (const { index, instructions } of meta.innerInstructions) {
        inner[Number(index)]!.push(...instructions.map(invoked));
    }
    const placed = [
        ...outer.flatMap((instruction, index) => carriedEvents(instruction, inner[index]!, index)),
        ...loggedEvents(meta.logMessages ?? [], outer, inner),
    ];
    placed.sort((a, b) => a.instruction - b.instruction || a.place - b.place);
    return placed.map(({ place: _, ...event }) => event);
}

/** Events in inner instructions of one instruction. */
function carriedEvents(outer: Invoked, inner: readonly Invoked[], instruction: number): Placed[] {
    const callers = [outer];
    return inner.flatMap((called, place): Placed[] => {
        const depth = called.stackHeight ?? 2;
        const caller = callers[depth - 2] ?? outer;
        callers.splice(depth - 1, callers.length, called);
        if (called.program !== PLIMSOLL_PROGRAM_ADDRESS || !isEvent(called.data)) return [];
        const event = read(called.data, () => decodeEvent(called.data));
        return [{ event, instruction, accounts: caller.accounts, isLogged: false, place }];
    });
}

const INVOKE = /^Program (\S+) invoke \[(\d+)\]$/;
const END = /^Program (\S+) (?:success|failed: .*)$/;
const DATA = 'Program data: ';

/** Events in the log. What a program logs stands between the lines that say where it begins and ends. */
function loggedEvents(logs: readonly string[], outer: readonly Invoked[], inner: readonly Invoked[][]): Placed[] {
    const found: Placed[] = [];
    const running: Invoked[] = [];
    let instruction = -1;
    let place = 0;
    for (const line of logs) {
        const begun = INVOKE.exec(line);
        if (begun !== null && begun[2] === '1') {
            // Instructions that the runtime itself checks, signatures for one, are not in the log.
            const next = outer.findIndex(({ program }, index) => index > instruction && program === begun[1]);
            if (next < 0) return found;
            [instruction, place] = [next, 0];
            running.splice(0, running.length, outer[next]!);
        } else if (begun !== null) {
            const called = inner[instruction]?.[place];
            if (called?.program !== begun[1]) return found;
            running.push(called);
            place += 1;
        } else if (END.test(line)) {
            running.pop();
        } else if (line.startsWith(DATA) && running.at(-1)?.program === PLIMSOLL_PROGRAM_ADDRESS) {
            const data = Uint8Array.from(base64.encode(line.slice(DATA.length)));
            const event = read(data, () => decodeLoggedEvent(line));
            const { accounts } = running.at(-1)!;
            // After what was called before it, before what was called after it.
            found.push({ event, instruction, accounts, isLogged: true, place: place - 0.5 });
        }
    }
    return found;
}

function read(data: Uint8Array, decode: () => EngineEvent | undefined): EngineEvent | UnreadableEvent {
    try {
        return decode() ?? { name: 'Unreadable', data };
    } catch {
        return { name: 'Unreadable', data };
    }
}
