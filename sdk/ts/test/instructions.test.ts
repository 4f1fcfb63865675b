import { AccountRole, type Address, type Instruction, createNoopSigner } from '@solana/kit';
import { describe, expect, it } from 'vitest';

import * as client from '../src/index.js';
import { storedChange } from './change.js';
import { bytesOf, fixture } from './recording.js';

interface RecordedInstruction {
    name: string;
    accounts: { address: string; signer: boolean; writable: boolean }[];
    data_base64: string;
}

const recorded = fixture<{
    parties: Record<'alice' | 'bob' | 'mint' | 'source' | 'engine', Address>;
    instructions: RecordedInstruction[];
}>('instructions.json');

const { alice, bob, mint, source, engine } = recorded.parties;
const signer = createNoopSigner(alice);
const other = createNoopSigner(bob);

const roles = {
    [AccountRole.READONLY]: { signer: false, writable: false },
    [AccountRole.WRITABLE]: { signer: false, writable: true },
    [AccountRole.READONLY_SIGNER]: { signer: true, writable: false },
    [AccountRole.WRITABLE_SIGNER]: { signer: true, writable: true },
};

/** Addresses that the instructions share. */
async function addresses() {
    const { registry, board } = await client.findEngineAddresses(engine);
    const [quote, sol, market] = await Promise.all([
        client.findBank(engine, 0),
        client.findBank(engine, 1),
        client.findMarket(engine, 1),
    ]);
    const [hers, his] = await Promise.all([
        client.findMarginAccount(engine, alice, 3),
        client.findMarginAccount(engine, bob, 0),
    ]);
    const venue = await client.findVenue(engine, bob);
    return { check: { registry, board }, venue, quote, sol, vault: await client.findVault(sol), market, hers, his };
}

type Addresses = Awaited<ReturnType<typeof addresses>>;

function accountsAndBanks({ check, sol, vault, hers, venue }: Addresses): Record<string, Instruction> {
    const { registry, board } = check;
    const token = { registry, bank: sol, vault, mint, tokenProgram: client.TOKEN_2022_PROGRAM_ADDRESS };
    const opened = { owner: signer, engine, registry, marginAccount: hers, id: 3 };
    const delegate = { key: bob, rights: 7, tradeLimitAtomsPerDay: 7_000_000_000n };
    const approval = { markets: 5, notionalLimitAtoms: 9_000_000_000n, expiresAt: 1_800_000_000n };
    const run = { owner: signer, marginAccount: hers };
    const all = { marginAccount: hers, destination: source, amountAtoms: 0n, all: true };
    return {
        check_margin: client.getCheckMarginInstruction({ ...check, marginAccount: hers, views: 3 }),
        observe_margin: client.getObserveMarginInstruction({ ...check, marginAccount: hers }),
        open_account: client.getOpenAccountInstruction({ ...opened, payer: other, delegate }),
        open_account_without_delegate: client.getOpenAccountInstruction({ ...opened, payer: signer, delegate: null }),
        set_delegate: client.getSetDelegateInstruction({ ...run, delegate }),
        set_delegate_to_nobody: client.getSetDelegateInstruction({ ...run, delegate: null }),
        approve_venue: client.getApproveVenueInstruction({ ...run, venue, ...approval }),
        deposit: client.getDepositInstruction({
            ...token,
            board,
            authority: signer,
            marginAccount: hers,
            source,
            amountAtoms: 5n,
        }),
        withdraw: client.getWithdrawInstruction({ ...token, ...all, board, owner: signer }),
        accrue: client.getAccrueInstruction({ registry, bank: sol }),
    };
}

