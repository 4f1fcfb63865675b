import { AccountRole, type AccountMeta, type Address, type Instruction, type TransactionSigner } from '@solana/kit';

import {
    getLiquidateCollateralInstruction,
    getLiquidatePositionInstruction,
    getRefreshPriceInstruction,
} from './generated/index.js';
import type { LiquidationRequest } from './margin/index.js';
import { findBank, findBoard, findFeeds, findMarket, findRegistry } from './pdas.js';

/** Slot of the settlement token's bank. */
export const QUOTE_BANK = 0;

/** Who liquidates whom. */
export interface LiquidationParties {
    readonly engine: Address;
    /** Owner or delegate of the liquidator's account. */
    readonly signer: TransactionSigner;
    /** The liquidator's margin account. */
    readonly liquidator: Address;
    /** The account under water. */
    readonly liquidatee: Address;
}

/** How a liquidation is sent. */
export interface LiquidationOptions {
    /** Succeed without any change where nothing can be done: for liquidators who race. False by default. */
    readonly noOpIfRefused?: boolean;
    /**
     * Pass the collateral's bank too, which the program needs where the liquidator owes that token (it answers
     * `TotalsRequired` where it is missing). True by default.
     */
    readonly withAssetBank?: boolean;
}

/** The instruction that does what {@link liquidationPlan} says of the same request. */
export async function liquidateInstruction(
    parties: LiquidationParties,
    request: LiquidationRequest,
    { noOpIfRefused = false, withAssetBank = true }: LiquidationOptions = {},
): Promise<Instruction> {
    const { engine, ...accounts } = parties;
    const { leg } = request;
    const [registry, board] = await Promise.all([findRegistry(engine), findBoard(engine)]);
    const bounds = {
        maxSize: request.maxSize ?? 0n,
        asMuchAsAllowed: request.maxSize === undefined,
        minSize: request.minSize ?? 0n,
        limitNumerator: request.limit?.numerator ?? 0n,
        limitDenominator: request.limit?.denominator ?? 0n,
        noOpIfRefused,
    };
    if (leg.kind === 'perp') {
        const market = await findMarket(engine, leg.market);
        return getLiquidatePositionInstruction({ ...accounts, registry, board, market, marketArg: leg.market, bounds });
    }
    const isBorrow = leg.kind === 'borrow';
    return getLiquidateCollateralInstruction({
        ...accounts,
        registry,
        board,
        liabilityBank: await findBank(engine, isBorrow ? leg.liabilityBank : QUOTE_BANK),
        ...(withAssetBank ? { assetBank: await findBank(engine, leg.assetBank) } : {}),
        ...(isBorrow ? {} : { market: await findMarket(engine, leg.market) }),
        assetBankArg: leg.assetBank,
        liability: isBorrow
            ? { __kind: 'Borrow', fields: [leg.liabilityBank] }
            : { __kind: 'NegativePnl', fields: [leg.market] },
        bounds,
    });
}

/** One feed of {@link refreshPricesInstruction}. */
export interface PriceRefresh {
    /** Slot of the price board. */
    readonly slot: number;
    /** The primary source's account. */
    readonly primary: Address;
    /** The secondary source's account, to be used if the primary is shown to be silent. */
    readonly secondary?: Address;
}

/** Takes newer prices of several feeds into the board; anyone may send it. */
export async function refreshPricesInstruction(engine: Address, feeds: readonly PriceRefresh[]): Promise<Instruction> {
    const [registry, board, book] = await Promise.all([findRegistry(engine), findBoard(engine), findFeeds(engine)]);
    const entries = feeds.map(({ slot, secondary }) => ({ slot, withSecondary: secondary !== undefined }));
    const instruction = getRefreshPriceInstruction({ registry, board, feeds: book, entries });
    const oracles = feeds.flatMap(({ primary, secondary }) =>
        secondary === undefined ? [primary] : [primary, secondary],
    );
    const metas = oracles.map((address): AccountMeta => ({ address, role: AccountRole.READONLY }));
    return { ...instruction, accounts: [...instruction.accounts, ...metas] };
}
