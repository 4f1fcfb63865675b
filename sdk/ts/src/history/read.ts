import {
    type Address,
    type GetSignaturesForAddressApi,
    type GetTransactionApi,
    type Rpc,
    type Signature,
} from '@solana/kit';

import { PLIMSOLL_PROGRAM_ADDRESS } from '../generated/index.js';
import { type EventCursor, Position } from './cursor.js';
import { EventHistoryError } from './error.js';
import { type EventFilter, filterOf } from './filter.js';
import { type Retries, persist, wait } from './retry.js';
import { type ListedTransaction, Listing } from './signatures.js';
import { type RecordedTransaction, type TransactionEvent, eventsOfTransaction } from './transaction.js';

/** What is asked of a node. */
export type EventRpc = Rpc<GetSignaturesForAddressApi & GetTransactionApi>;

/** Which events, from where on and for how long. */
export interface ReadEventsOptions extends EventFilter {
    /** After this cursor; `now` for what happens from now on; the oldest that the node has where it is left out. */
    readonly from?: EventCursor | 'now';
    /** Wait for further events instead of ending. */
    readonly follow?: boolean;
    /** Ends the stream without an error. */
    readonly signal?: AbortSignal;
    /** `confirmed` by default; what is booked by is better read `finalized`, some thirteen seconds later. */
    readonly commitment?: 'confirmed' | 'finalized';
    /** Milliseconds between two looks for new transactions; 2,000 by default. */
    readonly pollMillis?: number;
    /** Transactions that are asked for at once; 8 by default. */
    readonly atOnce?: number;
    /** How often a request is sent until its failure is thrown; 10 by default, which takes about a minute. */
    readonly attempts?: number;
    /** Milliseconds before the second attempt, twice as many before each further one; 250 by default. */
    readonly retryMillis?: number;
    /** Told of every failure after which it goes on. */
    readonly onRetry?: (error: unknown, attempt: number) => void;
    /** Told where one is after each look, also where no event was asked for: to store it is to read less after a restart. */
    readonly onCursor?: (cursor: EventCursor) => void;
}

/** An event, and where it happened. */
export interface ReadEvent extends TransactionEvent {
    readonly signature: Signature;
    readonly slot: bigint;
    /** Unix seconds by the cluster's clock. */
    readonly blockTime: bigint | null;
    /** Gives everything after this event to whoever reads on from it. */
    readonly cursor: EventCursor;
}

/**
 * The events of the program in the order in which they happened, each once: of everybody, of an engine, or of whatever
 * account they name. Whoever stores the cursor together with what he makes of an event misses none and counts none
 * twice, whatever ends him.
 *
 * It pages the account's transactions where one is named, else the program's, and asks for each that succeeded. Requests
 * that fail are repeated; where a node lacks what it has listed, or its history does not reach the cursor, that is an
 * error and never a gap. What happened since a cursor is listed before the first event is given out, a hundred bytes or
 * two for each transaction.
 *
 * @throws EventHistoryError
 * @throws SolanaError where requests fail for too long.
 */
export async function* readEvents(
    rpc: EventRpc,
    options: ReadEventsOptions = {},
): AsyncGenerator<ReadEvent, void, void> {
    const { signal, follow = false, pollMillis = 2_000, atOnce = 8 } = options;
    const node = new Node(rpc, options);
    const isAsked = await filterOf(options);
    try {
        let position = await node.start(options.from);
        for (;;) {
            const listed = await node.newer(position);
            for (let index = 0; index < listed.length; index += atOnce) {
                const batch = listed.slice(index, index + atOnce);
                const read = await Promise.all(batch.map((transaction) => node.eventsOf(transaction)));
                for (const [place, { signature, slot, blockTime }] of batch.entries()) {
                    const events = read[place]!;
                    for (let taken = position?.eventsOf(signature) ?? 0; taken < events.length; taken += 1) {
                        const event = events[taken]!;
                        const isLast = taken + 1 === events.length;
                        const at: Position = isLast
                            ? Position.after(position, slot, signature)
                            : Position.within(position, slot, signature, taken + 1);
                        if (signal?.aborted) return;
                        if (await isAsked(event)) yield { ...event, signature, slot, blockTime, cursor: `${at}` };
                    }
                    position = Position.after(position, slot, signature);
                }
            }
            if (position !== undefined) options.onCursor?.(`${position}`);
            if (!follow) return;
            await wait(pollMillis, signal);
            if (signal?.aborted) return;
        }
    } catch (error) {
        if (!signal?.aborted) throw error;
    }
}

/** What is asked of a node, again where it fails. */
class Node {
    private readonly retries: Retries;
    private readonly address: Address;
    private readonly commitment: 'confirmed' | 'finalized';

    constructor(
        private readonly rpc: EventRpc,
        { account, attempts = 10, retryMillis = 250, signal, onRetry, commitment = 'confirmed' }: ReadEventsOptions,
    ) {
        this.retries = { attempts, firstWaitMillis: retryMillis, signal, onRetry };
        // Not the engine: some instructions of its accounts name it nowhere.
        this.address = account ?? PLIMSOLL_PROGRAM_ADDRESS;
        this.commitment = commitment;
    }

    async start(from: EventCursor | 'now' | undefined): Promise<Position | undefined> {
        if (from === undefined) return undefined;
        if (from !== 'now') return Position.parse(from);
        const page = await persist(() => this.page(50, undefined), this.retries);
        const newest = page.filter(({ slot }) => slot === page[0]!.slot);
        return newest.reduce<Position | undefined>(
            (position, { slot, signature }) => Position.after(position, slot, signature),
            undefined,
        );
    }

    async newer(position: Position | undefined): Promise<ListedTransaction[]> {
        return persist(async () => {
            const listing = new Listing((limit, before) => this.page(limit, before), position);
            while (!(await persist(() => listing.advance(), this.retries)));
            return listing.newer();
        }, this.retries);
    }

    async eventsOf({ signature, err }: ListedTransaction): Promise<TransactionEvent[]> {
        if (err !== null && err !== undefined) return [];
        const found = await persist(async () => {
            const { commitment } = this;
            const config = { commitment, encoding: 'json', maxSupportedTransactionVersion: 0 } as const;
            const answer = await this.rpc.getTransaction(signature, config).send(this.sending());
            if (answer === null) throw new EventHistoryError('transactionMissing', signature);
            return answer as unknown as RecordedTransaction;
        }, this.retries);
        return eventsOfTransaction(found);
    }

    private async page(limit: number, before: Signature | undefined): Promise<readonly ListedTransaction[]> {
        const config = { commitment: this.commitment, limit, ...(before === undefined ? {} : { before }) };
        return this.rpc.getSignaturesForAddress(this.address, config).send(this.sending());
    }

    private sending() {
        return this.retries.signal === undefined ? {} : { abortSignal: this.retries.signal };
    }
}
