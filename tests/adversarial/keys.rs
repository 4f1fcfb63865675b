//! Stolen keys: of each kind the worst attack that was found, and what it moves out of the account that the key is for.
//! The figures stand in `docs/threat-model.md`.

use plimsoll_state::right;
use plimsoll_tests::*;
use solana_instruction::Instruction;

/// What the victim has, dollars.
const WEALTH: u64 = 20_000;
/// A day's notional of a delegate that may trade, atoms.
const LIMIT: u64 = 100_000 * USD;
const DAY_SECS: i64 = 86_400;
const PICO_PER_ATOM: i128 = 1_000_000;

/// An owner whose delegate's key is stolen, and an account of the thief's.
struct Theft {
    stage: Stage,
    victim: Trader,
    accomplice: Trader,
    thief: anchor_lang::prelude::Pubkey,
}

fn theft(rights: u8) -> Theft {
    let mut stage = Stage::new();
    let victim = stage.funded_trader("victim", USDC, WEALTH * USD);
    let accomplice = stage.funded_trader("accomplice", USDC, WEALTH * USD);
    let thief = stage.party("thief");
    let trade_limit_atoms_per_day = if rights & right::TRADE == 0 { 0 } else { LIMIT };
    let delegate = args::DelegateArgs { key: thief, rights, trade_limit_atoms_per_day };
    assert_sent(stage.send(&victim.owner, &[ix::set_delegate(victim.owner, victim.account, Some(delegate))]));
    stage.repeat_prices();
    Theft { stage, victim, accomplice, thief }
}

/// NAV at spot, pico-dollars.
fn nav(stage: &Stage, of: &Trader) -> i128 {
    stage.view(of).spot.nav_usd_pico.get()
}

impl Theft {
    /// The victim, by its delegate, buys from the accomplice or sells to him; the price is off spot by so much.
    fn fill(&self, buys: bool, units: u64, off_ppm: i64) -> Instruction {
        let spot = self.stage.quote_atoms(SOL_PERP, units, None) as i64;
        let quote_atoms = (spot + spot * off_ppm / 1_000_000) as u64;
        let (victim, accomplice) = (self.victim.account, self.accomplice.account);
        let (buyer, seller) = if buys { (victim, accomplice) } else { (accomplice, victim) };
        let (for_buyer, for_seller) =
            if buys { (self.thief, self.accomplice.owner) } else { (self.accomplice.owner, self.thief) };
        let sides = ix::FillAuthority::Sides { buyer: for_buyer, seller: for_seller };
        let args = args::SettleFillArgs { base_units: units, quote_atoms };
        ix::settle_fill(&self.stage.keys, SOL_PERP, buyer, seller, sides, args)
    }

    /// What the engine charges each side of a fill, ppm.
    fn fee_ppm(&self) -> u64 {
        let registry = self.stage.registry();
        let market = registry.market(SOL_PERP as usize).expect("it is listed");
        market.fees.fill_fee_ppm.max(AT_ONCE.perps.fill_insurance_ppm) as u64
    }

    /// Fills at spot, to and fro, until the engine refuses; how many went through.
    fn trade_until_refused(&mut self, units: u64) -> u64 {
        for done in 0.. {
            let fill = self.fill(done % 2 == 0, units, 0);
            match self.stage.send(&self.thief, &[fill]) {
                Ok(_) => self.stage.repeat_prices(),
                Err(failure) => {
                    assert_eq!(failure.code, Some(EngineError::DelegateLimitExceeded as u32), "{failure}");
                    return done;
                }
            }
        }
        unreachable!("every fill uses up the limit")
    }

    /// Everything that no right of a delegate allows.
    fn refused_whatever_its_rights(&mut self) {
        let (stage, victim, thief) = (&mut self.stage, self.victim, self.thief);
        let (keys, token) = (stage.keys, stage.token(USDC));
        let loot = stage.funded(&thief, USDC, 0);
        let withdraw = args::WithdrawArgs { amount_atoms: 1, all: false };
        let win = args::TakeWinArgs { claim_atoms: 1, all: false, min_paid_atoms: 0 };
        let venue = args::ApproveVenueArgs { markets: 1, notional_limit_atoms: 1, expires_at: stage.now() + 60 };
        let (authority, signer) = (stage.authority, address("venue"));
        let register = args::RegisterVenueArgs { signer, settle_markets: 1, premium_markets: 0 };
        if stage.data(&keys.venue(&signer)).is_empty() {
            assert_sent(stage.send_as_authority(ix::register_venue(&keys, authority, authority, register)));
        }
        for attempt in [
            ix::withdraw(&keys, &token, thief, victim.account, loot, withdraw),
            ix::borrow(&keys, &token, thief, victim.account, loot, args::BorrowArgs { amount_atoms: 1 }),
            ix::take_win(&keys, SOL_PERP, thief, victim.account, win),
            ix::approve_venue(thief, victim.account, keys.venue(&signer), venue),
            ix::revoke_venue(thief, victim.account, keys.venue(&signer)),
            ix::set_delegate(thief, victim.account, Some(all_rights(thief))),
            ix::close_account(thief, victim.account, thief),
        ] {
            assert_refused(stage, &thief, &[attempt], EngineError::NotOwner);
        }
    }
}

