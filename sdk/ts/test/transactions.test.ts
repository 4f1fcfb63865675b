import { type Address, getBase58Decoder } from '@solana/kit';
import { describe, expect, it } from 'vitest';

import {
    PLIMSOLL_PROGRAM_ADDRESS,
    type RecordedInstruction,
    type RecordedTransaction,
    eventsOfTransaction,
    findMarginAccount,
    findRegistry,
    getMarginCalledEncoder,
    readEvents,
} from '../src/index.js';
import { FakeNode, eventBytes, key, loggedBytes, numbered } from './node.js';
import { bytesOf, recording } from './recording.js';

const base58 = getBase58Decoder();
const PLIMSOLL = 1;
const OTHER = 2;
const SIGNATURES = 3;
const KEYS = [key(200), PLIMSOLL_PROGRAM_ADDRESS, key(202), key(203), key(204)];
/** From an address table. */
const LOADED = [key(205), key(206)];

const call = (programIdIndex: number, data: Uint8Array, accounts: number[], stackHeight = 2): RecordedInstruction => ({
    programIdIndex,
    accounts,
    data: base58.decode(data),
    stackHeight,
});
const outer = (programIdIndex: number, accounts: number[] = []) =>
    call(programIdIndex, Uint8Array.of(1), accounts, 1);

const transaction = (
    instructions: RecordedInstruction[],
    innerInstructions: { index: number; instructions: RecordedInstruction[] }[],
    logMessages: string[] | null = null,
): RecordedTransaction => ({
    transaction: { signatures: ['1'], message: { accountKeys: KEYS, instructions } },
    meta: {
        err: null,
        innerInstructions,
        logMessages,
        loadedAddresses: { writable: [LOADED[0]!], readonly: [LOADED[1]!] },
    },
});

const called = (owner: Address, id = 0, engine = key(1)) =>
    getMarginCalledEncoder().encode({ engine, owner, id, ratioPpm: 1_020_000, distances: [{ slot: 1, movePpm: -5 }] });
const dataLine = (bytes: Uint8Array) => `Program data: ${Buffer.from(bytes).toString('base64')}`;
const numbers = (of: RecordedTransaction) =>
    eventsOfTransaction(of).map(({ event }) =>
        event.name === 'PremiumReported' ? event.data.premiumPpm : event.name,
    );

