import {
    fixDecoderSize,
    getBytesDecoder,
    getI32Decoder,
    getI64Decoder,
    getStructDecoder,
    getU32Decoder,
    getU64Decoder,
} from '@solana/kit';

import { getMaintenanceViewDecoder } from '../generated/index.js';
import type { StoredPriceLike } from '../price.js';
import type { BankLimits, Breaker, Clocks, Leg, LegName, LiquidationPrices, Regime } from './types.js';

const legDecoder = getStructDecoder([
    ['kind', getU32Decoder()],
    ['assetOrMarket', getU32Decoder()],
    ['liabilityBank', getU32Decoder()],
    ['pad', getU32Decoder()],
]);
const clocksDecoder = getStructDecoder([
    ['underWaterSecs', getU32Decoder()],
    ['windDownSecs', getU32Decoder()],
    ['seen', getU32Decoder()],
    ['bypass', getU32Decoder()],
    ['observedAt', getI64Decoder()],
    ['passedAt', getI64Decoder()],
]);
/** Decodes what `assess` answers. */
export const assessmentDecoder = getStructDecoder([
    ['regime', getU32Decoder()],
    ['isCapped', getU32Decoder()],
    ['healthPpm', getU32Decoder()],
    ['bestRatePpm', getU32Decoder()],
    ['best', legDecoder],
    ['quoteSeizableAtoms', getU64Decoder()],
    ['quoteOwedAtoms', getU64Decoder()],
    ['clocks', clocksDecoder],
]);
/** Decodes what `liquidation_plan` answers. */
export const planDecoder = getStructDecoder([
    ['reason', getU32Decoder()],
    ['regime', getU32Decoder()],
    ['penaltyPpm', getU32Decoder()],
    ['pad', getU32Decoder()],
    ['best', legDecoder],
    ['size', getU64Decoder()],
    ['paidAtoms', getU64Decoder()],
    ['receivedAtoms', getU64Decoder()],
    ['feeAtoms', getU64Decoder()],
    ['notionalUsdMicro', getU64Decoder()],
    ['before', getMaintenanceViewDecoder()],
    ['after', getMaintenanceViewDecoder()],
    ['clocks', clocksDecoder],
]);

const priceDecoder = getStructDecoder([
    ['mantissa', getU64Decoder()],
    ['exponent', getI32Decoder()],
    ['pad', fixDecoderSize(getBytesDecoder(), 4)],
]);
const pricesDecoder = getStructDecoder([
    ['isUnderWater', getU32Decoder()],
    ['pad', getU32Decoder()],
    ['present', priceDecoder],
    ['below', priceDecoder],
    ['above', priceDecoder],
]);

/** Decodes what `liquidation_prices` answers. */
export function decodeLiquidationPrices(answer: Uint8Array): LiquidationPrices {
    const { isUnderWater, present, below, above } = pricesDecoder.decode(answer);
    const plain = ({ mantissa, exponent }: StoredPriceLike): StoredPriceLike => ({ mantissa, exponent });
    const found = (price: StoredPriceLike) => (price.mantissa === 0n ? undefined : plain(price));
    return { isUnderWater: isUnderWater === 1, present: plain(present), below: found(below), above: found(above) };
}

const breakerDecoder = getStructDecoder([
    ['seen', getU64Decoder()],
    ['beyond', getU64Decoder()],
    ['untilAt', getI64Decoder()],
]);
const limitsDecoder = getStructDecoder([
    ['hourLeft', getU64Decoder()],
    ['hourMost', getU64Decoder()],
    ['dayLeft', getU64Decoder()],
    ['dayMost', getU64Decoder()],
    ['eventDraw', getU64Decoder()],
    ['ownDraw', getU64Decoder()],
    ['liquidated', breakerDecoder],
    ['drawn', breakerDecoder],
]);
/** The largest number stands for no limit. */
const NO_LIMIT = (1n << 64n) - 1n;

/** Decodes what `bank_limits` answers. */
export function decodeBankLimits(answer: Uint8Array): BankLimits {
    const { hourLeft, hourMost, dayLeft, dayMost, eventDraw, ownDraw, liquidated, drawn } =
        limitsDecoder.decode(answer);
    const room = (leftAtoms: bigint, mostAtoms: bigint) =>
        mostAtoms === NO_LIMIT ? undefined : { leftAtoms, mostAtoms };
    return {
        leavesWithinHour: room(hourLeft, hourMost),
        leavesWithinDay: room(dayLeft, dayMost),
        drawOfOneBankruptcyAtoms: eventDraw,
        drawOfOwnDebtsAtoms: ownDraw,
        liquidated: breakerOf(liquidated),
        drawn: breakerOf(drawn),
    };
}

function breakerOf({ seen, beyond, untilAt }: ReturnType<typeof breakerDecoder.decode>): Breaker {
    return { seen, beyond: beyond === NO_LIMIT ? undefined : beyond, until: untilAt === 0n ? undefined : untilAt };
}

/** Decodes what `market_breaker` answers. */
export const decodeBreaker = (answer: Uint8Array): Breaker => breakerOf(breakerDecoder.decode(answer));

/** A regime by its number. */
export function regimeOf(number: number): Regime | undefined {
    return ([undefined, 'cure', 'windDown'] as const)[number];
}

/** A leg by its numbers. */
export function legName(leg: ReturnType<typeof legDecoder.decode>): LegName | undefined {
    switch (leg.kind) {
        case 1:
            return { kind: 'pair', assetBank: leg.assetOrMarket, liabilityBank: leg.liabilityBank };
        case 2:
            return { kind: 'perp', market: leg.assetOrMarket };
        default:
            return undefined;
    }
}

/** Clocks by their numbers. */
export function clocksOf(clocks: ReturnType<typeof clocksDecoder.decode>): Clocks {
    const { seen, bypass, ...times } = clocks;
    return {
        ...times,
        seen: (['healthy', 'underWater', 'windDown'] as const)[seen] ?? 'healthy',
        bypass: bypass === 1,
    };
}

/** Kind, first and second index of a leg, as the module takes them. */
export function legNumbers(leg: Leg): [kind: number, assetOrMarket: number, liability: number] {
    switch (leg.kind) {
        case 'borrow':
            return [1, leg.assetBank, leg.liabilityBank];
        case 'negativePnl':
            return [2, leg.assetBank, leg.market];
        case 'perp':
            return [3, leg.market, 0];
    }
}