/// KEY-2
#[test]
fn a_dozen_fills_at_the_edges_of_the_band_a_settlement_and_a_withdrawal_are_refused_as_one() {
    // A delegate's key was the whole account: this transaction, of 1,177 bytes, took its NAV from 20,000 to 2,776.
    let mut theft = theft(right::ALL);
    let (keys, accomplice) = (theft.stage.keys, theft.accomplice);
    let units = 700 * SOL_UNITS;
    let mut all: Vec<Instruction> =
        (0..12).map(|i| theft.fill(i % 2 == 1, units, if i % 2 == 1 { 10_000 } else { -10_000 })).collect();
    all.push(ix::settle_pnl(&keys, SOL_PERP, Some(theft.victim.account)));
    all.push(ix::settle_pnl(&keys, SOL_PERP, Some(accomplice.account)));
    let loot = theft.stage.funded(&accomplice.owner, USDC, 0);
    let withdraw = args::WithdrawArgs { amount_atoms: 37_000 * USD, all: false };
    let token = theft.stage.token(USDC);
    all.push(ix::withdraw(&keys, &token, accomplice.owner, accomplice.account, loot, withdraw));
    let thief = theft.thief;
    assert_refused(&mut theft.stage, &thief, &all, EngineError::DelegateWorseThanSpot);
    // Nor one of them, nor any price that costs the account more than the atom in which a price is rounded.
    for (buys, off_ppm) in [(true, 10_000), (false, -10_000), (true, 1), (false, -1)] {
        let fill = theft.fill(buys, SOL_UNITS, off_ppm);
        assert_refused(&mut theft.stage, &thief, &[fill], EngineError::DelegateWorseThanSpot);
    }
    // What is better for the account it takes.
    for (buys, off_ppm) in [(true, -10_000), (false, 10_000)] {
        let fill = theft.fill(buys, SOL_UNITS, off_ppm);
        assert_sent(theft.stage.send(&thief, &[fill]));
    }
}

/// KEY-2
#[test]
fn a_stolen_key_that_may_trade_costs_the_fee_of_its_notional_a_day_and_no_more() {
    for rights in [right::TRADE, right::ALL] {
        let mut theft = theft(rights);
        let (fee_ppm, units) = (theft.fee_ppm(), 50 * SOL_UNITS);
        let before = nav(&theft.stage, &theft.victim);
        // Ten fills of 10,000 dollars.
        assert_eq!(theft.trade_until_refused(units), 10);
        let lost = before - nav(&theft.stage, &theft.victim);
        let of_a_day = (LIMIT * fee_ppm / 1_000_000) as i128 * PICO_PER_ATOM;
        let rounding = 10 * 2 * PICO_PER_ATOM;
        assert!(lost >= of_a_day - rounding && lost <= of_a_day + rounding, "{lost} of {of_a_day}");
        // The rest of the limit fits, an atom more does not, and it is the notional that counts, not what was lost.
        let fill = theft.fill(true, 1, 0);
        assert_code(theft.stage.send(&theft.thief, &[fill]), EngineError::DelegateLimitExceeded);
        // Any stretch of a day sees one limit: not a window that opens anew.
        theft.stage.advance(DAY_SECS - 60);
        theft.stage.hold_prices(20, 2);
        let still = theft.fill(true, units, 0);
        assert_code(theft.stage.send(&theft.thief, &[still]), EngineError::DelegateLimitExceeded);
        theft.stage.advance(DAY_SECS / 5);
        theft.stage.hold_prices(60, 2);
        assert_eq!(theft.trade_until_refused(units), 10);
        let lost = before - nav(&theft.stage, &theft.victim);
        assert!(lost <= 2 * (of_a_day + rounding), "{lost} in two days");
        theft.refused_whatever_its_rights();
    }
}

