import { gunzipSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import * as client from '../src/index.js';
import { bytesOf, recording } from './recording.js';

const registry = Uint8Array.from(gunzipSync(bytesOf(recording.states[0]!.registry_gzip)));
const { engine, version } = client.getRegistryDecoder().decode(registry);
const NOW = 1_760_130_600n;
const NO_LIMIT = (1n << 64n) - 1n;

/** A bank with a million atoms of deposits and a thousand of insurance. */
function bank(outflowDayPpm: number): Uint8Array {
    const empty = client.getBankDecoder().decode(new Uint8Array(client.getBankSize()));
    const caps = {
        ...empty.caps,
        outflowHourPpm: 250_000,
        outflowDayPpm,
        drawCapEventAtoms: NO_LIMIT,
        drawCapHourAtoms: NO_LIMIT,
    };
    const held = { depositShares: 1_000_000n, depositIndex: 1n << 48n, insuranceAtoms: 1_000n };
    return Uint8Array.from(client.getBankEncoder().encode({ ...empty, version, engine, ...held, caps }));
}

describe('limits of a bank', () => {
    it('are what the program lets leave and be drawn', async () => {
        const room = (mostAtoms: bigint) => ({ leftAtoms: mostAtoms, mostAtoms });
        expect(await client.bankLimits({ bank: bank(500_000), registry, now: NOW })).toEqual({
            leavesWithinHour: room(250_000n),
            leavesWithinDay: room(500_000n),
            drawOfOneBankruptcyAtoms: 500n,
            drawOfOwnDebtsAtoms: 500n,
            // A twentieth of the deposits, a quarter of the insurance.
            liquidated: { seen: 0n, beyond: 50_000n, until: undefined },
            drawn: { seen: 0n, beyond: 250n, until: undefined },
        });
        const unlimited = await client.bankLimits({ bank: bank(1_000_000), registry, now: NOW });
        expect(unlimited.leavesWithinDay).toBeUndefined();
    });

    it('say until when a breaker stands', async () => {
        const { bank: held, registry: book } = {
            bank: client.getBankDecoder().decode(bank(500_000)),
            registry: client.getRegistryDecoder().decode(registry),
        };
        const until = NOW + 900n;
        const throughput = { ...held.throughput, breaker: { ...held.throughput.breaker, untilAt: until } };
        const tripped = Uint8Array.from(client.getBankEncoder().encode({ ...held, throughput }));
        const ask = async (now: bigint) => (await client.bankLimits({ bank: tripped, registry, now })).liquidated.until;
        expect([await ask(until - 1n), await ask(until)]).toEqual([until, undefined]);
        const empty = client.getMarketDecoder().decode(new Uint8Array(client.getMarketSize()));
        const index = book.markets.findIndex(({ status }) => status !== 0);
        const market = Uint8Array.from(
            client.getMarketEncoder().encode({ ...empty, version, engine, index, throughput }),
        );
        expect(await client.marketBreaker({ market, registry, now: NOW })).toEqual({ seen: 0n, beyond: 0n, until });
    });

    it('are none of what is not a bank', async () => {
        const wrong = new Uint8Array(client.getBankSize());
        await expect(client.bankLimits({ bank: wrong, registry, now: NOW })).rejects.toMatchObject({ code: 5 });
        const short = bank(500_000).subarray(1);
        await expect(client.bankLimits({ bank: short, registry, now: NOW })).rejects.toMatchObject({ code: 5 });
        await expect(client.marketBreaker({ market: wrong, registry, now: NOW })).rejects.toMatchObject({ code: 6 });
    });
});