async function perps({ check, quote, market, hers, his, venue }: Addresses): Promise<Record<string, Instruction>> {
    const fill = { ...check, buyer: hers, seller: his, market, baseUnits: 11n, quoteAtoms: 13n };
    const byVenue = { venue, venueSigner: other };
    const resolved = { ...check, marginAccount: his };
    return {
        settle_fill_by_owners: client.getSettleFillInstruction({
            ...fill,
            buyerAuthority: signer,
            sellerAuthority: other,
        }),
        settle_fill_by_venue: client.getSettleFillInstruction({ ...fill, ...byVenue }),
        settle_pnl: client.getSettlePnlInstruction({ ...check, marginAccount: hers, market, quoteBank: quote }),
        settle_own_claim: client.getSettlePnlInstruction({ ...check, market, quoteBank: quote }),
        resolve_freeze: client.getResolveBankruptcyInstruction({
            ...resolved,
            quoteBank: quote,
            step: { __kind: 'Freeze' },
        }),
        resolve_pay_pnl: client.getResolveBankruptcyInstruction({
            ...resolved,
            quoteBank: quote,
            market,
            step: { __kind: 'PayPnl', market: 1 },
        }),
    };
}

async function liquidations({ hers, his }: Addresses): Promise<Record<string, Instruction>> {
    const parties = { engine, signer, liquidator: hers, liquidatee: his };
    const limit = { numerator: 7n, denominator: 9n };
    const borrow = { kind: 'borrow', assetBank: 1, liabilityBank: 0 } as const;
    const pnl = { kind: 'negativePnl', assetBank: 1, market: 1 } as const;
    const options = { noOpIfRefused: true, withAssetBank: false };
    return {
        liquidate_borrow: await client.liquidateInstruction(parties, { leg: borrow }),
        liquidate_borrow_bounded: await client.liquidateInstruction(
            parties,
            { leg: borrow, maxSize: 17n, minSize: 5n, limit },
            options,
        ),
        liquidate_pnl: await client.liquidateInstruction(parties, { leg: pnl }),
        liquidate_perp: await client.liquidateInstruction(parties, { leg: { kind: 'perp', market: 1 }, limit }),
        refresh_price: await client.refreshPricesInstruction(engine, [
            { slot: 0, primary: alice },
            { slot: 2, primary: bob, secondary: mint },
        ]),
    };
}

/** A venue that reports premiums, which has to wait: the executor signs for it, and whoever executes it pays. */
async function proposal(): Promise<Instruction> {
    const [authority, venue, registry] = await Promise.all([
        client.executorSigner(engine),
        client.findVenue(engine, mint),
        client.findRegistry(engine),
    ]);
    const args = { signer: mint, settleMarkets: 5, premiumMarkets: 1 };
    return client.getRegisterVenueInstruction({ authority, payer: other, engine, registry, venue, ...args });
}

async function changes(): Promise<Record<string, Instruction>> {
    const instruction = await proposal();
    const change = await storedChange({ engine, id: 7n, rentPayer: mint, instruction });
    return {
        propose_change: await client.proposeChangeInstruction({
            engine,
            proposer: signer,
            payer: other,
            id: 7n,
            instruction,
        }),
        execute_change: await client.executeChangeInstruction(signer, change),
        cancel_change: await client.cancelChangeInstruction(signer, change),
        advance_ramp_of_params: await client.advanceRampInstruction(engine, { __kind: 'Params' }),
        advance_ramp_of_a_market: await client.advanceRampInstruction(engine, { __kind: 'Market', fields: [3] }),
        pause: await client.pauseInstruction({ engine, signer, what: ['borrow', 'openAccount'] }, 600),
        unpause: await client.unpauseInstruction({ engine, signer, what: ['fill'] }),
    };
}

describe('instructions', async () => {
    const shared = await addresses();
    const instructions = { ...accountsAndBanks(shared), ...(await perps(shared)), ...(await liquidations(shared)), ...(await changes()) };

    it('are all compared', () => {
        expect(Object.keys(instructions).sort()).toEqual(recorded.instructions.map(({ name }) => name).sort());
    });

    it.each(recorded.instructions)(
        '$name has the accounts and the bytes of the Rust SDK',
        ({ name, accounts, data_base64 }) => {
            const { programAddress, accounts: metas, data } = instructions[name]!;
            expect(programAddress).toBe(client.PLIMSOLL_PROGRAM_ADDRESS);
            expect(metas!.map(({ address, role }) => ({ address, ...roles[role] }))).toEqual(accounts);
            expect(Uint8Array.from(data!)).toEqual(bytesOf(data_base64));
        },
    );
});