/// KEY-2
#[test]
fn a_delegate_trades_at_a_price_no_older_than_adding_risk_asks_for_whatever_it_does() {
    // Between its limit and the fee stands the age of the board's price: a thief takes the counterparty's side of what
    // the market has done since.
    let mut theft = theft(right::TRADE);
    theft.stage.repeat_prices();
    let opened = theft.fill(true, 2 * SOL_UNITS, 0);
    assert_sent(theft.stage.send(&theft.thief, &[opened]));
    theft.stage.advance(AT_ONCE.prices.risk_age_secs as i64);
    // Both sides only reduce, which an owner may at a price of the read age.
    let fill = theft.fill(false, SOL_UNITS, 0);
    assert_sent(theft.stage.simulate(&theft.thief, std::slice::from_ref(&fill)));
    theft.stage.advance(1);
    assert_code(theft.stage.send(&theft.thief, &[fill]), EngineError::PriceStale);
}

#[test]
fn a_stolen_key_that_may_liquidate_takes_nothing_out_of_the_account() {
    let mut theft = theft(right::LIQUIDATE);
    let maker = theft.stage.maker;
    let (thief, victim) = (theft.thief, theft.victim);
    // Accounts that the thief has let go under, to be taken over by the victim's.
    let debtor = theft.stage.funded_trader("debtor", SOL, 100 * ONE_SOL);
    assert_sent(theft.stage.borrow(&debtor, USDC, 13_900 * USD));
    let long = theft.stage.funded_trader("long", USDC, 2_150 * USD);
    assert_sent(theft.stage.fill(SOL_PERP, &long, &maker, 50 * SOL_UNITS, None));
    theft.stage.falls_to(SOL, 160, &debtor, 60);
    let acting = Trader { owner: thief, account: victim.account };
    for (of, leg) in [(debtor, pair(SOL, USDC)), (long, perp(SOL_PERP))] {
        let before = nav(&theft.stage, &victim);
        assert_sent(theft.stage.liquidate(&acting, &of, leg, ANY));
        let gained = nav(&theft.stage, &victim) - before;
        // At the board's price a liquidation pays the liquidator.
        assert!(gained >= -2 * PICO_PER_ATOM, "{leg:?}: {gained}");
    }
    let fill = theft.fill(true, SOL_UNITS, 10_000);
    assert_refused(&mut theft.stage, &thief, &[fill], EngineError::DelegateMayNotTrade);
    assert_code(theft.stage.deposit(&acting, USDC, USD), EngineError::DelegateMayNotDeposit);
    theft.refused_whatever_its_rights();
}

#[test]
fn a_stolen_key_that_may_deposit_can_only_give() {
    let mut theft = theft(right::DEPOSIT);
    let (thief, victim) = (theft.thief, theft.victim);
    let acting = Trader { owner: thief, account: victim.account };
    let debtor = theft.stage.funded_trader("debtor", SOL, 100 * ONE_SOL);
    assert_sent(theft.stage.borrow(&debtor, USDC, 13_900 * USD));
    theft.stage.falls_to(SOL, 160, &debtor, 60);
    let before = nav(&theft.stage, &victim);
    for atoms in [1, 2, USD] {
        assert_sent(theft.stage.deposit(&acting, USDC, atoms));
    }
    assert!(nav(&theft.stage, &victim) >= before);
    let refused = theft.stage.liquidate(&acting, &debtor, pair(SOL, USDC), ANY);
    assert_code(refused, EngineError::DelegateMayNotLiquidate);
    let fill = theft.fill(true, SOL_UNITS, 0);
    assert_refused(&mut theft.stage, &thief, &[fill], EngineError::DelegateMayNotTrade);
    theft.refused_whatever_its_rights();
}

/// A venue that both accounts have approved for one market, and whose signer's key is stolen.
fn stolen_venue(notional: u64) -> (Theft, anchor_lang::prelude::Pubkey) {
    let mut theft = theft(right::LIQUIDATE);
    let (keys, authority, signer) = (theft.stage.keys, theft.stage.authority, theft.stage.party("venue signer"));
    let args = args::RegisterVenueArgs { signer, settle_markets: 1 << SOL_PERP, premium_markets: 0 };
    assert_sent(theft.stage.send_as_authority(ix::register_venue(&keys, authority, authority, args)));
    for trader in [theft.victim, theft.accomplice] {
        let approve = theft.stage.approve_venue(&trader, keys.venue(&signer), notional);
        assert_sent(theft.stage.send(&trader.owner, &[approve]));
    }
    (theft, signer)
}

