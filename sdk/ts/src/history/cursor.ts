import { EventHistoryError } from './error.js';

/**
 * Where {@link readEvents} has come to, as text that may be stored: what is read from it on begins after the event that it
 * came with. Of one stream; what another account's or engine's cursor says means nothing to it.
 */
export type EventCursor = string;

/** Characters of a signature that tell it from the others of its slot: 93 bits. */
const PREFIX_LEN = 16;
const BASE58 = '[1-9A-HJ-NP-Za-km-z]+';
const COUNTED = `${BASE58}/\\d+`;
const FORM = new RegExp(`^(\\d+):((?:${BASE58}(?:,${BASE58})*)?)(?::(${COUNTED}(?:,${COUNTED})*))?$`);

const prefixOf = (signature: string): string => signature.slice(0, PREFIX_LEN);

interface Begun {
    readonly prefix: string;
    readonly events: number;
}

/**
 * Transactions that were read to the end, all of one slot, and how many events of those of it that were begun: one, or several
 * where nodes differ in the order within a slot.
 */
export class Position {
    private constructor(
        readonly slot: bigint,
        private readonly done: readonly string[],
        private readonly begun: readonly Begun[],
    ) {}

    /** @throws EventHistoryError */
    static parse(cursor: EventCursor): Position {
        const [, slot, done, counted] = FORM.exec(cursor) ?? [];
        if (slot === undefined || done === undefined) throw new EventHistoryError('cursorInvalid', cursor);
        const begun = (counted?.split(',') ?? []).map((text): Begun => {
            const [prefix = '', events] = text.split('/');
            return { prefix, events: Number(events) };
        });
        const all = done === '' ? [] : done.split(',');
        if (all.length === 0 && begun.length === 0) throw new EventHistoryError('cursorInvalid', cursor);
        return new Position(BigInt(slot), all, begun);
    }

    /** After this transaction; `before` is where one was until then. */
    static after(before: Position | undefined, slot: bigint, signature: string): Position {
        const prefix = prefixOf(signature);
        const { done, begun } = Position.known(before, slot, prefix);
        return new Position(slot, [...done, prefix], begun);
    }

    /** Within this transaction, after so many of its events. */
    static within(before: Position | undefined, slot: bigint, signature: string, events: number): Position {
        const prefix = prefixOf(signature);
        const { done, begun } = Position.known(before, slot, prefix);
        return new Position(slot, done, [...begun, { prefix, events }]);
    }

    /** What is known of a slot, without what was begun of a transaction. */
    private static known(before: Position | undefined, slot: bigint, prefix: string): Position {
        if (before?.slot !== slot) return new Position(slot, [], []);
        return new Position(slot, before.done, before.begun.filter((begun) => begun.prefix !== prefix));
    }

    /** Whether a transaction was read to the end. */
    isDone(slot: bigint, signature: string): boolean {
        return slot < this.slot || (slot === this.slot && this.done.includes(prefixOf(signature)));
    }

    /** How many events of a transaction were read. */
    eventsOf(signature: string): number {
        const prefix = prefixOf(signature);
        return this.begun.find((begun) => begun.prefix === prefix)?.events ?? 0;
    }

    /** Whether every transaction that it names is among these. */
    isAmong(signatures: readonly string[]): boolean {
        const known = new Set(signatures.map(prefixOf));
        const named = [...this.done, ...this.begun.map(({ prefix }) => prefix)];
        return named.every((prefix) => known.has(prefix));
    }

    toString(): EventCursor {
        const begun = this.begun.map(({ prefix, events }) => `${prefix}/${events}`).join(',');
        return `${this.slot}:${this.done.join(',')}${begun === '' ? '' : `:${begun}`}`;
    }
}
