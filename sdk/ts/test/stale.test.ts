import { describe, expect, it } from 'vitest';

import {
    MARGIN_FLAGS,
    type MarginInputs,
    MarginModule,
    getMarginAccountDecoder,
    getPriceBoardDecoder,
    getPriceBoardEncoder,
    getRegistryDecoder,
} from '../src/index.js';
import { inputsOf, recording } from './recording.js';

const module = await MarginModule.load();
const USDC = 0;
const SOL = 1;
const BTC = 2;
const SOL_PERP = 0;

const recordedAs = (wanted: string) => inputsOf(recording.cases.find(({ name }) => name === wanted)!);

/** The same accounts with one price changed. */
function withPrice(inputs: MarginInputs, slot: number, change: object): MarginInputs {
    const decoded = getPriceBoardDecoder().decode(inputs.board);
    const slots = decoded.slots.map((price, index) => (index === slot ? { ...price, ...change } : price));
    const board = getPriceBoardEncoder().encode({ ...decoded, slots, stoppedUntilAt: inputs.now + 60n });
    return { ...inputs, board: Uint8Array.from(board) };
}

const named = (inputs: MarginInputs) =>
    module.marginView(inputs).staleLegs.map((leg) => (leg.kind === 'perp' ? `perp ${leg.market}` : `token ${leg.bank}`));

describe('stale legs', () => {
    it('are named with the time of their price, and no others are', () => {
        const inputs = recordedAs('one stale feed, under water by the others');
        const view = module.marginView(inputs);
        const { publishedAt } = getPriceBoardDecoder().decode(inputs.board).slots[BTC]!;
        expect(view.staleLegs).toEqual([
            { kind: 'token', bank: BTC, priceSlot: BTC, publishedAt, isHalted: false },
        ]);
        expect(inputs.now - publishedAt).toBeGreaterThan(60n);
        expect(module.marginView(inputs, 'spot').staleLegs).toEqual(view.staleLegs);
    });

    it('are all that is held where every feed has died', () => {
        expect(named(recordedAs('a borrower whose interest was not booked and whose feeds have died'))).toEqual([
            `token ${SOL}`,
            `token ${USDC}`,
        ]);
    });

    it('are every token and perp of a stale price, and the settlement token beside a perp that holds none of it', () => {
        const inputs = recordedAs('a long with SOL as collateral under water');
        const account = getMarginAccountDecoder().decode(inputs.account);
        expect(account.tokens.filter(({ used, bank }) => used === 1 && bank === USDC)).toEqual([]);
        expect(named(inputs)).toEqual([]);
        const { priceSlot } = getRegistryDecoder().decode(inputs.registry).markets[SOL_PERP]!;
        expect(priceSlot).toBe(SOL);
        const old = { publishedAt: inputs.now - 3_600n };
        expect(named(withPrice(inputs, SOL, old))).toEqual([`token ${SOL}`, `perp ${SOL_PERP}`]);
        expect(named(withPrice(inputs, USDC, old))).toEqual([`token ${USDC}`]);
        expect(named(withPrice(inputs, BTC, old))).toEqual([]);
    });

    it('are those of a halted price too, however young it is', () => {
        const inputs = recordedAs('a healthy borrower');
        const halted = withPrice(inputs, SOL, { haltedUntilAt: inputs.now + 60n });
        expect(module.marginView(halted).staleLegs).toMatchObject([{ bank: SOL, isHalted: true }]);
        expect(named(withPrice(inputs, SOL, { haltedUntilAt: inputs.now }))).toEqual([]);
    });

    it('are named of a token that is only thought of', () => {
        const inputs = recordedAs('a healthy borrower');
        const stale = withPrice(inputs, BTC, { publishedAt: inputs.now - 3_600n });
        expect(named(stale)).toEqual([]);
        const after = module.marginAfter(stale, { bank: BTC, changeAtoms: 1_000_000n });
        expect(after.staleLegs).toMatchObject([{ kind: 'token', bank: BTC }]);
    });

    it('are there exactly where the flag of the program says so', () => {
        const counts = { stale: 0, fresh: 0 };
        for (const recorded of recording.cases) {
            const { flags, staleLegs } = module.marginView(inputsOf(recorded));
            const isStale = (flags & MARGIN_FLAGS.stale) !== 0;
            expect(staleLegs.length > 0, recorded.name).toBe(isStale);
            counts[isStale ? 'stale' : 'fresh'] += 1;
        }
        expect(counts.stale).toBeGreaterThanOrEqual(2);
        expect(counts.fresh).toBeGreaterThanOrEqual(10);
    });
});
