import { describe, expect, it } from 'vitest';

import {
    EventHistoryError,
    PLIMSOLL_PROGRAM_ADDRESS,
    type ReadEvent,
    type ReadEventsOptions,
    readEvents,
} from '../src/index.js';
import { FakeNode, key, numbered, refused } from './node.js';

const QUICK: ReadEventsOptions = { retryMillis: 1, pollMillis: 1, attempts: 4 };

const numberOf = ({ event }: ReadEvent): number =>
    event.name === 'PremiumReported' ? event.data.premiumPpm : Number.NaN;

async function all(node: FakeNode, options: ReadEventsOptions = {}): Promise<ReadEvent[]> {
    const found: ReadEvent[] = [];
    for await (const event of readEvents(node.rpc, { ...QUICK, ...options })) found.push(event);
    return found;
}

const numbers = async (node: FakeNode, options: ReadEventsOptions = {}) => (await all(node, options)).map(numberOf);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Slots of one, two and three transactions, with no to three events each; 40 events in all. */
function busy(): FakeNode {
    const node = new FakeNode();
    let number = 0;
    for (let index = 0; number < 40; index += 1) {
        const events = upTo(Math.min(index % 4, 40 - number)).map(() => numbered(number++));
        node.add(100 + Math.floor(index / 3) + (index % 5 === 0 ? 1 : 0), events);
    }
    node.kept.sort((a, b) => a.slot - b.slot);
    return node;
}

/** The numbers of a node's events in its own order. */
const inOrder = async (node: FakeNode) => numbers(node);

describe('reading events', () => {
    it('gives each once, in the order in which they happened', async () => {
        const node = new FakeNode();
        for (const number of upTo(12)) node.add(100 + number, [numbered(2 * number), numbered(2 * number + 1)]);
        const found = await all(node);
        expect(found.map(numberOf)).toEqual(upTo(24));
        expect(found[3]).toMatchObject({ slot: 101n, blockTime: 1_700_000_101n, signature: node.kept[1]!.signature });
    });

    it.each([2, 3, 7])('gives the same from a node that lists no more than %i at once', async (mostListed) => {
        const node = busy();
        const whole = await inOrder(node);
        expect([...whole].sort((a, b) => a - b)).toEqual(upTo(40));
        node.mostListed = mostListed;
        expect(await numbers(node)).toEqual(whole);
        expect(node.count('getSignaturesForAddress')).toBeGreaterThan(4);
    });

    it('goes on after any event without a gap and without a repetition', async () => {
        const node = busy();
        const whole = await all(node);
        for (const [index, { cursor }] of whole.entries()) {
            const rest = await numbers(node, { from: cursor });
            expect(rest).toEqual(whole.slice(index + 1).map(numberOf));
        }
    });

    it('goes on at a node that orders a slot otherwise, and gives what is left of it', async () => {
        const node = new FakeNode();
        for (const number of upTo(4)) node.add(100, [numbered(number)]);
        node.add(99, [numbered(9)]);
        node.kept.sort((a, b) => a.slot - b.slot);
        const whole = await all(node);
        expect(whole.map(numberOf)).toEqual([9, 0, 1, 2, 3]);
        const other = new FakeNode();
        const [first, ...slot] = node.kept;
        other.kept.push(first!, ...slot.reverse());
        expect(await numbers(other, { from: whole[2]!.cursor })).toEqual([3, 2]);
    });

    it('remembers every transaction that was begun where nodes order a slot otherwise', async () => {
        const node = new FakeNode();
        for (const number of upTo(3)) node.add(100, [numbered(number), numbered(number + 10)]);
        const whole = await all(node);
        expect(whole.map(numberOf)).toEqual([0, 10, 1, 11, 2, 12]);
        const other = new FakeNode();
        other.kept.push(...[...node.kept].reverse());
        // Ended within the second transaction at one node, and within the third at the other.
        const rest = await all(other, { from: whole[2]!.cursor });
        expect(rest.map(numberOf)).toEqual([2, 12, 11]);
        expect(await numbers(node, { from: rest[0]!.cursor })).toEqual([11, 12]);
    });

    it('asks for no transaction that failed, and reads past transactions without events', async () => {
        const node = new FakeNode();
        node.add(1, [numbered(0)]);
        node.add(2, [numbered(100)], { InstructionError: [0, { Custom: 6300 }] });
        node.add(3, []);
        node.add(4, [numbered(1)]);
        expect(await numbers(node)).toEqual([0, 1]);
        expect(node.count('getTransaction')).toBe(3);
    });

    it('names what is asked for: one account’s transactions, or else the program’s', async () => {
        const node = new FakeNode();
        await all(node, { account: key(5) });
        await all(node, { engine: key(1) });
        const [ofAccount, ofEngine] = node.asked.map(({ params }) => params[0]);
        expect(ofAccount).toBe(key(5));
        expect(ofEngine).toBe(PLIMSOLL_PROGRAM_ADDRESS);
    });

    it('tells where it has come to, also where no event was asked for', async () => {
        const node = busy();
        const cursors: string[] = [];
        expect(await numbers(node, { engine: key(77), onCursor: (cursor) => cursors.push(cursor) })).toEqual([]);
        expect(cursors).toHaveLength(1);
        node.add(900, [numbered(900)]);
        expect(await numbers(node, { from: cursors[0]! })).toEqual([900]);
        expect(node.asked.filter(({ method }) => method === 'getTransaction').slice(-1)[0]!.params[0]).toBe(
            node.kept.at(-1)!.signature,
        );
    });

    it('refuses what is no cursor', async () => {
        for (const from of ['', '12', '12:', 'now:a', '12:abc:def', '12:abc:d/1,', '12:abc:d/1,e']) {
            await expect(numbers(busy(), { from })).rejects.toMatchObject({ reason: 'cursorInvalid' });
        }
    });
});

