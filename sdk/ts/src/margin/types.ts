import type { Address } from '@solana/kit';

import type { EngineErrorInfo } from '../errors.js';
import type { MaintenanceView, MarginView } from '../generated/index.js';
import type { StoredPriceLike } from '../price.js';

/** Whole data of the three accounts that every margin check reads, and the time they are looked at. */
export interface MarginInputs {
    /** Address of the margin account, which the answer names. */
    readonly address: Address;
    /** The margin account. */
    readonly account: Uint8Array;
    /** Its engine's registry. */
    readonly registry: Uint8Array;
    /** Its engine's price board. */
    readonly board: Uint8Array;
    /** Unix seconds. */
    readonly now: bigint;
}

/** What is priced of an account, and where its price stands. */
export type PricedLeg = {
    /** Slot of the price board. */
    readonly priceSlot: number;
} & (
    | { readonly kind: 'token'; readonly bank: number }
    /** A perp; what it gains or loses settles in the token of bank 0, which is then a leg as well. */
    | { readonly kind: 'perp'; readonly market: number }
);

/** A leg whose price is stale: it is valued at the edge that favours the account, and no risk is added beside it. */
export type StaleLeg = PricedLeg & {
    /** When its price was published, Unix seconds. */
    readonly publishedAt: bigint;
    /** Whether the price is halted, be it young or not. */
    readonly isHalted: boolean;
};

/** What `check_margin` returns, and which legs are stale where its flags say that one is. */
export interface NamedMarginView extends MarginView {
    readonly staleLegs: readonly StaleLeg[];
}

/** A deposit, repayment, withdrawal or borrow that is thought of. */
export interface MoneyMove {
    /** Slot of the bank. */
    readonly bank: number;
    /** Atoms that are deposited or repaid; withdrawn or borrowed where negative. */
    readonly changeAtoms: bigint;
}

/** The leg that a liquidator asks for. */
export type Leg =
    /** Repay a borrow and take collateral. */
    | { readonly kind: 'borrow'; readonly assetBank: number; readonly liabilityBank: number }
    /** Pay a market's negative PnL and take collateral. */
    | { readonly kind: 'negativePnl'; readonly assetBank: number; readonly market: number }
    /** Take over a perp. */
    | { readonly kind: 'perp'; readonly market: number };

/** What a liquidator asks for. */
export interface LiquidationRequest {
    readonly leg: Leg;
    /** Most debt atoms or base units to take; as much as allowed where it is left out. */
    readonly maxSize?: bigint;
    /** Fewest debt atoms or base units to take; 0 where it is left out. */
    readonly minSize?: bigint;
    /**
     * Limit price as a fraction. Collateral: at least `numerator` atoms of it for every `denominator` atoms paid.
     * Perp: at most (long taken over) or at least (short) `numerator` quote atoms for every `denominator` base units.
     */
    readonly limit?: { readonly numerator: bigint; readonly denominator: bigint };
}

/** A leg as the program names it in its answers. */
export type LegName =
    | { readonly kind: 'pair'; readonly assetBank: number; readonly liabilityBank: number }
    | { readonly kind: 'perp'; readonly market: number };

/** What an account remembers between observations, as it would be stored now. */
export interface Clocks {
    readonly underWaterSecs: number;
    readonly windDownSecs: number;
    readonly seen: 'healthy' | 'underWater' | 'windDown';
    /** Whether spot alone counts. */
    readonly bypass: boolean;
    /** Unix seconds. */
    readonly observedAt: bigint;
    /** When an initial check last passed, Unix seconds. */
    readonly passedAt: bigint;
}

/** How a liquidation is sized and priced. */
export type Regime = 'cure' | 'windDown';

/** Whether an account may be liquidated, and what the best leg is. */
export interface Assessment {
    /** None while the account is not under water. */
    readonly regime: Regime | undefined;
    /** Whether only spot says wind-down, so that a fill is bounded by the target at the fast average. */
    readonly isCapped: boolean;
    /** `NAV / MMR` at spot, rounded down, at most one, parts per million. */
    readonly healthPpm: number;
    /** What closing a dollar of the best leg releases at maintenance, parts per million. */
    readonly bestRatePpm: number;
    readonly best: LegName | undefined;
    /** What may be seized of quote, atoms. */
    readonly quoteSeizableAtoms: bigint;
    /** What is owed in quote, borrow and negative PnL, atoms. */
    readonly quoteOwedAtoms: bigint;
    readonly clocks: Clocks;
}

