/** A price or scale as accounts store it: `mantissa * 2^exponent`; zero mantissa for none. */
export interface StoredPriceLike {
    readonly mantissa: bigint;
    readonly exponent: number;
}

/** The stored number as a JavaScript number, for display: 53 of its 64 significant bits. */
export function priceToNumber(price: StoredPriceLike): number {
    return Number(price.mantissa) * 2 ** price.exponent;
}

/**
 * The stored number in units of `10^-decimals`, exact but for rounding down to one of them.
 *
 * @param decimals Decimal places, not negative.
 */
export function priceToUnits(price: StoredPriceLike, decimals: number): bigint {
    const scaled = price.mantissa * 10n ** BigInt(decimals);
    return price.exponent >= 0 ? scaled << BigInt(price.exponent) : scaled >> BigInt(-price.exponent);
}

/** The stored number as decimal text, rounded down to so many places. */
export function priceToDecimal(price: StoredPriceLike, decimals: number): string {
    const units = priceToUnits(price, decimals)
        .toString()
        .padStart(decimals + 1, '0');
    return decimals === 0 ? units : `${units.slice(0, -decimals)}.${units.slice(-decimals)}`;
}

/** Pico-dollars, the unit of margins, as dollars, for display. */
export function picoToUsd(pico: bigint): number {
    // The division keeps the whole dollars exact up to 2^53.
    const whole = pico / 1_000_000_000_000n;
    return Number(whole) + Number(pico - whole * 1_000_000_000_000n) / 1e12;
}
