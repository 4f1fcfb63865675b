import { type Address, createNoopSigner } from '@solana/kit';
import { describe, expect, it } from 'vitest';

import * as client from '../src/index.js';
import { storedChange } from './change.js';
import { fixture } from './recording.js';

const { alice, bob, engine, mint } = fixture<{ parties: Record<'alice' | 'bob' | 'mint' | 'engine', Address> }>(
    'instructions.json',
).parties;

/** Reduce-only for a bank, as an authority would send it. */
async function update() {
    const [authority, registry, board, bank] = await Promise.all([
        client.executorSigner(engine),
        client.findRegistry(engine),
        client.findBoard(engine),
        client.findBank(engine, 2),
    ]);
    const permissions = { active: false, settleMarkets: 3, premiumMarkets: 1 };
    const venue = await client.findVenue(engine, mint);
    return {
        ofVenue: client.getUpdateVenueInstruction({ authority, engine, registry, venue, ...permissions }),
        permissions,
        venue,
        board,
        bank,
    };
}

/** Answers as a node does that holds these accounts. */
function node(accounts: { address: Address; bytes: Uint8Array }[]) {
    const asked: unknown[] = [];
    const send = async () =>
        accounts.map(({ address, bytes }) => ({
            pubkey: address,
            account: { data: [Buffer.from(bytes).toString('base64'), 'base64'] },
        }));
    const rpc = {
        getProgramAccounts: (...args: unknown[]) => {
            asked.push(...args);
            return { send };
        },
    };
    return { rpc: rpc as unknown as Parameters<typeof client.fetchPendingChanges>[0], asked };
}

describe('changes that wait', () => {
    it('are read back by number with what they would set, who proposed them, from when and until when', async () => {
        const { ofVenue, permissions, venue } = await update();
        const times = { dueAt: 1_000n, expiresAt: 2_000n };
        const of = (id: bigint) =>
            storedChange({ engine, id, rentPayer: bob, proposer: alice, instruction: ofVenue, ...times });
        const stored = await Promise.all([of(4n), of(3n)]);
        const encoder = client.getPendingChangeEncoder();
        const accounts = await Promise.all(
            stored.map(async (change) => ({
                address: await client.findChange(engine, change.id),
                bytes: Uint8Array.from(encoder.encode(change)),
            })),
        );
        const other = { address: mint, bytes: new Uint8Array(client.getPendingChangeSize()) };
        const { rpc, asked } = node([...accounts, other]);
        const found = await client.fetchPendingChanges(rpc, engine, { now: 1_500n });
        expect(asked[0]).toBe(client.PLIMSOLL_PROGRAM_ADDRESS);
        expect(found.map(({ id }) => id)).toEqual([3n, 4n]);
        const [first] = found;
        expect(first).toMatchObject({ proposer: alice, rentPayer: bob, state: 'due', ...times });
        expect(first!.address).toBe(await client.findChange(engine, 3n));
        if (first!.asked.instructionType !== client.PlimsollInstruction.UpdateVenue) throw new Error('another one');
        expect(first!.asked.data).toMatchObject(permissions);
        expect(first!.asked.accounts.venue.address).toBe(venue);
    });

    it('are due from a second on until another', () => {
        const times = { dueAt: 10n, expiresAt: 20n };
        const states = [9n, 10n, 19n, 20n].map((now) => client.changeState(times, now));
        expect(states).toEqual(['waiting', 'due', 'due', 'expired']);
    });

    it('are proposed with the executor named and executed with everything that was proposed', async () => {
        const { ofVenue } = await update();
        const [proposer, payer, executor] = [
            createNoopSigner(alice),
            createNoopSigner(bob),
            await client.findExecutor(engine),
        ];
        const proposal = { engine, proposer, payer, id: 9n, instruction: ofVenue };
        const propose = await client.proposeChangeInstruction(proposal);
        const named = propose.accounts.slice(8);
        expect(named.map(({ address }) => address)).toEqual(ofVenue.accounts.map(({ address }) => address));
        // Nobody signs for the executor: only the program does, later.
        expect(propose.accounts.filter(({ role }) => (role & 2) !== 0).map(({ address }) => address)).toEqual([alice, bob]);
        const change = await storedChange({ engine, id: 9n, rentPayer: bob, instruction: ofVenue });
        const execute = await client.executeChangeInstruction(payer, change);
        expect(execute.accounts.slice(7).map(({ address }) => address)).toEqual(named.map(({ address }) => address));
        expect(execute.accounts[2]!.address).toBe(executor);
        expect(client.proposedInstruction(change).data).toEqual(Uint8Array.from(ofVenue.data));
    });

    it('name what ramps', () => {
        const still = { rampedAt: 0n };
        const slots = { paramsRampedAt: 0n, banks: [still, still], markets: [still] };
        expect(client.rampsUnderWay(slots as never)).toEqual([]);
        const moving = { paramsRampedAt: 5n, banks: [still, { rampedAt: 5n }], markets: [{ rampedAt: 1n }] };
        expect(client.rampsUnderWay(moving as never)).toEqual([
            { __kind: 'Params' },
            { __kind: 'Bank', fields: [1] },
            { __kind: 'Market', fields: [0] },
        ]);
    });
});