/** One fill, decided. */
export interface LiquidationPlan {
    readonly kind: 'plan';
    readonly regime: Regime;
    /** Penalty, parts per million of the notional closed. */
    readonly penaltyPpm: number;
    /** Pair: debt atoms repaid. Perp: base units moved. */
    readonly size: bigint;
    /** Pair: atoms the liquidator pays, fee included. Perp: quote atoms the units are worth at spot. */
    readonly paidAtoms: bigint;
    /** Pair: collateral atoms received. Perp: the liquidator's part of the penalty, quote atoms. */
    readonly receivedAtoms: bigint;
    /** Insurance share of the penalty: atoms of the debt's mint, or quote atoms of a perp. */
    readonly feeAtoms: bigint;
    /** Notional closed at spot, micro-dollars. */
    readonly notionalUsdMicro: bigint;
    /** Margins at spot before. */
    readonly before: MaintenanceView;
    /** Margins at spot afterwards. */
    readonly after: MaintenanceView;
    readonly clocks: Clocks;
}

/** Why there is no plan. */
export interface LiquidationRefusal {
    readonly kind: 'refused';
    /** The error that the program would answer with. */
    readonly error: EngineErrorInfo;
    /** The best leg, where another one was asked for. */
    readonly best: LegName | undefined;
}

/** Spot prices of one underlying at which the account goes under water while every other price stays. */
export interface LiquidationPrices {
    /** Whether the account is under water at spot now; then neither price is given. */
    readonly isUnderWater: boolean;
    readonly present: StoredPriceLike;
    /** The highest price below the present one; none where it survives any fall. */
    readonly below: StoredPriceLike | undefined;
    /** The lowest price above the present one; none where it survives a rise by a thousand times. */
    readonly above: StoredPriceLike | undefined;
}

/** A bank and its engine's registry, as bytes. */
export interface BankInputs {
    /** The bank's data, whole. */
    readonly bank: Uint8Array;
    /** The registry's data, whole. */
    readonly registry: Uint8Array;
    /** Unix seconds. */
    readonly now: bigint;
}

/** How much may leave within a window, atoms. */
export interface OutflowRoom {
    /** Now. */
    readonly leftAtoms: bigint;
    /** In a window in which nothing has left. */
    readonly mostAtoms: bigint;
}

/** What a bank's limits let through now. */
export interface BankLimits {
    /** Withdrawals and borrows within the hour; none where there is no limit. */
    readonly leavesWithinHour: OutflowRoom | undefined;
    /** Within the day. */
    readonly leavesWithinDay: OutflowRoom | undefined;
    /** Most that one bankruptcy may draw of the bank's insurance, atoms. */
    readonly drawOfOneBankruptcyAtoms: bigint;
    /** Most that the bank's own debts may draw of it, atoms. */
    readonly drawOfOwnDebtsAtoms: bigint;
    /** The breaker of debts that are liquidated, atoms: while it stands nobody adds to what the bank is owed. */
    readonly liquidated: Breaker;
    /** The breaker of insurance that is drawn, atoms: while it stands nobody owes more where the rest of it stands in. */
    readonly drawn: Breaker;
}

/** A breaker that trips by itself, and stands for a while. */
export interface Breaker {
    /** What it looks at, within the hour: atoms of a bank, base units of a market. */
    readonly seen: bigint;
    /** It trips beyond so much; never where there is none. */
    readonly beyond: bigint | undefined;
    /** Until when it stands, Unix seconds; none where it does not. */
    readonly until: bigint | undefined;
}

/** A market and its engine's registry, as bytes. */
export interface MarketInputs {
    /** The market's data, whole. */
    readonly market: Uint8Array;
    /** The registry's data, whole. */
    readonly registry: Uint8Array;
    /** Unix seconds. */
    readonly now: bigint;
}
