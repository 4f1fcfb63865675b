import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

import { address as toAddress } from '@solana/kit';

import type { Leg, LiquidationRequest, MarginInputs } from '../src/index.js';

/** The program's answer: return data as base64, or the code of its refusal. */
export type Answer = { data: string } | { code: number };

interface RecordedPrice {
    mantissa: string;
    exponent: number;
}

interface RecordedLeg {
    kind: 'borrow' | 'negative_pnl' | 'perp';
    asset_bank?: number;
    liability_bank?: number;
    market?: number;
}

export interface RecordedLiquidation {
    request: {
        leg: RecordedLeg;
        max_size: string | null;
        min_size: string;
        limit_numerator: string;
        limit_denominator: string;
    };
    answer: Answer;
}

export interface RecordedCase {
    name: string;
    now: number;
    state: number;
    address: string;
    account_base64: string;
    decoded: {
        owner: string;
        id: number;
        status: number;
        under_water_secs: number;
        observed_at: string;
        tokens: { bank: number; shares: string }[];
        perps: { market: number; shares: string; cash_atoms: string; k_entry: string }[];
    };
    check_margin_spot: Answer;
    check_margin_all: Answer;
    after: { bank: number; change_atoms: string; answer: Answer }[];
    liquidations: RecordedLiquidation[];
    liquidation_prices: {
        slot: number;
        is_under_water: boolean;
        present: RecordedPrice;
        below: RecordedPrice;
        above: RecordedPrice;
    }[];
}

interface Recording {
    program: string;
    states: { registry_gzip: string; board_gzip: string }[];
    cases: RecordedCase[];
    liquidation_event: {
        event_base64: string;
        account: string;
        asset_bank: number;
        liability_bank: number;
        penalty_ppm: number;
        repaid_atoms: string;
        seized_atoms: string;
        insurance_fee_atoms: string;
        nav_after_usd_pico: string;
    };
}

export function fixture<T>(name: string): T {
    return JSON.parse(readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')) as T;
}

export const bytesOf = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'));

export const recording = fixture<Recording>('accounts.json');

const states = recording.states.map(({ registry_gzip, board_gzip }) => ({
    registry: Uint8Array.from(gunzipSync(bytesOf(registry_gzip))),
    board: Uint8Array.from(gunzipSync(bytesOf(board_gzip))),
}));

/** The bytes and the time that a case was recorded with. */
export function inputsOf(recorded: RecordedCase): MarginInputs {
    const state = states[recorded.state];
    if (state === undefined) throw new Error(`${recorded.name} names a state that was not recorded`);
    const address = toAddress(recorded.address);
    return { address, account: bytesOf(recorded.account_base64), ...state, now: BigInt(recorded.now) };
}

function legOf(leg: RecordedLeg): Leg {
    switch (leg.kind) {
        case 'borrow':
            return { kind: 'borrow', assetBank: leg.asset_bank!, liabilityBank: leg.liability_bank! };
        case 'negative_pnl':
            return { kind: 'negativePnl', assetBank: leg.asset_bank!, market: leg.market! };
        case 'perp':
            return { kind: 'perp', market: leg.market! };
    }
}

/** A recorded request as the client takes it. */
export function requestOf({ request }: RecordedLiquidation): LiquidationRequest {
    return {
        leg: legOf(request.leg),
        ...(request.max_size === null ? {} : { maxSize: BigInt(request.max_size) }),
        minSize: BigInt(request.min_size),
        ...(request.limit_denominator === '0'
            ? {}
            : {
                  limit: {
                      numerator: BigInt(request.limit_numerator),
                      denominator: BigInt(request.limit_denominator),
                  },
              }),
    };
}
