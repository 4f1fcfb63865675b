import { AccountRole, type Address, type Instruction, createNoopSigner } from '@solana/kit';
import { describe, expect, it } from 'vitest';

import * as client from '../src/index.js';
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

async function built(): Promise<Record<string, Instruction>> {
    const { registry, board } = await client.findEngineAddresses(engine);
    const [quote, sol] = await Promise.all([client.findBank(engine, 0), client.findBank(engine, 1)]);
    const vault = await client.findVault(sol);
    const market = await client.findMarket(engine, 1);
    const [hers, his] = await Promise.all([
        client.findMarginAccount(engine, alice, 3),
        client.findMarginAccount(engine, bob, 0),
    ]);
    const check = { registry, board };
    const token = { registry, bank: sol, vault, mint, tokenProgram: client.TOKEN_2022_PROGRAM_ADDRESS };
    const parties = { engine, signer, liquidator: hers, liquidatee: his };
    const limit = { numerator: 7n, denominator: 9n };
    return {
        check_margin: client.getCheckMarginInstruction({ ...check, marginAccount: hers, views: 3 }),
        observe_margin: client.getObserveMarginInstruction({ ...check, marginAccount: hers }),
        open_account: client.getOpenAccountInstruction({
            owner: signer,
            payer: other,
            engine,
            registry,
            marginAccount: hers,
            id: 3,
            delegate: bob,
        }),
        open_account_without_delegate: client.getOpenAccountInstruction({
            owner: signer,
            payer: signer,
            engine,
            registry,
            marginAccount: hers,
            id: 3,
            delegate: null,
        }),
        deposit: client.getDepositInstruction({ ...token, authority: signer, marginAccount: hers, source, amountAtoms: 5n }),
        withdraw: client.getWithdrawInstruction({
            ...token,
            board,
            owner: signer,
            marginAccount: hers,
            destination: source,
            amountAtoms: 0n,
            all: true,
        }),
        accrue: client.getAccrueInstruction({ registry, bank: sol }),
        settle_fill_by_owners: client.getSettleFillInstruction({
            ...check,
            buyer: hers,
            seller: his,
            market,
            buyerAuthority: signer,
            sellerAuthority: other,
            baseUnits: 11n,
            quoteAtoms: 13n,
        }),
        settle_fill_by_venue: client.getSettleFillInstruction({
            ...check,
            buyer: hers,
            seller: his,
            market,
            venue: await client.findVenue(engine, bob),
            venueSigner: other,
            baseUnits: 11n,
            quoteAtoms: 13n,
        }),
        settle_pnl: client.getSettlePnlInstruction({ ...check, marginAccount: hers, market, quoteBank: quote }),
        settle_own_claim: client.getSettlePnlInstruction({ ...check, market, quoteBank: quote }),
        resolve_freeze: client.getResolveBankruptcyInstruction({
            ...check,
            marginAccount: his,
            step: { __kind: 'Freeze' },
        }),
        resolve_pay_pnl: client.getResolveBankruptcyInstruction({
            ...check,
            marginAccount: his,
            quoteBank: quote,
            market,
            step: { __kind: 'PayPnl', market: 1 },
        }),
        liquidate_borrow: await client.liquidateInstruction(parties, {
            leg: { kind: 'borrow', assetBank: 1, liabilityBank: 0 },
        }),
        liquidate_borrow_bounded: await client.liquidateInstruction(
            parties,
            { leg: { kind: 'borrow', assetBank: 1, liabilityBank: 0 }, maxSize: 17n, minSize: 5n, limit },
            { noOpIfRefused: true, withAssetBank: false },
        ),
        liquidate_pnl: await client.liquidateInstruction(parties, {
            leg: { kind: 'negativePnl', assetBank: 1, market: 1 },
        }),
        liquidate_perp: await client.liquidateInstruction(parties, { leg: { kind: 'perp', market: 1 }, limit }),
        refresh_price: await client.refreshPricesInstruction(engine, [
            { slot: 0, primary: alice },
            { slot: 2, primary: bob, secondary: mint },
        ]),
    };
}

describe('instructions', async () => {
    const instructions = await built();

    it('are all compared', () => {
        expect(Object.keys(instructions).sort()).toEqual(recorded.instructions.map(({ name }) => name).sort());
    });

    it.each(recorded.instructions)('$name has the accounts and the bytes of the Rust SDK', ({ name, accounts, data_base64 }) => {
        const { programAddress, accounts: metas, data } = instructions[name]!;
        expect(programAddress).toBe(client.PLIMSOLL_PROGRAM_ADDRESS);
        expect(metas!.map(({ address, role }) => ({ address, ...roles[role] }))).toEqual(accounts);
        expect(Uint8Array.from(data!)).toEqual(bytesOf(data_base64));
    });
});
