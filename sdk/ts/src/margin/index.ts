import { MarginModule } from './module.js';
import type {
    Assessment,
    BankInputs,
    BankLimits,
    Breaker,
    LiquidationPlan,
    LiquidationPrices,
    LiquidationRefusal,
    LiquidationRequest,
    MarginInputs,
    MarketInputs,
    MoneyMove,
    NamedMarginView,
} from './types.js';

export * from './may.js';
export * from './module.js';
export * from './types.js';

let packaged: Promise<MarginModule> | undefined;

/** The module of this package, loaded once. A failed load is tried again by the next call. */
export function loadMarginModule(): Promise<MarginModule> {
    packaged ??= MarginModule.load().catch((error: unknown) => {
        packaged = undefined;
        throw error;
    });
    return packaged;
}

/** {@link MarginModule.marginView} on the module of this package. */
export async function marginView(inputs: MarginInputs, views?: 'all' | 'spot'): Promise<NamedMarginView> {
    return (await loadMarginModule()).marginView(inputs, views);
}

/** {@link MarginModule.marginAfter} on the module of this package. */
export async function marginAfter(
    inputs: MarginInputs,
    move: MoneyMove,
    views?: 'all' | 'spot',
): Promise<NamedMarginView> {
    return (await loadMarginModule()).marginAfter(inputs, move, views);
}

/** {@link MarginModule.assess} on the module of this package. */
export async function assess(inputs: MarginInputs): Promise<Assessment> {
    return (await loadMarginModule()).assess(inputs);
}

/** {@link MarginModule.liquidationPlan} on the module of this package. */
export async function liquidationPlan(
    inputs: MarginInputs,
    request: LiquidationRequest,
): Promise<LiquidationPlan | LiquidationRefusal> {
    return (await loadMarginModule()).liquidationPlan(inputs, request);
}

/** {@link MarginModule.liquidationPrices} on the module of this package. */
export async function liquidationPrices(inputs: MarginInputs, priceSlot: number): Promise<LiquidationPrices> {
    return (await loadMarginModule()).liquidationPrices(inputs, priceSlot);
}

/** {@link MarginModule.bankLimits} on the module of this package. */
export async function bankLimits(inputs: BankInputs): Promise<BankLimits> {
    return (await loadMarginModule()).bankLimits(inputs);
}

/** {@link MarginModule.marketBreaker} on the module of this package. */
export async function marketBreaker(inputs: MarketInputs): Promise<Breaker> {
    return (await loadMarginModule()).marketBreaker(inputs);
}
