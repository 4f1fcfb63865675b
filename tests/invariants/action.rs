//! Instructions as numbers; amounts are fractions, so that most of them make sense.

use plimsoll::instructions::ResolveStep;
use plimsoll_risk::lazy::Side;
use plimsoll_risk::liquidate::Leg;
use plimsoll_risk::margin::initial_margins;
use plimsoll_risk::params::MAX_BASE_UNITS;
use plimsoll_sdk::ix;
use plimsoll_state::MarginAccount;
use plimsoll_tests::*;
use solana_instruction::Instruction;

use super::run::portfolio;

/// Accounts that trade and borrow as much as they may, and liquidate each other.
pub const TRADERS: usize = 5;
/// These, and the two that have plenty of everything: the stage's maker and liquidator.
pub const ACCOUNTS: usize = TRADERS + 2;
const PPM: u128 = 1_000_000;

/// One thing that somebody does.
#[derive(Clone, Debug)]
pub enum Action {
    /// Dollars in millionths of a hundred thousand.
    Deposit {
        who: usize,
        bank: u8,
        part: u32,
    },
    /// Millionths of the deposit; all above a million.
    Withdraw {
        who: usize,
        bank: u8,
        part: u32,
    },
    /// Millionths of what initial margin leaves room for.
    Borrow {
        who: usize,
        bank: u8,
        part: u32,
    },
    /// Millionths of the debt; all above a million.
    Repay {
        who: usize,
        bank: u8,
        part: u32,
    },
    /// Millionths of what the initial margin of one side leaves room for, `tilt_ppm` beside the price.
    Fill {
        buyer: usize,
        seller: usize,
        market: u8,
        part: u32,
        tilt_ppm: i32,
    },
    /// A price moves by a factor after some seconds; every other feed repeats its price.
    Price {
        slot: u8,
        factor_ppm: u32,
        secs: i64,
    },
    /// A price moves and stays for a minute, everybody observed.
    Crash {
        slot: u8,
        factor_ppm: u32,
    },
    /// Time passes while prices stand.
    Pass {
        secs: i64,
    },
    Observe {
        who: usize,
    },
    /// A leg of the liquidatee's, by number; at most a part of what the plan would take, or as much as allowed.
    Liquidate {
        by: usize,
        of: usize,
        leg: usize,
        part: u32,
    },
    Settle {
        market: u8,
        who: usize,
    },
    TakeWin {
        market: u8,
        who: usize,
        part: u32,
    },
    Accrue {
        bank: u8,
    },
    Funding {
        market: u8,
    },
    Premium {
        market: u8,
        ppm: i32,
    },
    Sweep {
        bank: u8,
    },
    Collect {
        bank: u8,
    },
    FundInsurance {
        bank: u8,
        part: u32,
    },
    /// Dollars in millionths of a hundred thousand, of what is above the target.
    TakeInsurance {
        bank: u8,
        part: u32,
    },
    Touch {
        who: usize,
        market: u8,
    },
    /// Some step of a resolution, by number.
    Resolve {
        who: usize,
        step: usize,
    },
    /// Whoever is under water is liquidated, by any leg.
    Hunt {
        by: usize,
        leg: usize,
        part: u32,
    },
    /// Whoever is bankrupt is taken a step further, by any step that works.
    Bury {
        step: usize,
    },
    /// Prices stand for five minutes, everybody under water observed.
    Wait,
    /// The maker withdraws what is free.
    Drain {
        bank: u8,
    },
    /// A bank's caps are put at its totals and so much more, millionths of them.
    Caps {
        bank: u8,
        room_ppm: u32,
        reduce_only: bool,
    },
    /// A market's cap is put at its open interest and so much more.
    MarketCap {
        market: u8,
        room_ppm: u32,
    },
}

