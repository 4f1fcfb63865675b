import { gunzipSync } from 'node:zlib';

import { type Address } from '@solana/kit';
import { describe, expect, it } from 'vitest';

import * as client from '../src/index.js';
import { bytesOf, fixture, recording } from './recording.js';

const { alice, bob, mint, source } = fixture<{ parties: Record<'alice' | 'bob' | 'mint' | 'source', Address> }>(
    'instructions.json',
).parties;

const registry = client
    .getRegistryDecoder()
    .decode(Uint8Array.from(gunzipSync(bytesOf(recording.states[0]!.registry_gzip))));
const engine = {
    ...client.getEngineDecoder().decode(new Uint8Array(client.getEngineSize())),
    authority: alice,
    riskAuthority: bob,
    guardian: mint,
    feeCollector: source,
    changesProposed: 4n,
};

/** Pauses by place: when the authority's and when the guardian's ends. */
function paused(bits: number, ends: Record<number, [bigint, bigint]>): client.Registry {
    const none = registry.pauses[0]!;
    const pauses = registry.pauses.map((_, place) => {
        const [authorityUntilAt, guardianUntilAt] = ends[place] ?? [0n, 0n];
        return { ...none, authorityUntilAt, guardianUntilAt, guardianInARow: guardianUntilAt === 0n ? 0 : 2 };
    });
    return { ...registry, pauseBits: bits, pauses };
}

describe('powers', () => {
    it('are who holds them, what slows them down and what moves and stands now', () => {
        const found = client.powersOf(engine, registry, 0n);
        expect(found.holders).toEqual({ authority: alice, riskAuthority: bob, guardian: mint, feeCollector: source });
        expect(found).toMatchObject({
            isLaunched: registry.launched === 1,
            isTestCluster: registry.testCluster === 1,
            changeDelaySecs: registry.params.changes.changeDelaySecs,
            changesProposed: 4n,
            ramps: [],
            pauses: [],
        });
    });

    it('are free before the launch and without a delay only', () => {
        const free = (launched: number, changeDelaySecs: number) => {
            const params = { ...registry.params, changes: { ...registry.params.changes, changeDelaySecs } };
            return client.powersOf(engine, { ...registry, launched, params }, 0n).isSetUpFreely;
        };
        expect([free(0, 86_400), free(1, 0), free(1, 86_400)]).toEqual([true, true, false]);
    });
});

describe('pauses', () => {
    it('stand until the later of their ends, and those without a bit or beyond it do not', () => {
        const { borrow, fill, price } = client.PAUSE_BITS;
        const state = paused(borrow | fill | price, { 1: [50n, 90n], 2: [70n, 0n], 4: [500n, 0n], 6: [10n, 20n] });
        expect(client.standingPauses(state, 20n)).toEqual([
            { what: 'borrow', until: 90n, by: 'guardian', guardianInARow: 2 },
            { what: 'fill', until: 70n, by: 'authority', guardianInARow: 0 },
        ]);
        expect(client.standingPauses(state, 89n).map(({ what }) => what)).toEqual(['borrow']);
        expect(client.standingPauses(state, 90n)).toEqual([]);
    });
});
