import { EventHistoryError } from './error.js';

/**
 * Where {@link readEvents} has come to, as text that may be stored: what is read from it on begins after the event that it
 * came with. Of one stream; what another account's or engine's cursor says means nothing to it.
 */
export type EventCursor = string;

/** Characters of a signature that tell it from the others of its slot: 93 bits. */
const PREFIX_LEN = 16;
const FORM = /^(\d+):([1-9A-HJ-NP-Za-km-z,]*)(?::([1-9A-HJ-NP-Za-km-z]+)\/(\d+))?$/;

const prefixOf = (signature: string): string => signature.slice(0, PREFIX_LEN);

/** Transactions that were read to the end, all of one slot, and how many events of the next one. */
export class Position {
    private constructor(
        readonly slot: bigint,
        private readonly done: readonly string[],
        private readonly begun: { readonly prefix: string; readonly events: number } | undefined,
    ) {}

    /** @throws EventHistoryError */
    static parse(cursor: EventCursor): Position {
        const [, slot, done, prefix, events] = FORM.exec(cursor) ?? [];
        if (slot === undefined || done === undefined) throw new EventHistoryError('cursorInvalid', cursor);
        const begun = prefix === undefined ? undefined : { prefix, events: Number(events) };
        const all = done === '' ? [] : done.split(',');
        if (all.length === 0 && begun === undefined) throw new EventHistoryError('cursorInvalid', cursor);
        return new Position(BigInt(slot), all, begun);
    }

    /** After this transaction; `before` is where one was until then. */
    static after(before: Position | undefined, slot: bigint, signature: string): Position {
        const prefix = prefixOf(signature);
        if (before?.slot !== slot) return new Position(slot, [prefix], undefined);
        // Nodes differ in the order within a slot: another one may have been begun.
        const begun = before.begun?.prefix === prefix ? undefined : before.begun;
        return new Position(slot, [...before.done, prefix], begun);
    }

    /** Within this transaction, after so many of its events. */
    static within(before: Position | undefined, slot: bigint, signature: string, events: number): Position {
        const done = before?.slot === slot ? before.done : [];
        return new Position(slot, done, { prefix: prefixOf(signature), events });
    }

    /** Whether a transaction was read to the end. */
    isDone(slot: bigint, signature: string): boolean {
        return slot < this.slot || (slot === this.slot && this.done.includes(prefixOf(signature)));
    }

    /** How many events of a transaction were read. */
    eventsOf(signature: string): number {
        return this.begun?.prefix === prefixOf(signature) ? this.begun.events : 0;
    }

    /** Whether every transaction that it names is among these. */
    isAmong(signatures: readonly string[]): boolean {
        const known = new Set(signatures.map(prefixOf));
        const named = this.begun === undefined ? this.done : [...this.done, this.begun.prefix];
        return named.every((prefix) => known.has(prefix));
    }

    toString(): EventCursor {
        const begun = this.begun === undefined ? '' : `:${this.begun.prefix}/${this.begun.events}`;
        return `${this.slot}:${this.done.join(',')}${begun}`;
    }
}