/// Every leg of an account that a liquidator could name.
pub fn legs(books: &Books, of: &Trader) -> Vec<Leg> {
    let account = &books.accounts[&of.account];
    let banks: Vec<u8> = account.tokens.iter().filter(|t| t.used == 1).map(|t| t.bank).collect();
    let perps = account.derivatives.iter().filter(|d| d.kind == 1);
    let markets: Vec<u8> = perps.map(|d| d.market).collect();
    let mut legs: Vec<Leg> = markets.iter().map(|market| perp(*market)).collect();
    for &asset in &banks {
        legs.extend(banks.iter().filter(|debt| **debt != asset).map(|debt| pair(asset, *debt)));
        let losing = markets.iter().filter(|_| asset != USDC);
        legs.extend(losing.map(|market| pnl_pair(asset, *market)));
    }
    legs
}

/// The step of a resolution that a number stands for.
pub fn step(number: usize) -> ResolveStep {
    match number {
        0..=2 => ResolveStep::Freeze,
        3..=5 => ResolveStep::SeizeToken { bank: (number - 3) as u8 },
        6..=7 => ResolveStep::SeizePnl { market: (number - 6) as u8 },
        8..=10 => ResolveStep::PayBorrow { bank: (number - 8) as u8 },
        11..=12 => ResolveStep::PayPnl { market: (number - 11) as u8 },
        _ => ResolveStep::Finish,
    }
}

/// Atoms that millionths of some dollars buy at the last price.
fn atoms(stage: &Stage, bank: u8, dollars: u64, part: u32) -> u64 {
    let price = stage.feeds[bank as usize].last.expect("a price was posted").price_e8.max(1) as u128;
    let power = 10u128.pow(stage.mints[bank as usize].decimals as u32);
    let value = dollars as u128 * part as u128 * power * E8 as u128 / PPM;
    (value / price).max(1) as u64
}

/// Dollars that an account's initial margin leaves.
fn room_usd(books: &Books, who: &Trader) -> u64 {
    let margins = initial_margins(&portfolio(books, &books.accounts[&who.account]));
    (margins.init_excess.get().max(0) / 1_000_000_000_000) as u64
}

fn shares_in(account: &MarginAccount, bank: u8) -> i64 {
    account.token_index(bank).map_or(0, |place| account.tokens[place].shares)
}

fn shares(books: &Books, who: &Trader, bank: u8) -> i64 {
    shares_in(&books.accounts[&who.account], bank)
}

/// The first account from a number on of which something holds; that number's where it holds of none.
fn with(books: &Books, traders: &[Trader], from: usize, holds: impl Fn(&MarginAccount) -> bool) -> Trader {
    let mut order = traders.iter().cycle().skip(from).take(traders.len());
    *order.find(|trader| holds(&books.accounts[&trader.account])).unwrap_or(&traders[from])
}

/// A part of what an account holds or owes, roughly: shares stand for atoms.
fn part_of(books: &Books, shares: u64, part: u32, bank: u8) -> u64 {
    let index = books.banks[bank as usize].0.deposit_index as u128;
    (((shares as u128 * index) >> 48) * part as u128 / PPM).max(1) as u64
}

/// The instruction that an action sends, and who pays; none where it moves prices or time.
pub fn instruction(
    stage: &mut Stage,
    books: &Books,
    traders: &[Trader],
    action: &Action,
) -> Option<(Instruction, anchor_lang::prelude::Pubkey)> {
    let instruction = money(stage, books, traders, action)
        .or_else(|| positions(stage, books, traders, action))
        .or_else(|| cranks(stage, traders, action))
        .or_else(|| terms(stage, books, action))?;
    let signer = instruction.accounts.iter().find(|meta| meta.is_signer).map_or(stage.authority, |meta| meta.pubkey);
    Some((instruction, signer))
}

