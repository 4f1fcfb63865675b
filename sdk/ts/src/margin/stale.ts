import {
    type PriceBoard,
    type PriceSlot,
    PositionKind,
    getMarginAccountDecoder,
    getPriceBoardDecoder,
    getPriceBoardEncoder,
    getRegistryDecoder,
} from '../generated/index.js';
import { QUOTE_BANK } from '../instructions.js';
import type { MarginInputs, PricedLeg, StaleLeg } from './types.js';

/** A dollar, for a price that was never set. */
const ONE = { mantissa: 1n << 63n, exponent: -63 };

/**
 * Names the legs whose price is stale.
 *
 * When a price is stale is the program's to say, so it is asked of each price alone: on a board where every other is
 * fresh, an account with a stale leg has it by this one.
 *
 * @param isStaleOn Whether the account has a stale leg on a board.
 * @param moved A bank that the account may hold nothing of yet.
 */
export function staleLegs(
    inputs: MarginInputs,
    isStaleOn: (board: Uint8Array) => boolean,
    moved?: number,
): StaleLeg[] {
    const board = getPriceBoardDecoder().decode(inputs.board);
    const legs = legsOf(inputs, moved);
    const stale = new Set(
        [...new Set(legs.map(({ priceSlot }) => priceSlot))].filter((slot) =>
            isStaleOn(withOthersFresh(board, slot, inputs.now)),
        ),
    );
    return legs
        .filter(({ priceSlot }) => stale.has(priceSlot))
        .map((leg) => {
            const { publishedAt, haltedUntilAt } = board.slots[leg.priceSlot]!;
            return { ...leg, publishedAt, isHalted: haltedUntilAt > inputs.now };
        });
}

/** What is priced of the account: tokens, positions, and the settlement token beside positions, which settle in it. */
function legsOf({ account, registry }: MarginInputs, moved: number | undefined): PricedLeg[] {
    const { tokens, derivatives } = getMarginAccountDecoder().decode(account);
    const { banks, markets } = getRegistryDecoder().decode(registry);
    const held = tokens.filter(({ used }) => used === 1).map(({ bank }) => bank);
    const perps = derivatives.filter(({ kind }) => kind === PositionKind.Perp);
    const besides = [...(perps.length > 0 ? [QUOTE_BANK] : []), ...(moved === undefined ? [] : [moved])];
    return [
        ...[...new Set([...held, ...besides])].map((bank): PricedLeg => {
            return { kind: 'token', bank, priceSlot: banks[bank]!.priceSlot };
        }),
        ...perps
            .filter(({ shares }) => shares !== 0n)
            .map(({ market }): PricedLeg => ({ kind: 'perp', market, priceSlot: markets[market]!.priceSlot })),
    ];
}

/** The board with every price but one published just now and not halted. */
function withOthersFresh(board: PriceBoard, slot: number, now: bigint): Uint8Array {
    const fresh = (price: PriceSlot): PriceSlot => ({
        ...price,
        publishedAt: now,
        haltedUntilAt: 0n,
        spot: price.spot.mantissa === 0n ? { ...price.spot, ...ONE } : price.spot,
    });
    const slots = board.slots.map((price, index) => (index === slot ? price : fresh(price)));
    return Uint8Array.from(getPriceBoardEncoder().encode({ ...board, slots }));
}
