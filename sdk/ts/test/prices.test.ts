import { describe, expect, it } from 'vitest';

import { picoToUsd, priceToDecimal, priceToNumber, priceToUnits } from '../src/index.js';

const half = { mantissa: 1n << 63n, exponent: -64 };
const two_hundred = { mantissa: 200n << 56n, exponent: -56 };

describe('stored prices', () => {
    it('become numbers and decimal text', () => {
        expect(priceToNumber(half)).toBe(0.5);
        expect(priceToNumber(two_hundred)).toBe(200);
        expect(priceToDecimal(half, 2)).toBe('0.50');
        expect(priceToDecimal(two_hundred, 0)).toBe('200');
    });

    it('are rounded down to the unit asked for', () => {
        expect(priceToUnits({ mantissa: (1n << 64n) - 1n, exponent: -64 }, 8)).toBe(99_999_999n);
        expect(priceToDecimal({ mantissa: 1n << 63n, exponent: -100 }, 8)).toBe('0.00000000');
    });

    it('above 2^64 keep their exponent', () => {
        expect(priceToUnits({ mantissa: 1n << 63n, exponent: 3 }, 1)).toBe((1n << 66n) * 10n);
    });
});

describe('margins', () => {
    it('become dollars with their sign', () => {
        expect(picoToUsd(2_400_000_000_000_000n)).toBe(2400);
        expect(picoToUsd(-1_500_000_000_000n)).toBe(-1.5);
    });
});