describe('following', () => {
    /** Follows until so many events have come, doing something after each. */
    async function follow(
        node: FakeNode,
        count: number,
        options: ReadEventsOptions,
        after: (found: number) => void = () => undefined,
    ): Promise<number[]> {
        const stop = new AbortController();
        const found: number[] = [];
        for await (const event of readEvents(node.rpc, { ...QUICK, follow: true, signal: stop.signal, ...options })) {
            found.push(numberOf(event));
            after(found.length);
            if (found.length === count) stop.abort();
        }
        return found;
    }

    it('gives what happens while it waits, pages and reads', async () => {
        const node = new FakeNode();
        node.mostListed = 3;
        let next = 0;
        const happen = () => node.add(100 + Math.floor(next / 2), [numbered(next++)]);
        for (const _ of upTo(8)) happen();
        // Between any two requests something happens.
        node.fault = () => void (next < 60 && happen());
        expect(await follow(node, 60, {})).toEqual(upTo(60));
    });

    it('from now on gives nothing that has happened', async () => {
        const node = busy();
        const happened = node.kept.length;
        let polls = 0;
        node.fault = ({ method }) => {
            if (method === 'getSignaturesForAddress' && (polls += 1) === 3) node.add(5_000, [numbered(5_000)]);
        };
        expect(await follow(node, 1, { from: 'now' })).toEqual([5_000]);
        expect(node.kept.length).toBe(happened + 1);
        expect(node.count('getTransaction')).toBe(1);
    });

    it('asks for no more than the newest transactions where nothing has happened', async () => {
        const node = busy();
        const whole = await all(node);
        const stop = new AbortController();
        let polls = 0;
        node.fault = () => void ((polls += 1) === 5 && stop.abort());
        const { cursor: from } = whole.at(-1)!;
        expect(await numbers(node, { from, follow: true, signal: stop.signal })).toEqual([]);
        expect(polls).toBe(5);
        expect(node.asked.slice(-5).map(({ params }) => (params[1] as { limit: number }).limit)).toEqual(
            upTo(5).map(() => 50),
        );
    });

    it('ends at once when it is told to, in a wait or in a request', async () => {
        const stop = new AbortController();
        const node = busy();
        setTimeout(() => stop.abort(), 20);
        const begun = Date.now();
        await numbers(node, { follow: true, pollMillis: 60_000, signal: stop.signal });
        expect(Date.now() - begun).toBeLessThan(10_000);
    });
});

