import type { Address } from '@solana/kit';
import { describe, expect, it } from 'vitest';

import * as client from '../src/index.js';
import { fixture } from './recording.js';

interface Row {
    party: Address;
    id: number;
    index: number;
    engine: Address;
    registry: Address;
    board: Address;
    bank: Address;
    vault: Address;
    market: Address;
    margin_account: Address;
    executor: Address;
    change: Address;
    venue: Address;
    associated_token: Address;
    associated_token_2022: Address;
}

const recorded = fixture<{ program: Address; event_authority: Address; addresses: Row[] }>('addresses.json');

describe('addresses', () => {
    it('belong to the program that the interface description names', async () => {
        expect(client.PLIMSOLL_PROGRAM_ADDRESS).toBe(recorded.program);
        expect(await client.findEventAuthority()).toBe(recorded.event_authority);
    });

    it.each(recorded.addresses)('are those of the Rust SDK for id $id and index $index', async (row) => {
        expect(await client.findEngine(row.party, row.id)).toBe(row.engine);
        expect(await client.findEngineAddresses(row.engine)).toEqual({
            engine: row.engine,
            registry: row.registry,
            board: row.board,
        });
        expect(await client.findBank(row.engine, row.index)).toBe(row.bank);
        expect(await client.findVault(row.bank)).toBe(row.vault);
        expect(await client.findMarket(row.engine, row.index)).toBe(row.market);
        expect(await client.findMarginAccount(row.engine, row.party, row.id)).toBe(row.margin_account);
        expect(await client.findExecutor(row.engine)).toBe(row.executor);
        expect(await client.findChange(row.engine, 2n ** 64n - 1n - BigInt(row.id))).toBe(row.change);
        expect(await client.findVenue(row.engine, row.party)).toBe(row.venue);
        expect(await client.findAssociatedToken(row.party, row.engine)).toBe(row.associated_token);
        expect(await client.findAssociatedToken(row.party, row.engine, client.TOKEN_2022_PROGRAM_ADDRESS)).toBe(
            row.associated_token_2022,
        );
    });

    it('refuse an id that does not fit its seed', async () => {
        const { party } = recorded.addresses[0]!;
        await expect(async () => client.findEngine(party, 65_536)).rejects.toThrow();
    });
});
