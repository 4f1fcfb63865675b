import { describe, expect, it } from 'vitest';

import { MARGIN_FLAGS, MARGIN_VIEWS, type MarginView, mayAddRisk } from '../src/index.js';
import { fixture } from './recording.js';

const { engine, alice, bob } = fixture<{ parties: Record<'engine' | 'alice' | 'bob', never> }>(
    'instructions.json',
).parties;

const none = { navUsdPico: 0n, mmrUsdPico: 0n, tmrUsdPico: 0n };
const all = MARGIN_VIEWS.spot | MARGIN_VIEWS.fast | MARGIN_VIEWS.initial;

/** An answer about Alice's account, whose address stands for itself. */
function about(views: number, nav: bigint, imr: bigint, flags = 0): MarginView {
    const margins = { spot: none, fast: none, initNavUsdPico: nav, imrUsdPico: imr };
    return { ratioPpm: 0, flags, views, pad: 0, engine, account: bob, owner: alice, ...margins } as MarginView;
}

describe('whether an account may add risk', () => {
    it('is said of an answer with initial margin, at the requirement and above', () => {
        for (const expected of [
            { engine, account: bob },
            { engine, owner: alice },
        ]) {
            expect(mayAddRisk(about(all, 5n, 5n), expected)).toBe(true);
            expect(mayAddRisk(about(all, 4n, 5n), expected)).toBe(false);
            for (const flag of [...Object.values(MARGIN_FLAGS), 1 << 30]) {
                expect(mayAddRisk(about(all, 9n, 5n, flag), expected)).toBe(false);
            }
        }
    });

    it('is not said of an answer that was asked for spot alone', () => {
        const ask = () => mayAddRisk(about(MARGIN_VIEWS.spot, 0n, 0n), { engine, account: bob });
        expect(ask).toThrow('lacks the view');
    });

    it('is not said of another engine, account or owner', () => {
        const rosy = about(all, 1n << 100n, 0n);
        expect(() => mayAddRisk(rosy, { engine: bob, account: bob })).toThrow("another engine's");
        expect(() => mayAddRisk(rosy, { engine, account: alice })).toThrow("another account's");
        expect(() => mayAddRisk(rosy, { engine, owner: bob })).toThrow("another owner's");
    });
});
