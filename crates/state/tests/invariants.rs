//! What holds of an account after every instruction that wrote it, broken one condition at a time.

use bytemuck::Zeroable;
use plimsoll_risk::oracle::{PriceSource, PriceState};
use plimsoll_risk::params::{GlobalParams, DEPOSIT_INDEX_FLOOR, INDEX_ONE, MAX_BANKS, MAX_MARKETS, MAX_PRICES};
use plimsoll_risk::price::Price;
use plimsoll_risk::units::{Ppm, PpmPerRootSec, Secs, UnixSecs};
use plimsoll_state::*;

const VERSION: &str = InvariantViolation::VERSION.0;

/// A change, and the fact that it breaks.
type Change<T> = (Option<&'static str>, fn(&mut T));

/// Each change of the sound value breaks the named fact and no other; each change without a name breaks none.
fn assert_facts<T: Copy>(sound: &T, check: fn(&T) -> Result<(), InvariantViolation>, changes: &[Change<T>]) {
    assert_eq!(check(sound), Ok(()));
    for (number, (fact, change)) in changes.iter().enumerate() {
        let mut changed = *sound;
        change(&mut changed);
        assert_eq!(check(&changed), fact.map_or(Ok(()), |fact| Err(InvariantViolation(fact))), "change {number}");
    }
}

#[test]
fn an_engine_has_a_holder_of_every_role_and_flags() {
    const FLAG: &str = "engine test_cluster is not a flag";
    const NOBODY: Option<&str> = Some("engine has a role that nobody holds");
    let mut engine = Engine { version: LAYOUT_VERSION, ..Engine::zeroed() };
    (engine.authority, engine.risk_authority, engine.guardian, engine.fee_collector) =
        ([1; 32], [2; 32], [3; 32], [4; 32]);
    assert_facts(
        &engine,
        Engine::invariant,
        &[
            (Some(VERSION), |engine| engine.version = LAYOUT_VERSION - 1),
            (Some(VERSION), |engine| engine.version = LAYOUT_VERSION + 1),
            (None, |engine| engine.test_cluster = 1),
            (Some(FLAG), |engine| engine.test_cluster = 2),
            (NOBODY, |engine| engine.authority = [0; 32]),
            (NOBODY, |engine| engine.risk_authority = [0; 32]),
            (NOBODY, |engine| engine.guardian = [0; 32]),
            (NOBODY, |engine| engine.fee_collector = [0; 32]),
            (Some("engine reserve is not zero"), |engine| engine._reserved[119] = 1),
        ],
    );
}

#[test]
fn a_change_counts_what_it_holds_and_is_due_before_it_expires() {
    const COUNTS: Option<&str> = Some("change counts more than it holds");
    const UNCOUNTED: Option<&str> = Some("change has bytes that it does not count");
    const TIMES: Option<&str> = Some("change expires before it is due");
    let mut change = PendingChange { version: LAYOUT_VERSION, proposed_at: 5, due_at: 5, ..PendingChange::zeroed() };
    (change.expires_at, change.account_count, change.data_len) = (6, 1, 9);
    (change.accounts[0].flags, change.data[8]) = (3, 7);
    assert_facts(
        &change,
        PendingChange::invariant,
        &[
            (Some(VERSION), |change| change.version = 0),
            (COUNTS, |change| change.account_count = 17),
            (COUNTS, |change| change.data_len = 513),
            (None, |change| (change.account_count, change.data_len) = (16, 512)),
            (UNCOUNTED, |change| change.account_count = 0),
            (UNCOUNTED, |change| change.data_len = 8),
            (Some("change has an unknown flag"), |change| change.accounts[0].flags = 4),
            (TIMES, |change| change.proposed_at = 6),
            (TIMES, |change| change.due_at = 6),
            (Some("change reserve is not zero"), |change| change._reserved[63] = 1),
        ],
    );
    assert_eq!((change.data().len(), change.accounts().len()), (9, 1));
}

#[test]
fn a_venue_is_active_or_not() {
    let venue = Venue { version: LAYOUT_VERSION, ..Venue::zeroed() };
    assert_facts(
        &venue,
        Venue::invariant,
        &[
            (Some(VERSION), |venue| venue.version = 0),
            (None, |venue| venue.active = 1),
            (Some("venue active is not a flag"), |venue| venue.active = 2),
            (Some("venue reserve is not zero"), |venue| venue._reserved[0] = 1),
        ],
    );
}

#[test]
fn a_banks_numbers_are_within_their_bounds() {
    let bank = Bank {
        version: LAYOUT_VERSION,
        deposit_index: INDEX_ONE,
        booked_borrow_index: INDEX_ONE * 2,
        deposit_shares: 10,
        waiting_shares: 3,
        ..Bank::zeroed()
    };
    assert_facts(
        &bank,
        Bank::invariant,
        &[
            (Some(VERSION), |bank| bank.version = 0),
            (None, |bank| bank.index = MAX_BANKS as u8 - 1),
            (Some("bank index is out of range"), |bank| bank.index = MAX_BANKS as u8),
            (None, |bank| bank.deposit_index = DEPOSIT_INDEX_FLOOR),
            (Some("deposit index is below its floor"), |bank| bank.deposit_index = DEPOSIT_INDEX_FLOOR - 1),
            (None, |bank| bank.booked_borrow_index = INDEX_ONE),
            (Some("borrow index is below one"), |bank| bank.booked_borrow_index = INDEX_ONE - 1),
            (None, |bank| bank.waiting_shares = 10),
            (Some("waiting insurance exceeds deposits"), |bank| bank.waiting_shares = 11),
        ],
    );
}

#[test]
fn a_bank_slots_numbers_are_within_their_bounds() {
    let slot = BankSlot { status: 1, deposit_index: INDEX_ONE, borrow_index: INDEX_ONE * 2, ..BankSlot::zeroed() };
    assert_facts(
        &slot,
        BankSlot::invariant,
        &[
            (None, |slot| slot.status = 3),
            (Some("unknown SlotStatus"), |slot| slot.status = 4),
            (None, |slot| slot.borrow_index = INDEX_ONE),
            (Some("borrow index is below one"), |slot| slot.borrow_index = INDEX_ONE - 1),
            (None, |slot| slot.deposit_index = DEPOSIT_INDEX_FLOOR),
            (Some("deposit index is below its floor"), |slot| slot.deposit_index = DEPOSIT_INDEX_FLOOR - 1),
        ],
    );
}

#[test]
fn a_market_has_a_slot() {
    let market = Market { version: LAYOUT_VERSION, ..Market::zeroed() };
    assert_facts(
        &market,
        Market::invariant,
        &[
            (Some(VERSION), |market| market.version = 0),
            (None, |market| market.index = MAX_MARKETS as u8 - 1),
            (Some("market index is out of range"), |market| market.index = MAX_MARKETS as u8),
        ],
    );
}

#[test]
fn a_board_counts_no_more_slots_than_it_has() {
    let board = PriceBoard { version: LAYOUT_VERSION, ..PriceBoard::zeroed() };
    assert_facts(
        &board,
        PriceBoard::invariant,
        &[
            (Some(VERSION), |board| board.version = 0),
            (None, |board| board.count = MAX_PRICES as u8),
            (Some("board counts more slots than it has"), |board| board.count = MAX_PRICES as u8 + 1),
        ],
    );
}

#[test]
fn a_registry_counts_no_more_than_it_has_and_its_parameters_are_valid() {
    let registry =
        Registry { version: LAYOUT_VERSION, params: StoredParams(GlobalParams::DEFAULT), ..Registry::zeroed() };
    assert_facts(
        &registry,
        Registry::invariant,
        &[
            (Some(VERSION), |registry| registry.version = 0),
            (None, |registry| registry.bank_count = MAX_BANKS as u8),
            (Some("registry counts more banks than it has"), |registry| registry.bank_count = MAX_BANKS as u8 + 1),
            (None, |registry| registry.market_count = MAX_MARKETS as u8),
            (Some("registry counts more markets than it has"), |registry| {
                registry.market_count = MAX_MARKETS as u8 + 1
            }),
            (None, |registry| registry.launched = 1),
            (Some("registry launched is not a flag"), |registry| registry.launched = 2),
            (Some("registry has a delay for test clusters"), |r| r.params.0.changes.change_delay_secs = 86_399),
            (None, |r| (r.test_cluster, r.params.0.changes.change_delay_secs) = (1, 0)),
            (Some("registry parameters are out of bounds"), |registry| registry.params = StoredParams::zeroed()),
        ],
    );
}

#[test]
fn a_price_slots_state_is_consistent() {
    const FLAGS: Option<&str> = Some("price slot flags are unknown");
    const CONSTANTS: Option<&str> = Some("price time constants are out of order");
    const ZERO: Option<&str> = Some("price is zero");
    const BOUNDS: Option<&str> = Some("price leaves its bounds");
    let price = |dollars: u64| StoredPrice::from(Price::from_decimal_down(dollars, 0).unwrap());
    let terms = |fast_secs, slow_secs| PriceTerms { fast_secs, slow_secs, ..PriceTerms::default() };
    let mut slot = PriceSlot { active: 1, update_count: 1, terms: terms(15, 3_600), ..PriceSlot::zeroed() };
    (slot.published_at, slot.first_published_at) = (1_000, 900);
    (slot.spot, slot.fast, slot.slow) = (price(100), price(101), price(102));
    (slot.low, slot.high) = (price(90), price(110));
    assert_facts(
        &slot,
        PriceSlot::invariant,
        &[
            (FLAGS, |slot| slot.active = 0),
            (FLAGS, |slot| slot.active = 2),
            (None, |slot| slot.source = 1),
            (None, |slot| slot.source = 2),
            (FLAGS, |slot| slot.source = 3),
            (CONSTANTS, |slot| slot.terms.fast_secs = 0),
            (None, |slot| slot.terms.fast_secs = slot.terms.slow_secs),
            (CONSTANTS, |slot| slot.terms.fast_secs = slot.terms.slow_secs + 1),
            (None, |slot| slot.first_published_at = 1_000),
            (Some("price is older than its first update"), |slot| slot.first_published_at = 1_001),
            (ZERO, |slot| slot.spot = StoredPrice::default()),
            (ZERO, |slot| slot.fast = StoredPrice::default()),
            (ZERO, |slot| slot.slow = StoredPrice::default()),
            (None, |slot| (slot.low, slot.high) = (slot.spot, slot.slow)),
            (BOUNDS, |slot| slot.low = slot.fast),
            (BOUNDS, |slot| slot.high = slot.fast),
            (BOUNDS, |slot| (slot.low, slot.high) = (slot.high, slot.low)),
            // Before the first update there is no price to hold anything of.
            (None, |slot| {
                let terms = PriceTerms { fast_secs: 1, slow_secs: 1, ..PriceTerms::default() };
                *slot = PriceSlot { active: 1, terms, ..PriceSlot::zeroed() };
            }),
        ],
    );
}

#[test]
fn a_feed_is_consistent_with_its_slot() {
    const NEGATIVE: Option<&str> = Some("price variance is negative");
    const LATER: Option<&str> = Some("price is older than its variance sample");
    const FLAGS: Option<&str> = Some("price feed flags are unknown");
    assert_facts(
        &Feed { sampled_at: 950, ..Feed::zeroed() },
        |feed| feed.invariant(&PriceSlot { update_count: 1, published_at: 1_000, ..PriceSlot::zeroed() }),
        &[
            (NEGATIVE, |feed| feed.variance.set(-1)),
            (None, |feed| feed.variance.set(1)),
            (None, |feed| feed.sampled_at = 1_000),
            (LATER, |feed| feed.sampled_at = 1_001),
            (None, |feed| feed.switched_by = 1),
            (FLAGS, |feed| feed.switched_by = 2),
            (Some("price is switched to a standby that it does not have"), |feed| feed.on_standby = 1),
            (None, |feed| (feed.on_standby, feed.sources[2].kind) = (1, 1)),
            (FLAGS, |feed| (feed.on_standby, feed.sources[2].kind) = (2, 1)),
        ],
    );
    // Before the first update there is no price that a sample could be newer than.
    let listed = PriceSlot { published_at: 1_000, ..PriceSlot::zeroed() };
    assert_eq!(Feed { sampled_at: 1_001, ..Feed::zeroed() }.invariant(&listed), Ok(()));
}

#[test]
fn each_source_of_a_price_is_read_as_it_is_stored() {
    let (mut slot, mut feed) = (PriceSlot { active: 1, ..PriceSlot::zeroed() }, Feed::zeroed());
    for source in [PriceSource::Primary, PriceSource::Secondary, PriceSource::Standby] {
        let state = PriceState {
            source,
            sigma_ppm: Ppm::new(1),
            vol_ppm_per_sqrt_sec: PpmPerRootSec::new(2),
            update_count: 3,
            published_at: UnixSecs::new(4),
            first_published_at: UnixSecs::new(5),
            source_published_at: [6, 7, 8].map(UnixSecs::new),
            ..PriceState::listed(Secs::new(15), Secs::new(3_600), 9)
        };
        slot.store(&mut feed, &state);
        assert_eq!(slot.state(&feed), state);
        assert_eq!((slot.source, slot.active), (source as u8, 1));
    }
}

/// Two balances and two positions at both ends of their tables, and a delegate with every right.
fn account() -> MarginAccount {
    let mut account = MarginAccount { version: LAYOUT_VERSION, ..MarginAccount::zeroed() };
    #[cfg(feature = "next-layout")]
    {
        account.first_layout = FIRST_LAYOUT_VERSION;
    }
    (account.delegate_rights, account.delegate_limit_atoms_per_day) = (right::ALL, 1);
    account.tokens[0] = TokenPosition { bank: 5, used: 1, shares: 7, ..TokenPosition::default() };
    account.tokens[15] = TokenPosition { bank: MAX_BANKS as u8 - 1, used: 1, ..TokenPosition::default() };
    account.derivatives[0] = DerivativePosition { kind: 1, market: 5, shares: 7, ..DerivativePosition::default() };
    account.derivatives[15] =
        DerivativePosition { kind: 1, market: MAX_MARKETS as u8 - 1, ..DerivativePosition::default() };
    account
}

#[test]
fn a_margin_account_has_known_states_and_rights() {
    const RIGHTS: Option<&str> = Some("a delegate's right to trade and its limit do not agree");
    let rights = |account: &mut MarginAccount, rights, limit| {
        (account.delegate_rights, account.delegate_limit_atoms_per_day) = (rights, limit)
    };
    let sound = account();
    assert_eq!(sound.invariant(), Ok(()));
    for (given, limit, fact) in [
        (0, 0, None),
        (right::LIQUIDATE, 0, None),
        (right::DEPOSIT, 0, None),
        (right::LIQUIDATE | right::DEPOSIT, 0, None),
        (right::TRADE, 9, None),
        (right::TRADE | right::DEPOSIT, 9, None),
        (right::TRADE, 0, RIGHTS),
        (right::ALL, 0, RIGHTS),
        (right::LIQUIDATE, 9, RIGHTS),
        (0, 9, RIGHTS),
        (right::ALL + 1, 0, Some("the delegate has a right that does not exist")),
        (1 << 7 | right::TRADE, 9, Some("the delegate has a right that does not exist")),
    ] {
        let mut account = sound;
        rights(&mut account, given, limit);
        let expected = fact.map_or(Ok(()), |fact| Err(InvariantViolation(fact)));
        assert_eq!(account.invariant(), expected, "rights {given}, limit {limit}");
    }
    assert_facts(
        &sound,
        MarginAccount::invariant,
        &[
            (Some(VERSION), |account| account.version = 0),
            (Some(VERSION), |account| account.version = LAYOUT_VERSION + 1),
            (None, |account| account.status = 2),
            (Some("unknown AccountStatus"), |account| account.status = 3),
        ],
    );
}

#[test]
fn a_margin_account_holds_each_bank_once_and_keeps_a_place_for_quote() {
    const TWICE: Option<&str> = Some("a bank is held twice");
    fn fill(account: &mut MarginAccount, first: u8) {
        for (bank, token) in (first..).zip(&mut account.tokens) {
            *token = TokenPosition { bank, used: 1, ..TokenPosition::default() };
        }
    }
    assert_facts(
        &account(),
        MarginAccount::invariant,
        &[
            (Some("token position's used is not a flag"), |account| account.tokens[0].used = 2),
            (Some("unused token position holds shares"), |account| account.tokens[1].shares = 1),
            (Some("unused token position holds shares"), |account| account.tokens[0].used = 0),
            (None, |account| account.tokens[15].used = 0),
            (Some("token position names no bank"), |account| account.tokens[0].bank = MAX_BANKS as u8),
            (None, |account| account.tokens[0].bank = 0),
            (TWICE, |account| account.tokens[0].bank = MAX_BANKS as u8 - 1),
            (TWICE, |account| account.tokens[15].bank = 5),
            (TWICE, |account| {
                account.tokens[1].used = 1;
                account.tokens[2].used = 1;
            }),
            // Fifteen others leave quote its place; sixteen do not, unless quote is one of them.
            (None, |account| {
                fill(account, 1);
                account.tokens[15] = TokenPosition::default();
            }),
            (Some("the table has no place for quote"), |account| fill(account, 1)),
            (None, |account| fill(account, 0)),
        ],
    );
}

#[test]
fn a_margin_account_holds_each_market_once() {
    const TWICE: Option<&str> = Some("a market is held twice");
    assert_facts(
        &account(),
        MarginAccount::invariant,
        &[
            (Some("unknown PositionKind"), |account| account.derivatives[1].kind = 3),
            (Some("options are not enabled"), |account| account.derivatives[1].kind = 2),
            (Some("empty position holds shares"), |account| account.derivatives[1].shares = -1),
            (Some("position names no market"), |account| account.derivatives[0].market = MAX_MARKETS as u8),
            (None, |account| account.derivatives[0].market = 0),
            (TWICE, |account| account.derivatives[0].market = MAX_MARKETS as u8 - 1),
            (TWICE, |account| account.derivatives[15].market = 5),
            (TWICE, |account| {
                account.derivatives[1].kind = 1;
                account.derivatives[2].kind = 1;
            }),
        ],
    );
}

#[test]
fn a_byte_of_room_that_is_not_zero_is_seen_wherever_it_lies() {
    macro_rules! check {
        ($($type:ident: $($change:expr),+;)+) => {$({
            let zeroed: Box<$type> = bytemuck::zeroed_box();
            assert!(zeroed.reserve_is_zero());
            let changes: &[fn(&mut $type)] = &[$($change),+];
            for change in changes {
                let mut changed = zeroed.clone();
                change(&mut changed);
                assert!(!changed.reserve_is_zero(), stringify!($type));
            }
        })+};
    }
    check! {
        Registry: |r| r._tail[9] = 1,
            |r| r.markets[31]._reserved[15] = 1, |r| r.markets[31].fees._reserved[0] = 1, |r| r.params.0.auction._reserved[3] = 1,
            |r| r.params.0.lending._reserved[0] = 1;
        PriceBoard: |b| b._reserved[199] = 1, |b| b.slots[63]._reserved[39] = 1, |b| b.slots[63].terms._reserved[0] = 1;
        FeedBook: |b| b._reserved[207] = 1, |b| b.feeds[63]._reserved[39] = 1;
        Bank: |b| b._reserved[15] = 1, |b| b.lending._reserved[0] = 1, |b| b.caps._reserved[0] = 1;
        Market: |m| m._reserved[47] = 1, |m| m.caps._reserved[0] = 1;
        MarginAccount: |a| a._intents[255] = 1, |a| a._reserved[0] = 1, |a| a.derivatives[15]._reserved[15] = 1;
    }
}