/// Tokens in and out of an account.
fn money(stage: &mut Stage, books: &Books, traders: &[Trader], action: &Action) -> Option<Instruction> {
    let keys = stage.keys;
    Some(match *action {
        Action::Deposit { who, bank, part } => {
            let (trader, token) = (traders[who], stage.token(bank));
            let amount_atoms = atoms(stage, bank, 100_000, part);
            let source = stage.funded(&trader.owner, bank, amount_atoms);
            ix::deposit(&keys, &token, trader.owner, trader.account, source, args::DepositArgs { amount_atoms })
        }
        Action::Withdraw { who, bank, part } => {
            let (trader, token) = (traders[who], stage.token(bank));
            let destination = stage.funded(&trader.owner, bank, 0);
            let held = shares(books, &trader, bank).max(0) as u64;
            let args = args::WithdrawArgs { amount_atoms: part_of(books, held, part, bank), all: part as u128 > PPM };
            ix::withdraw(&keys, &token, trader.owner, trader.account, destination, args)
        }
        Action::Borrow { who, bank, part } => {
            let (trader, token) = (traders[who], stage.token(bank));
            let destination = stage.funded(&trader.owner, bank, 0);
            let dollars = room_usd(books, &trader) * 8 / 10;
            let args = args::BorrowArgs { amount_atoms: atoms(stage, bank, dollars, part) };
            ix::borrow(&keys, &token, trader.owner, trader.account, destination, args)
        }
        Action::Repay { who, bank, part } => {
            let (trader, token) = (with(books, traders, who, |a| shares_in(a, bank) < 0), stage.token(bank));
            let owed = shares(books, &trader, bank).min(0).unsigned_abs();
            let source = stage.funded(&trader.owner, bank, 2 * owed + 1_000);
            let args = args::RepayArgs { amount_atoms: part_of(books, owed, part, bank), all: part as u128 > PPM };
            ix::repay(&keys, &token, trader.owner, trader.account, source, args)
        }
        _ => return None,
    })
}

/// Positions, and what becomes of them.
fn positions(stage: &mut Stage, books: &Books, traders: &[Trader], action: &Action) -> Option<Instruction> {
    let keys = stage.keys;
    Some(match *action {
        Action::Fill { buyer, seller, market, part, tilt_ppm } => {
            let (buyer, seller) = (traders[buyer], traders[seller]);
            let slot = if market == SOL_PERP { SOL } else { BTC };
            let price = stage.feeds[slot as usize].last.expect("a price was posted").price_e8.max(1);
            let dollars = room_usd(books, &buyer).min(room_usd(books, &seller)) as u128 * 16;
            let value = dollars * part as u128 * stage.whole_units(market) as u128 * E8 as u128 / PPM;
            let base_units = (value / price as u128).max(1) as u64;
            let tilted = (price as i128 + price as i128 * tilt_ppm as i128 / 1_000_000) as i64;
            let quote_atoms = stage.quote_atoms(market, base_units, Some(tilted));
            let sides = ix::FillAuthority::Sides { buyer: buyer.owner, seller: seller.owner };
            let args = args::SettleFillArgs { base_units, quote_atoms };
            ix::settle_fill(&keys, market, buyer.account, seller.account, sides, args)
        }
        Action::Liquidate { by, of, leg, part } => {
            let legs = legs(books, &traders[of]);
            let leg = *legs.get(leg % legs.len().max(1))?;
            let bounds = match stage.plan(&traders[of], &any_of(leg)) {
                Ok(plan) if (part as u128) < PPM => {
                    at_most((plan.size.get() as u128 * part as u128 / PPM).max(1) as u64)
                }
                _ => ANY,
            };
            liquidate_ix(stage, &traders[by], &traders[of], leg, bounds, true)
        }
        Action::Settle { market, who } => {
            let leg = |account: &MarginAccount| account.perp_index(market).is_some();
            ix::settle_pnl(&keys, market, (who < traders.len()).then(|| with(books, traders, who, leg).account))
        }
        Action::TakeWin { market, who, part } => {
            let winner = with(books, traders, who, |account| account.perp_index(market).is_some());
            // Now and then somebody else takes it, which works where the account is under water.
            let by_stranger = part % 4 == 0;
            let signer = if by_stranger { traders[(who + 1) % traders.len()].owner } else { winner.owner };
            let all = by_stranger || part as u128 > PPM;
            let args = args::TakeWinArgs { claim_atoms: part as u64, all, min_paid_atoms: 0 };
            ix::take_win(&keys, market, signer, winner.account, args)
        }
        Action::Touch { who, market } => {
            let holder = with(books, traders, who, |account| account.perp_index(market).is_some());
            ix::touch_position(&keys, holder.account, market)
        }
        Action::Observe { who } => ix::observe_margin(&keys, traders[who].account),
        _ => return None,
    })
}

