import { beforeAll, describe, expect, it } from 'vitest';

import {
    type LiquidationPlan,
    MarginModule,
    MarginModuleError,
    assess,
    getLiquidationOutcomeDecoder,
    getMarginViewDecoder,
    liquidationPlan,
    liquidationPrices,
    marginView,
} from '../src/index.js';
import { type Answer, bytesOf, inputsOf, recording, requestOf } from './recording.js';

let module: MarginModule;
beforeAll(async () => {
    module = await MarginModule.load();
});

/** What the module says, in the form of the program's answer. */
function answered<T>(ask: () => T): T | { code: number } {
    try {
        return ask();
    } catch (error) {
        if (error instanceof MarginModuleError) return { code: error.code };
        throw error;
    }
}

function programSaid<T>(answer: Answer, decode: (data: Uint8Array) => T): T | { code: number } {
    return 'code' in answer ? answer : decode(bytesOf(answer.data));
}

const decodeView = (data: Uint8Array) => getMarginViewDecoder().decode(data);

describe('the recording', () => {
    it('has accounts of many kinds, and liquidations that went through and that did not', () => {
        expect(recording.cases.length).toBeGreaterThanOrEqual(20);
        const answers = recording.cases.flatMap((recorded) => recorded.liquidations.map(({ answer }) => answer));
        expect(answers.filter((answer) => 'data' in answer).length).toBeGreaterThan(20);
        const codes = new Set(answers.flatMap((answer) => ('code' in answer ? [answer.code] : [])));
        expect(codes.size).toBeGreaterThanOrEqual(10);
    });
});

describe.each(recording.cases)('$name', (recorded) => {
    const inputs = inputsOf(recorded);

    it('has the margins that the program returns', () => {
        expect(answered(() => module.marginView(inputs))).toMatchObject(
            programSaid(recorded.check_margin_all, decodeView),
        );
        expect(answered(() => module.marginView(inputs, 'spot'))).toMatchObject(
            programSaid(recorded.check_margin_spot, decodeView),
        );
    });

    it('has the margins after a move of money that the ledger books, or is refused for the same reason', () => {
        const refused = recorded.after.filter(({ answer }) => 'code' in answer);
        // The last bank is none.
        expect(refused.length).toBeGreaterThanOrEqual(2);
        expect(recorded.after.length).toBeGreaterThan(refused.length);
        for (const { bank, change_atoms, answer } of recorded.after) {
            const move = { bank, changeAtoms: BigInt(change_atoms) };
            expect(answered(() => module.marginAfter(inputs, move))).toMatchObject(programSaid(answer, decodeView));
        }
    });

    it('is liquidated as the program does it, to the atom, or refused for the same reason', () => {
        for (const liquidation of recorded.liquidations) {
            const planned = module.liquidationPlan(inputs, requestOf(liquidation));
            const said = programSaid(liquidation.answer, (data) => getLiquidationOutcomeDecoder().decode(data));
            if ('code' in said) {
                expect(planned).toMatchObject({ kind: 'refused', error: { code: said.code } });
                continue;
            }
            expect(planned).toMatchObject({
                kind: 'plan',
                regime: said.regime === 0 ? 'cure' : 'windDown',
                penaltyPpm: said.penaltyPpm,
                size: said.size,
                paidAtoms: said.paidAtoms,
                receivedAtoms: said.receivedAtoms,
                feeAtoms: said.feeAtoms,
            });
            const { before, after } = planned as LiquidationPlan;
            expect(before).toEqual(module.marginView(inputs).spot);
            expect(after).not.toEqual(before);
        }
    });

    it('is in a regime wherever the program liquidates some leg', () => {
        const went = recorded.liquidations.some(({ answer }) => 'data' in answer);
        const { regime, healthPpm } = module.assess(inputs);
        if (went) expect(regime).toBeDefined();
        expect(healthPpm).toBeLessThanOrEqual(1_000_000);
    });

    it('goes under water at the recorded prices', () => {
        for (const { slot, is_under_water, present, below, above } of recorded.liquidation_prices) {
            const price = ({ mantissa, exponent }: { mantissa: string; exponent: number }) => ({
                mantissa: BigInt(mantissa),
                exponent,
            });
            const orNone = (of: typeof present) => (of.mantissa === '0' ? undefined : price(of));
            expect(module.liquidationPrices(inputs, slot)).toEqual({
                isUnderWater: is_under_water,
                present: price(present),
                below: orNone(below),
                above: orNone(above),
            });
        }
    });
});

describe('the module', () => {
    const inputs = inputsOf(recording.cases[0]!);

    it('names the account whose bytes are something else', () => {
        const cut = inputs.account.slice(1);
        expect(answered(() => module.marginView({ ...inputs, account: cut }))).toEqual({ code: 1 });
        const registry = inputs.registry.map((byte, index) => (index === 0 ? byte ^ 1 : byte));
        expect(answered(() => module.marginView({ ...inputs, registry }))).toEqual({ code: 2 });
        expect(answered(() => module.marginView({ ...inputs, board: inputs.registry }))).toEqual({ code: 3 });
        expect(() => module.marginView({ ...inputs, board: inputs.registry })).toThrow('not a price board');
    });

    it("refuses accounts of two engines with the program's code", () => {
        const account = inputs.account.map((byte, index) => (index === 16 ? byte ^ 1 : byte));
        expect(answered(() => module.marginView({ ...inputs, account }))).toEqual({ code: 6005 });
    });

    it('refuses a price slot that is not listed', () => {
        expect(answered(() => module.liquidationPrices(inputs, 63))).toEqual({ code: 4 });
        expect(answered(() => module.liquidationPrices(inputs, 1_000))).toEqual({ code: 4 });
    });

    it('refuses liquidations while they are paused', () => {
        const registry = inputs.registry.slice();
        registry[48] = registry[48]! | 8;
        // Until the end of time: the fourth bit's place among the pauses, each of 24 bytes.
        registry.fill(0x7f, 22_984 + 3 * 24, 22_984 + 3 * 24 + 8);
        const request = { leg: { kind: 'perp', market: 0 } } as const;
        expect(module.liquidationPlan({ ...inputs, registry }, request)).toMatchObject({
            kind: 'refused',
            error: { name: 'Paused' },
        });
    });

    it('keeps nothing between calls', () => {
        const [first, second] = [recording.cases[1]!, recording.cases.at(-3)!].map(inputsOf);
        const before = module.marginView(first!);
        module.liquidationPrices(second!, 1);
        expect(module.marginView(first!)).toEqual(before);
    });

    it('is loaded by the functions that need no module', async () => {
        expect(await marginView(inputs)).toEqual(module.marginView(inputs));
        expect(await assess(inputs)).toEqual(module.assess(inputs));
        expect(await liquidationPrices(inputs, 0)).toEqual(module.liquidationPrices(inputs, 0));
        const request = { leg: { kind: 'perp', market: 0 } } as const;
        expect(await liquidationPlan(inputs, request)).toEqual(module.liquidationPlan(inputs, request));
    });

    it('refuses a module of another interface', async () => {
        // The smallest module: magic number and version, no exports.
        const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
        await expect(MarginModule.load(empty)).rejects.toThrow('interface version');
    });
});