describe('events of a transaction', () => {
    it('are those that the program calls itself with, in every instruction', () => {
        const carried = transaction(
            [outer(PLIMSOLL, [4]), outer(OTHER), outer(PLIMSOLL, [5])],
            [
                { index: 0, instructions: [call(PLIMSOLL, numbered(0), [3]), call(PLIMSOLL, numbered(1), [3])] },
                { index: 2, instructions: [call(PLIMSOLL, numbered(2), [3])] },
            ],
        );
        expect(numbers(carried)).toEqual([0, 1, 2]);
        expect(eventsOfTransaction(carried).map(({ instruction, accounts }) => [instruction, accounts])).toEqual([
            [0, [key(204)]],
            [0, [key(204)]],
            [2, [LOADED[0]]],
        ]);
    });

    it('name the accounts of the instruction that wrote them, however deep', () => {
        const nested = transaction(
            [outer(OTHER, [0])],
            [
                {
                    index: 0,
                    instructions: [
                        call(PLIMSOLL, Uint8Array.of(9), [4, 6], 2),
                        call(OTHER, Uint8Array.of(9), [0], 3),
                        call(PLIMSOLL, numbered(1), [3], 3),
                        call(PLIMSOLL, Uint8Array.of(9), [5], 2),
                        call(PLIMSOLL, numbered(2), [3], 3),
                    ],
                },
            ],
        );
        expect(numbers(nested)).toEqual([1, 2]);
        expect(eventsOfTransaction(nested).map(({ accounts }) => accounts)).toEqual([
            [key(204), LOADED[1]],
            [LOADED[0]],
        ]);
    });

    it('are of no other program, whatever it calls or logs', () => {
        const logged = dataLine(loggedBytes('MarginCalled', called(key(7))));
        const forged = transaction(
            [outer(OTHER)],
            [{ index: 0, instructions: [call(OTHER, numbered(1), [])] }],
            [
                `Program ${key(202)} invoke [1]`,
                logged,
                `Program log: Program ${PLIMSOLL_PROGRAM_ADDRESS} invoke [2]`,
                logged,
                `Program ${key(202)} invoke [2]`,
                logged,
                `Program ${key(202)} success`,
                `Program ${key(202)} success`,
            ],
        );
        expect(eventsOfTransaction(forged)).toEqual([]);
    });

    it('are none where it failed', () => {
        const carried = transaction([outer(PLIMSOLL)], [{ index: 0, instructions: [call(PLIMSOLL, numbered(1), [])] }]);
        expect(numbers(carried)).toEqual([1]);
        const failed = { ...carried, meta: { ...carried.meta!, err: { InstructionError: [0, { Custom: 6300 }] } } };
        expect(eventsOfTransaction(failed)).toEqual([]);
    });

    it('are those in the log too, between what was called before and after', () => {
        const program = PLIMSOLL_PROGRAM_ADDRESS;
        const mixed = transaction(
            // What the runtime checks by itself, such as signatures, is not in the log.
            [outer(SIGNATURES), outer(PLIMSOLL, [4]), outer(OTHER)],
            [
                { index: 1, instructions: [call(OTHER, Uint8Array.of(1), []), call(PLIMSOLL, numbered(1), [3])] },
                {
                    index: 2,
                    instructions: [call(PLIMSOLL, Uint8Array.of(9), [5], 2), call(PLIMSOLL, numbered(2), [3], 3)],
                },
            ],
            [
                `Program ${program} invoke [1]`,
                `Program ${key(202)} invoke [2]`,
                `Program ${key(202)} success`,
                dataLine(loggedBytes('MarginCalled', called(key(7)))),
                `Program ${program} invoke [2]`,
                `Program ${program} consumed 2000 of 200000 compute units`,
                `Program ${program} success`,
                `Program ${program} success`,
                `Program ${key(202)} invoke [1]`,
                `Program ${program} invoke [2]`,
                `Program ${program} invoke [3]`,
                `Program ${program} success`,
                dataLine(loggedBytes('MarginCalled', called(key(8)))),
                `Program ${program} success`,
                `Program ${key(202)} success`,
            ],
        );
        expect(numbers(mixed)).toEqual(['MarginCalled', 1, 2, 'MarginCalled']);
        const found = eventsOfTransaction(mixed).filter(({ isLogged }) => isLogged);
        expect(found.map(({ instruction, accounts }) => [instruction, accounts])).toEqual([
            [1, [key(204)]],
            [2, [LOADED[0]]],
        ]);
        expect(found[0]!.event.data).toMatchObject({ owner: key(7), distances: [{ slot: 1, movePpm: -5 }] });
    });

    it('are read up to where the log was cut off', () => {
        const cut = transaction(
            [outer(PLIMSOLL), outer(PLIMSOLL)],
            [{ index: 1, instructions: [call(PLIMSOLL, numbered(1), [3])] }],
            [
                `Program ${PLIMSOLL_PROGRAM_ADDRESS} invoke [1]`,
                dataLine(loggedBytes('MarginCalled', called(key(7)))),
                'Log truncated',
            ],
        );
        expect(numbers(cut)).toEqual(['MarginCalled', 1]);
    });

    it('of another version are named and cost the others nothing', () => {
        const unknown = numbered(3).map((byte, index) => (index === 8 ? byte ^ 1 : byte));
        const short = numbered(4).subarray(0, 20);
        const calls = [unknown, numbered(1), short, numbered(2)].map((data) => call(PLIMSOLL, data, [3]));
        const found = transaction([outer(PLIMSOLL)], [{ index: 0, instructions: calls }]);
        expect(numbers(found)).toEqual(['Unreadable', 1, 'Unreadable', 2]);
        expect(eventsOfTransaction(found)[0]!.event.data).toEqual(unknown);
    });
});

describe('a stream', () => {
    const engine = key(1);
    const quick = { retryMillis: 1, attempts: 2 };
    async function names(node: FakeNode, options: { engine?: Address; account?: Address }) {
        const found: string[] = [];
        for await (const { event } of readEvents(node.rpc, { ...quick, ...options })) found.push(event.name);
        return found;
    }

    it('of an engine has its events, and those of another version whose instruction was given it', async () => {
        const node = new FakeNode();
        const unknown = node.add(1, [numbered(3).map((byte, index) => (index === 8 ? byte ^ 1 : byte))]);
        node.add(2, [numbered(1, engine)]);
        node.add(3, [numbered(2, key(2))]);
        // The instruction was given the registry of the engine.
        const { message } = unknown.transaction!.transaction;
        (message.accountKeys as Address[])[2] = await findRegistry(engine);
        expect(await names(node, {})).toEqual(['Unreadable', 'PremiumReported', 'PremiumReported']);
        expect(await names(node, { engine: key(2) })).toEqual(['PremiumReported']);
        expect(await names(node, { engine })).toEqual(['Unreadable', 'PremiumReported']);
    });

    it('of an account has the events that name it, and the calls for its margin', async () => {
        const { event_base64, account } = recording.liquidation_event;
        const owner = key(7);
        const hers = await findMarginAccount(engine, owner, 3);
        const node = new FakeNode();
        node.add(1, [bytesOf(event_base64), numbered(1)]);
        node.add(2, [eventBytes('MarginCalled', called(owner, 3, engine))]);
        node.add(3, [eventBytes('MarginCalled', called(owner, 4, engine))]);
        expect(await names(node, { account: account as Address })).toEqual(['CollateralLiquidated']);
        expect(await names(node, { account: hers })).toEqual(['MarginCalled']);
        expect(await names(node, { account: key(99) })).toEqual([]);
    });
});
