import { describe, expect, it } from 'vitest';

import {
    PositionKind,
    findMarginAccount,
    getMarginAccountDecoder,
    getMarginAccountEncoder,
    getPriceBoardDecoder,
    getRegistryDecoder,
    getRegistryEncoder,
    priceToDecimal,
} from '../src/index.js';
import { inputsOf, recording } from './recording.js';

const named = (name: string) => recording.cases.find((recorded) => recorded.name === name)!;

describe.each(recording.cases)('$name', (recorded) => {
    const inputs = inputsOf(recorded);
    const account = getMarginAccountDecoder().decode(inputs.account);

    it('is decoded as the Rust layout reads it', () => {
        const { decoded } = recorded;
        expect(account).toMatchObject({
            owner: decoded.owner,
            id: decoded.id,
            status: decoded.status,
            underWaterSecs: decoded.under_water_secs,
            observedAt: BigInt(decoded.observed_at),
        });
        const tokens = account.tokens.filter(({ used }) => used === 1);
        expect(tokens.map(({ bank, shares }) => ({ bank, shares: `${shares}` }))).toEqual(decoded.tokens);
        const perps = account.derivatives.filter(({ kind }) => kind === PositionKind.Perp);
        expect(
            perps.map(({ market, shares, cashAtoms, kEntry }) => ({
                market,
                shares: `${shares}`,
                cash_atoms: `${cashAtoms}`,
                k_entry: `${kEntry}`,
            })),
        ).toEqual(decoded.perps);
    });

    it('has the address of its owner and number', async () => {
        expect(await findMarginAccount(account.engine, account.owner, account.id)).toBe(recorded.address);
    });

    it('is encoded to the same bytes again', () => {
        expect(Uint8Array.from(getMarginAccountEncoder().encode(account))).toEqual(inputs.account);
    });
});

describe('registry and board', () => {
    const inputs = inputsOf(named('a healthy borrower'));

    it('are decoded slot by slot', () => {
        const registry = getRegistryDecoder().decode(inputs.registry);
        expect([registry.bankCount, registry.marketCount]).toEqual([3, 2]);
        expect(registry.banks.filter(({ status }) => status === 1).map(({ decimals }) => decimals)).toEqual([6, 9, 8]);
        expect(registry.banks[0]!.depositIndex).toBeGreaterThanOrEqual(1n << 48n);
        const board = getPriceBoardDecoder().decode(inputs.board);
        expect(board.slots.slice(0, board.count).map(({ spot }) => priceToDecimal(spot, 2))).toEqual([
            '1.00',
            '200.00',
            '100000.00',
        ]);
    });

    it('are encoded to the same bytes again', () => {
        const registry = getRegistryDecoder().decode(inputs.registry);
        expect(Uint8Array.from(getRegistryEncoder().encode(registry))).toEqual(inputs.registry);
    });
});
