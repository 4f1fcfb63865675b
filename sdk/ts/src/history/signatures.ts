import type { Signature } from '@solana/kit';

import type { Position } from './cursor.js';
import { EventHistoryError } from './error.js';

/** A transaction in the answer of `getSignaturesForAddress`. */
export interface ListedTransaction {
    readonly signature: Signature;
    readonly slot: bigint;
    /** Unix seconds. */
    readonly blockTime: bigint | null;
    readonly err: unknown;
}

/** Asks for up to `limit` transactions older than one, newest first. */
export type AskForPage = (
    limit: number,
    before: Signature | undefined,
) => Promise<readonly ListedTransaction[]>;

/** Most that a node lists at once. */
const WHOLE_PAGE = 1_000;
/** Enough for what happens between two looks. */
const FIRST_PAGE = 50;

/**
 * Lists what came after a position, from the newest back.
 *
 * A page may be short without being the last, and is empty where the node that answers does not know the transaction that
 * was named, as happens behind a load balancer; either would be a gap that nobody sees. So every page begins with the last
 * transaction of the one before it, and the list is whole only where it has come to the transactions that the position
 * names, or without a position to a page that has nothing else.
 */
export class Listing {
    private readonly found: ListedTransaction[] = [];
    private readonly known = new Set<Signature>();
    private isPast = false;

    constructor(
        private readonly ask: AskForPage,
        private readonly position: Position | undefined,
    ) {}

    /**
     * Asks for one page more.
     *
     * @returns Whether there is nothing more to ask. May be called again after an error.
     * @throws EventHistoryError where the node does not know what it has listed.
     */
    async advance(): Promise<boolean> {
        const [before, last] = [this.found.at(-2), this.found.at(-1)];
        const isFirst = before === undefined || last === undefined;
        const limit = isFirst && this.position !== undefined ? FIRST_PAGE : WHOLE_PAGE;
        const page = await this.ask(limit, isFirst ? undefined : before.signature);
        if (!isFirst && !page.some(({ signature }) => signature === last.signature)) {
            throw new EventHistoryError('pageMissing', before.signature);
        }
        const isOlder = ({ slot }: ListedTransaction) => this.position !== undefined && slot < this.position.slot;
        const fresh = page.filter(({ signature }) => !this.known.has(signature) && this.known.add(signature));
        this.found.push(...fresh.filter((listed) => !isOlder(listed)));
        this.isPast = page.some(isOlder);
        // One alone cannot begin the next page.
        return this.isPast || fresh.length === 0 || this.found.length === 1;
    }

    /**
     * What came after the position, oldest first.
     *
     * @throws EventHistoryError where the list has not come to the position.
     */
    newer(): ListedTransaction[] {
        this.requirePosition();
        const isDone = ({ slot, signature }: ListedTransaction) => this.position?.isDone(slot, signature) ?? false;
        return this.found.filter((listed) => !isDone(listed)).reverse();
    }

    private requirePosition(): void {
        const { position, found } = this;
        if (position === undefined || position.isAmong(found.map(({ signature }) => signature))) return;
        const reason = !this.isPast ? 'historyEnds' : found.length > 0 ? 'cursorUnknown' : 'nodeBehind';
        throw new EventHistoryError(reason, `${position}`);
    }
}