impl Theft {
    /// The victim buys or sells by the venue's signature, off spot by so much.
    fn venue_fill(
        &self,
        market: u8,
        signer: anchor_lang::prelude::Pubkey,
        buys: bool,
        units: u64,
        off_ppm: i64,
    ) -> Instruction {
        let spot = self.stage.quote_atoms(market, units, None) as i64;
        let quote_atoms = (spot + spot * off_ppm / 1_000_000) as u64;
        let (victim, accomplice) = (self.victim.account, self.accomplice.account);
        let (buyer, seller) = if buys { (victim, accomplice) } else { (accomplice, victim) };
        let args = args::SettleFillArgs { base_units: units, quote_atoms };
        ix::settle_fill(&self.stage.keys, market, buyer, seller, ix::FillAuthority::Venue { signer }, args)
    }
}

#[test]
fn a_stolen_venue_costs_each_owner_the_band_and_the_fee_of_what_he_approved() {
    let notional = 100_000 * USD;
    let (mut theft, signer) = stolen_venue(notional);
    let band_ppm = theft.stage.registry().markets[SOL_PERP as usize].rates.0.fill_band_ppm_down(&AT_ONCE);
    let before = nav(&theft.stage, &theft.victim);
    let mut fills = 0;
    loop {
        // To sell low wears an approval down least for what it takes.
        let fill = theft.venue_fill(
            SOL_PERP,
            signer,
            fills % 2 == 1,
            50 * SOL_UNITS,
            if fills % 2 == 1 { 10_000 } else { -10_000 },
        );
        match theft.stage.send(&signer, &[fill]) {
            Ok(_) => fills += 1,
            Err(failure) => {
                assert_eq!(failure.code, Some(EngineError::VenueNotionalExceeded as u32), "{failure}");
                break;
            }
        }
    }
    assert!(fills >= 9, "{fills}");
    let lost = before - nav(&theft.stage, &theft.victim);
    let rate_ppm = band_ppm.get() as u64 + theft.fee_ppm();
    let bound = (notional * rate_ppm / 1_000_000) as i128 * PICO_PER_ATOM + fills as i128 * 2 * PICO_PER_ATOM;
    assert!(lost <= bound && lost > bound * 8 / 10, "{lost} of {bound}");
}

/// KEY-3
#[test]
fn a_venue_that_the_authority_widens_settles_only_what_the_owners_approved_and_until_it_ends() {
    let (mut theft, signer) = stolen_venue(1_000_000 * USD);
    let (keys, authority) = (theft.stage.keys, theft.stage.authority);
    let venue = keys.venue(&signer);
    let approved = theft.venue_fill(SOL_PERP, signer, true, SOL_UNITS, 0);
    assert_sent(theft.stage.send(&signer, &[approved]));
    // The approval used to be for whatever the venue may settle, also later.
    let terms = args::UpdateVenueArgs { active: true, settle_markets: u32::MAX, premium_markets: 0 };
    assert_sent(theft.stage.send_as_authority(ix::update_venue(&keys, authority, venue, terms)));
    let elsewhere = theft.venue_fill(BTC_PERP, signer, true, BTC_UNITS / 100, 0);
    assert_refused(&mut theft.stage, &signer, std::slice::from_ref(&elsewhere), EngineError::VenueNotApproved);
    // One owner who agrees is not both.
    let agree = |of: &Trader, stage: &Stage| {
        let args =
            args::ApproveVenueArgs { markets: 3, notional_limit_atoms: 1_000_000 * USD, expires_at: stage.now() + 60 };
        ix::approve_venue(of.owner, of.account, venue, args)
    };
    let (victim, accomplice) = (theft.victim, theft.accomplice);
    let first = agree(&accomplice, &theft.stage);
    assert_sent(theft.stage.send(&accomplice.owner, &[first]));
    assert_refused(&mut theft.stage, &signer, std::slice::from_ref(&elsewhere), EngineError::VenueNotApproved);
    let second = agree(&victim, &theft.stage);
    assert_sent(theft.stage.send(&victim.owner, &[second]));
    assert_sent(theft.stage.simulate(&signer, std::slice::from_ref(&elsewhere)));
    // The last second of an approval, and the one after it.
    theft.stage.hold_prices(59, 2);
    assert_sent(theft.stage.simulate(&signer, std::slice::from_ref(&elsewhere)));
    theft.stage.hold_prices(1, 1);
    assert_refused(&mut theft.stage, &signer, std::slice::from_ref(&elsewhere), EngineError::VenueApprovalExpired);
    // Either owner's end is the end.
    let again = agree(&victim, &theft.stage);
    assert_sent(theft.stage.send(&victim.owner, &[again]));
    assert_refused(&mut theft.stage, &signer, std::slice::from_ref(&elsewhere), EngineError::VenueApprovalExpired);
}