/// What anyone or the authority may send at any time.
fn cranks(stage: &mut Stage, traders: &[Trader], action: &Action) -> Option<Instruction> {
    let (keys, authority) = (stage.keys, stage.authority);
    Some(match *action {
        Action::Accrue { bank } => ix::accrue(&keys, bank),
        Action::Funding { market } => ix::crank_funding(&keys, market),
        Action::Premium { market, ppm } => ix::report_premium(&keys, market, address("venue"), ppm),
        Action::Sweep { bank } => ix::sweep_insurance(&keys, bank),
        Action::Collect { bank } => {
            let (destination, token) = (stage.funded(&authority, bank, 0), stage.token(bank));
            let args = args::CollectFeesArgs { amount_atoms: 0, all: true };
            ix::collect_fees(&keys, &token, authority, destination, args)
        }
        Action::FundInsurance { bank, part } => {
            let amount_atoms = atoms(stage, bank, 100_000, part);
            let (source, token) = (stage.funded(&authority, bank, amount_atoms), stage.token(bank));
            ix::fund_insurance(&keys, &token, authority, source, args::FundInsuranceArgs { amount_atoms })
        }
        Action::TakeInsurance { bank, part } => {
            let (destination, token) = (stage.funded(&authority, bank, 0), stage.token(bank));
            let args = args::WithdrawInsuranceArgs { most_atoms: atoms(stage, bank, 100_000, part) };
            ix::withdraw_insurance(&keys, &token, authority, destination, args)
        }
        Action::Resolve { who, step: number } => ix::resolve_bankruptcy(&keys, traders[who].account, step(number)),
        _ => return None,
    })
}

/// What the authority lets grow.
fn terms(stage: &mut Stage, books: &Books, action: &Action) -> Option<Instruction> {
    let (keys, authority) = (stage.keys, stage.authority);
    let with_room = |total: u64, room_ppm: u32, most: u64| match room_ppm {
        u32::MAX => most,
        room => total + (total as u128 * room as u128 / PPM) as u64,
    };
    Some(match *action {
        Action::Drain { bank } => {
            let (maker, token) = (stage.maker, stage.token(bank));
            let destination = stage.funded(&maker.owner, bank, 0);
            let totals = &books.banks[bank as usize].0;
            let held = part_of(books, shares(books, &maker, bank).max(0) as u64, PPM as u32, bank);
            let amount_atoms = totals.totals().free_liquidity_down().get().min(held);
            let args = args::WithdrawArgs { amount_atoms, all: false };
            ix::withdraw(&keys, &token, maker.owner, maker.account, destination, args)
        }
        Action::Caps { bank, room_ppm, reduce_only } => {
            let totals = books.banks[bank as usize].0.totals();
            let mut config = stage.bank_config(bank).args();
            config.deposit_cap_atoms = with_room(totals.deposits_down().get(), room_ppm, config.deposit_cap_atoms);
            config.borrow_cap_atoms = with_room(totals.borrows_up().get(), room_ppm, config.borrow_cap_atoms);
            // Of what there is some may be taken out.
            config.insurance_target_atoms = Some(books.banks[bank as usize].0.insurance_atoms / 2);
            ix::update_bank(&keys, authority, bank, args::UpdateBankArgs { reduce_only, config })
        }
        Action::MarketCap { market, room_ppm } => {
            let stored = &books.markets[market as usize];
            let open = books.slot(stored).open_interest(stored, Side::Long);
            let mut terms = stage.market_config(market).args(market).terms;
            terms.open_interest_cap_units =
                with_room(open.get(), room_ppm, terms.open_interest_cap_units).min(MAX_BASE_UNITS);
            ix::update_market(&keys, authority, market, args::UpdateMarketArgs { status: 1, terms })
        }
        _ => return None,
    })
}
