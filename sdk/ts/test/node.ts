import {
    type Address,
    SOLANA_ERROR__RPC__TRANSPORT_HTTP_ERROR,
    SolanaError,
    createSolanaRpcFromTransport,
    getBase58Decoder,
} from '@solana/kit';

import {
    PLIMSOLL_PROGRAM_ADDRESS,
    type EventRpc,
    type RecordedTransaction,
    getPremiumReportedEncoder,
} from '../src/index.js';
import { ENGINE_EVENTS } from '../src/generated/eventTable.js';

const base58 = getBase58Decoder();
const EVENT_TAG = [0xe4, 0x45, 0xa5, 0x2e, 0x51, 0xcb, 0x9a, 0x1d];

/** An address or a signature that a number stands for. */
export const key = (number: number): Address => base58.decode(new Uint8Array(32).fill(number)) as Address;
const signatureOf = (number: number): string =>
    base58.decode(Uint8Array.from({ length: 64 }, (_, index) => (index * 7 + number * 31 + 1) % 251));

/** An event as the program logs it. */
export function loggedBytes(name: string, body: ArrayLike<number>): Uint8Array {
    const { discriminator } = ENGINE_EVENTS.find((event) => event.name === name)!;
    return Uint8Array.from([...discriminator, ...Array.from(body)]);
}

/** An event as the program calls itself with it. */
export const eventBytes = (name: string, body: ArrayLike<number>): Uint8Array =>
    Uint8Array.from([...EVENT_TAG, ...loggedBytes(name, body)]);

/** An event that has a number. */
export const numbered = (number: number, engine = key(1)): Uint8Array =>
    eventBytes('PremiumReported', getPremiumReportedEncoder().encode({ engine, market: 0, premiumPpm: number }));

/** A transaction of one instruction of the program, which carries these events. */
export function transactionOf(events: readonly Uint8Array[], signature = signatureOf(0)): RecordedTransaction {
    const inner = events.map((data) => ({
        programIdIndex: 1,
        accounts: [2],
        data: base58.decode(data),
        stackHeight: 2,
    }));
    return {
        transaction: {
            signatures: [signature],
            message: {
                accountKeys: [key(200), PLIMSOLL_PROGRAM_ADDRESS, key(201)],
                instructions: [{ programIdIndex: 1, accounts: [0, 2], data: '1', stackHeight: 1 }],
            },
        },
        meta: { err: null, innerInstructions: [{ index: 0, instructions: inner }], logMessages: [] },
    };
}

export interface Kept {
    readonly signature: string;
    readonly slot: number;
    readonly err: unknown;
    /** Nothing where the node lists it and does not have it. */
    readonly transaction: RecordedTransaction | null;
}

type Asked = { readonly method: string; readonly params: readonly unknown[] };
type Listed = Pick<Kept, 'signature' | 'slot' | 'err'>;

/** What goes wrong with a request: what is thrown is the failure, what is returned the answer; nothing lets it pass. */
export type Fault = (asked: Asked, answer: unknown) => unknown;

/** A node with transactions in the order in which they happened, whose faults are scripted. */
export class FakeNode {
    readonly kept: Kept[] = [];
    readonly asked: Asked[] = [];
    /** Most transactions in a page. */
    mostListed = 1_000;
    fault: Fault = () => undefined;

    /** Adds a transaction with these events. */
    add(slot: number, events: readonly Uint8Array[], err: unknown = null): Kept {
        const signature = signatureOf(this.kept.length + 1);
        const kept = { signature, slot, err, transaction: transactionOf(events, signature) };
        this.kept.push(kept);
        return kept;
    }

    get rpc(): EventRpc {
        return createSolanaRpcFromTransport((async ({ payload }: { payload: unknown }) => {
            const { id, method, params } = payload as { id: string; method: string; params: unknown[] };
            // As the numbers of the request are sent.
            const asked = JSON.parse(
                JSON.stringify({ method, params }, (_, value) => (typeof value === 'bigint' ? Number(value) : value)),
            ) as Asked;
            this.asked.push(asked);
            const answer = method === 'getTransaction' ? this.transaction(asked) : this.list(asked);
            return { jsonrpc: '2.0', id, result: this.fault(asked, answer) ?? answer };
        }) as never) as unknown as EventRpc;
    }

    /** How many requests of a method there were. */
    count(method: string): number {
        return this.asked.filter((asked) => asked.method === method).length;
    }

    private list({ params }: Asked): Listed[] {
        const { before, limit } = params[1] as { before?: string; limit: number };
        const newest = [...this.kept].reverse();
        // As nodes do: of a transaction that it does not know nothing is older.
        const start = before === undefined ? 0 : newest.findIndex(({ signature }) => signature === before) + 1;
        if (before !== undefined && start === 0) return [];
        const page = newest.slice(start, start + Math.min(limit, this.mostListed));
        return page.map(({ signature, slot, err }) => ({ signature, slot, err, blockTime: 1_700_000_000 + slot }));
    }

    private transaction({ params }: Asked): unknown {
        const kept = this.kept.find(({ signature }) => signature === params[0]);
        return !kept?.transaction ? null : { slot: kept.slot, blockTime: 1, version: 0, ...kept.transaction };
    }
}

export const refused = (statusCode: number) =>
    new SolanaError(SOLANA_ERROR__RPC__TRANSPORT_HTTP_ERROR, { headers: new Headers(), message: '', statusCode });