describe('a node with faults', () => {
    it('costs nothing where each request fails once', async () => {
        const node = busy();
        const whole = await inOrder(node);
        node.mostListed = 5;
        const failed = new Set<string>();
        const retried: number[] = [];
        node.fault = (asked) => {
            const request = JSON.stringify(asked);
            if (failed.has(request)) return undefined;
            failed.add(request);
            throw failed.size % 2 === 0 ? refused(429) : new TypeError('fetch failed');
        };
        expect(await numbers(node, { onRetry: (_, attempt) => retried.push(attempt) })).toEqual(whole);
        expect(retried.length).toBe(failed.size);
        expect(new Set(retried)).toEqual(new Set([1]));
    });

    it('ends it where requests fail for too long, and it goes on from the last cursor', async () => {
        const node = busy();
        const whole = await inOrder(node);
        const found: ReadEvent[] = [];
        let asked = 0;
        node.fault = ({ method }) => {
            if (method === 'getTransaction' && (asked += 1) > 12) throw refused(503);
        };
        const reading = (async () => {
            for await (const event of readEvents(node.rpc, { ...QUICK, atOnce: 3 })) found.push(event);
        })();
        await expect(reading).rejects.toThrow();
        expect(found.length).toBeGreaterThan(3);
        node.fault = () => undefined;
        const rest = await numbers(node, { from: found.at(-1)!.cursor });
        expect([...found.map(numberOf), ...rest]).toEqual(whole);
    });

    it('is not asked again where it refuses', async () => {
        const node = busy();
        node.fault = () => {
            throw refused(403);
        };
        await expect(numbers(node)).rejects.toThrow();
        expect(node.asked).toHaveLength(1);
    });

    it('that lists a transaction before it has it is waited for, and never passed over', async () => {
        const node = busy();
        const whole = await inOrder(node);
        const late = node.kept[7]!;
        node.kept.splice(7, 1, { ...late, transaction: null });
        let asked = 0;
        node.fault = ({ method, params }) => {
            if (method === 'getTransaction' && params[0] === late.signature && (asked += 1) === 3) {
                node.kept.splice(7, 1, late);
            }
        };
        expect(await numbers(node, { attempts: 6 })).toEqual(whole);
        expect(asked).toBe(4);
        node.kept.splice(7, 1, { ...late, transaction: null });
        const lost = numbers(node);
        await expect(lost).rejects.toMatchObject({ reason: 'transactionMissing', about: late.signature });
    });

    it('that lists the same transaction twice makes no event twice', async () => {
        const node = busy();
        const whole = await inOrder(node);
        node.mostListed = 4;
        node.fault = ({ method }, answer) =>
            method === 'getSignaturesForAddress' ? (answer as unknown[]).flatMap((listed) => [listed, listed]) : undefined;
        expect(await numbers(node)).toEqual(whole);
    });

    it('behind a balancer that does not know the page’s beginning makes no gap', async () => {
        const node = busy();
        const whole = await inOrder(node);
        node.mostListed = 4;
        let pages = 0;
        node.fault = ({ method, params }) => {
            const { before } = (params[1] ?? {}) as { before?: string };
            return method === 'getSignaturesForAddress' && before !== undefined && (pages += 1) % 2 === 1 ? [] : undefined;
        };
        expect(await numbers(node)).toEqual(whole);
        node.fault = ({ params }) => ((params[1] as { before?: string }).before === undefined ? undefined : []);
        await expect(numbers(node)).rejects.toMatchObject({ reason: 'pageMissing' });
    });

    it('that has not come as far as the cursor is waited for', async () => {
        const node = busy();
        const whole = await all(node);
        const { cursor: from } = whole.at(-1)!;
        const later = node.kept.splice(5);
        await expect(numbers(node, { from })).rejects.toMatchObject({ reason: 'nodeBehind' });
        let asked = 0;
        node.fault = () => void ((asked += 1) === 3 && node.kept.push(...later) && node.add(9_000, [numbered(9_000)]));
        expect(await numbers(node, { from })).toEqual([9_000]);
    });

    it('whose history no longer reaches the cursor says so', async () => {
        const node = busy();
        const { cursor: from } = (await all(node))[5]!;
        node.kept.splice(0, 12);
        const reading = numbers(node, { from });
        await expect(reading).rejects.toBeInstanceOf(EventHistoryError);
        await expect(reading).rejects.toMatchObject({ reason: 'historyEnds', about: from });
        node.kept.splice(0);
        await expect(numbers(node, { from })).rejects.toMatchObject({ reason: 'historyEnds' });
    });

    it('that never had the cursor’s transaction says so', async () => {
        const node = busy();
        const found = await all(node);
        const at = found.findIndex(({ slot }) => slot > 105n);
        const { cursor: from, signature, slot } = found[at]!;
        node.kept.splice(0, node.kept.length, ...node.kept.filter((kept) => kept.signature !== signature));
        node.add(Number(slot), [numbered(1)]);
        node.kept.sort((a, b) => a.slot - b.slot);
        await expect(numbers(node, { from })).rejects.toMatchObject({ reason: 'cursorUnknown' });
    });

    it('that keeps no inner instructions is an error at once', async () => {
        const node = new FakeNode();
        const kept = node.add(1, [numbered(1)]);
        const { transaction } = kept.transaction!;
        node.kept.splice(0, 1, { ...kept, transaction: { transaction, meta: { err: null, innerInstructions: null } } });
        await expect(numbers(node)).rejects.toMatchObject({ reason: 'innerInstructionsMissing' });
        expect(node.asked).toHaveLength(2);
    });
});
