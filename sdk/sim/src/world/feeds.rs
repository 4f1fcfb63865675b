//! Price slots: listing them, posting oracle account bytes, refreshing.

use plimsoll_sdk::ix::{self, args};
use plimsoll_state::OracleKind;
use solana_pubkey::Pubkey;

use super::chain::slot_at;
use super::{address, Sent, World};
use crate::feeds::{pyth_account_bytes, switchboard_account_bytes, PythUpdate, SwitchboardFeed, Verification};

/// One dollar in the units of this module's prices.
pub const E8: i64 = 100_000_000;
/// One sigma of a price posted by [`World::set_price`], ppm.
pub const CALM_SIGMA_PPM: i64 = 200;
/// Pyth's receiver, which listings pin.
pub const PYTH_RECEIVER: Pubkey = Pubkey::from_str_const("rec5EKMGg6MxZYaMdyBfgwp4d5rB9T1VQH5pJv5LtFJ");
/// Switchboard on-demand, which listings pin.
pub const SWITCHBOARD_ON_DEMAND: Pubkey = Pubkey::from_str_const("SBondMDrcV3K4kxZR1HNVT7osZxAHVHgYXL5Ze1oMUv");
/// Units of Switchboard's values in one of [`E8`]'s.
pub const SWITCHBOARD_SCALE: i128 = 10_000_000_000;
/// Fewest samples that listed Switchboard feeds need.
pub const MIN_SAMPLES: u8 = 3;

/// A price slot to be listed.
#[derive(Clone, Copy, Debug)]
pub struct PriceConfig {
    /// Names its oracle accounts.
    pub name: &'static str,
    /// Time constants of the averages, seconds; none for the program's defaults.
    pub fast_secs: Option<u32>,
    /// See `fast_secs`.
    pub slow_secs: Option<u32>,
    /// Fastest fall of the calibration, ppm per second.
    pub fastest_fall_ppm_per_sec: u32,
    /// How often the feed moves, seconds.
    pub update_secs: u32,
    /// Whether a Switchboard feed is listed as second source.
    pub secondary: bool,
    /// Whether another Pyth feed is listed as standby.
    pub standby: bool,
    /// Whether the caller of a refresh chooses the Pyth account.
    pub posted: bool,
}

impl PriceConfig {
    /// A pinned Pyth feed with a Switchboard feed and another Pyth feed behind it; the slow average is short enough for a test to wait for.
    pub const fn named(name: &'static str) -> Self {
        Self {
            name,
            fast_secs: None,
            slow_secs: Some(60),
            fastest_fall_ppm_per_sec: 2_100,
            update_secs: 2,
            secondary: true,
            standby: true,
            posted: false,
        }
    }
}

/// A listed price slot.
#[derive(Clone, Copy, Debug)]
pub struct Feed {
    /// Slot of the board.
    pub slot: u8,
    /// The Pyth account.
    pub primary: Pubkey,
    /// Pyth feed id.
    pub feed_id: [u8; 32],
    /// Pinned Switchboard feed and its hash; none where it has no second source.
    pub secondary: Option<(Pubkey, [u8; 32])>,
    /// Pinned Pyth feed and its id that the price may be switched to; none where it has no standby.
    pub standby: Option<(Pubkey, [u8; 32])>,
    /// Last price posted by the source in use.
    pub last: Option<Tick>,
}

/// An oracle's statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// Units of 1e-8 dollars.
    pub price_e8: i64,
    /// One sigma in the same units.
    pub conf_e8: u64,
    /// Unix seconds.
    pub published_at: i64,
}

/// The Switchboard queue that listings pin.
pub fn switchboard_queue() -> Pubkey {
    address("switchboard queue")
}

/// The arguments that list a price in this slot, and its oracle accounts.
pub fn price_args(config: &PriceConfig, slot: u8) -> (args::ListPriceArgs, Feed) {
    let feed = Feed {
        slot,
        primary: address(&format!("pyth {}", config.name)),
        feed_id: address(&format!("pyth id {}", config.name)).to_bytes(),
        secondary: config.secondary.then(|| {
            let hash = address(&format!("switchboard hash {}", config.name)).to_bytes();
            (address(&format!("switchboard {}", config.name)), hash)
        }),
        standby: config.standby.then(|| {
            let id = address(&format!("pyth id standby {}", config.name)).to_bytes();
            (address(&format!("pyth standby {}", config.name)), id)
        }),
        last: None,
    };
    let primary = args::OracleSourceArgs {
        kind: if config.posted { OracleKind::PythPosted } else { OracleKind::PythPinned } as u8,
        address: if config.posted { Pubkey::default() } else { feed.primary },
        program: PYTH_RECEIVER,
        feed_id: feed.feed_id,
        queue: Pubkey::default(),
        min_samples: 0,
    };
    let secondary = feed.secondary.map(|(key, hash)| args::OracleSourceArgs {
        kind: OracleKind::SwitchboardPull as u8,
        address: key,
        program: SWITCHBOARD_ON_DEMAND,
        feed_id: hash,
        queue: switchboard_queue(),
        min_samples: MIN_SAMPLES,
    });
    let standby = feed.standby.map(|(address, feed_id)| args::OracleSourceArgs {
        kind: OracleKind::PythPinned as u8,
        address,
        program: PYTH_RECEIVER,
        feed_id,
        ..Default::default()
    });
    let config = args::PriceConfigArgs {
        primary,
        secondary,
        standby,
        fast_secs: config.fast_secs,
        slow_secs: config.slow_secs,
        fastest_fall_ppm_per_sec: config.fastest_fall_ppm_per_sec,
        update_secs: config.update_secs,
        ..Default::default()
    };
    (args::ListPriceArgs { slot, config, variance_prior_pico_per_sec: None }, feed)
}

impl World {
    /// Lists a price in the next free slot and returns the slot.
    ///
    /// # Panics
    /// Where the program refuses it.
    pub fn list_price(&mut self, config: &PriceConfig) -> u8 {
        let (args, feed) = self.price_args(config);
        let list = ix::list_price(&self.keys, self.authority, args);
        self.send_as_authority(list).unwrap_or_else(|failure| panic!("list_price {}: {failure}", config.name));
        self.feeds.push(feed);
        feed.slot
    }

    /// The arguments that [`World::list_price`] sends for the next free slot.
    pub fn price_args(&self, config: &PriceConfig) -> (args::ListPriceArgs, Feed) {
        price_args(config, self.feeds.len() as u8)
    }

    /// Writes the primary's account bytes; the board takes them at the next refresh.
    pub fn post_primary(&mut self, slot: u8, tick: Tick) {
        let feed = &self.feeds[slot as usize];
        self.post_pyth(slot, (feed.primary, feed.feed_id), tick);
        self.feeds[slot as usize].last = Some(tick);
    }

    /// Writes the standby's account bytes.
    ///
    /// # Panics
    /// Where the slot has no standby.
    pub fn post_standby(&mut self, slot: u8, tick: Tick) {
        let standby = self.feeds[slot as usize].standby.expect("the slot has a standby");
        self.post_pyth(slot, standby, tick);
    }

    /// Switches a price to its standby, or back, which says this price now.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn switch_source(&mut self, signer: &Pubkey, slot: u8, to_standby: bool, price_e8: i64) -> Sent {
        let tick = Tick { price_e8, conf_e8: 0, published_at: self.now() };
        let feed = self.feeds[slot as usize];
        let source = if to_standby {
            self.post_standby(slot, tick);
            feed.standby.map(|(key, _)| key).unwrap_or_default()
        } else {
            self.post_primary(slot, tick);
            feed.primary
        };
        let switch = ix::switch_source(&self.keys, *signer, source, args::SwitchSourceArgs { slot, to_standby });
        self.send(signer, &[switch])
    }

    /// Writes the account bytes of whichever of the two the board reads.
    fn post_in_use(&mut self, slot: u8, tick: Tick) {
        match self.is_on_standby(slot) {
            true => self.post_standby(slot, tick),
            false => self.post_primary(slot, tick),
        }
        self.feeds[slot as usize].last = Some(tick);
    }

    fn is_on_standby(&self, slot: u8) -> bool {
        self.feed_book().feeds[slot as usize].on_standby == 1
    }

    fn post_pyth(&mut self, slot: u8, (key, feed_id): (Pubkey, [u8; 32]), tick: Tick) {
        let last = self.feeds[slot as usize].last;
        let previous = last.map_or(tick.published_at - 1, |last| last.published_at);
        let update = PythUpdate {
            feed_id,
            price: tick.price_e8,
            conf: tick.conf_e8,
            exponent: -8,
            published_at: tick.published_at,
            previous_at: previous,
            verification: Verification::Full,
        };
        self.put_data(&key, &PYTH_RECEIVER, pyth_account_bytes(&update));
    }

    /// Writes the secondary's account bytes.
    ///
    /// # Panics
    /// Where the slot has no second source.
    pub fn post_secondary(&mut self, slot: u8, tick: Tick) {
        let (key, hash) = self.feeds[slot as usize].secondary.expect("the slot has a second source");
        let feed = SwitchboardFeed {
            queue: switchboard_queue().to_bytes(),
            feed_hash: hash,
            value: tick.price_e8 as i128 * SWITCHBOARD_SCALE,
            std_dev: tick.conf_e8 as i128 * SWITCHBOARD_SCALE,
            samples: MIN_SAMPLES,
            ..SwitchboardFeed::signed(tick.published_at, slot_at(tick.published_at))
        };
        self.put_data(&key, &SWITCHBOARD_ON_DEMAND, switchboard_account_bytes(&feed));
    }

    /// What a refresh of these slots passes; with the second source where `pair`.
    pub fn refresh_instruction(&self, slots: &[u8], pair: bool) -> solana_instruction::Instruction {
        let entries: Vec<ix::Refresh> = slots
            .iter()
            .map(|slot| {
                let feed = &self.feeds[*slot as usize];
                let secondary = feed.secondary.filter(|_| pair).map(|(key, _)| key);
                let standby = feed.standby.filter(|_| self.is_on_standby(*slot)).map(|(key, _)| key);
                ix::Refresh { slot: *slot, primary: standby.unwrap_or(feed.primary), secondary }
            })
            .collect();
        ix::refresh_price(&self.keys, &entries)
    }

    /// Refreshes slots from the sources in use.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn refresh(&mut self, slots: &[u8]) -> Sent {
        let refresh = self.refresh_instruction(slots, false);
        self.send_as_authority(refresh)
    }

    /// Refreshes a slot, falling back to its second source if the primary is shown to be silent.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn refresh_pair(&mut self, slot: u8) -> Sent {
        let refresh = self.refresh_instruction(&[slot], true);
        self.send_as_authority(refresh)
    }

    /// Posts a calm price as of now and refreshes. Changes nothing where the slot already has a price of this second.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn set_price(&mut self, slot: u8, price_e8: i64) -> Sent {
        let conf_e8 = (price_e8 as i128 * CALM_SIGMA_PPM as i128 / 1_000_000) as u64;
        self.post_in_use(slot, Tick { price_e8, conf_e8, published_at: self.now() });
        self.refresh(&[slot])
    }

    /// Lets `secs` pass while every feed repeats its last price each `step` seconds, and once more at the end.
    ///
    /// # Panics
    /// Where a refresh is refused.
    pub fn hold_prices(&mut self, secs: i64, step: i64) {
        let end = self.now() + secs;
        while self.now() < end {
            let next = (self.now() + step).min(end);
            self.set_clock(next);
            self.repeat_prices();
        }
    }

    /// Repeats the prices that are fresh but too old for adding risk, as whoever adds risk refreshes before; what is
    /// stale stays stale.
    ///
    /// # Panics
    /// Where a refresh is refused.
    pub fn freshen(&mut self) {
        let params = *self.registry().params();
        let aged = i64::from(params.prices.risk_age_secs) + 1..=i64::from(params.prices.read_age_secs);
        let (board, now) = (self.board(), self.now());
        let held = self.feeds.iter().filter_map(|feed| Some((feed, board.slot(feed.slot as usize)?)));
        let old: Vec<(u8, Tick)> = held
            .filter(|(_, slot)| aged.contains(&(now - slot.published_at)))
            .filter_map(|(feed, _)| Some((feed.slot, feed.last?)))
            .collect();
        for (slot, last) in old {
            self.post_in_use(slot, Tick { published_at: now, ..last });
            self.refresh(&[slot]).unwrap_or_else(|failure| panic!("refresh_price: {failure}"));
        }
    }

    /// Posts every feed's last price again as of now and refreshes.
    ///
    /// # Panics
    /// Where a refresh is refused.
    pub fn repeat_prices(&mut self) {
        let posted: Vec<(u8, Tick)> =
            self.feeds.iter().filter_map(|feed| feed.last.map(|last| (feed.slot, last))).collect();
        for (slot, last) in &posted {
            self.post_in_use(*slot, Tick { published_at: self.now(), ..*last });
        }
        let slots: Vec<u8> = posted.iter().map(|(slot, _)| *slot).collect();
        // A refresh names each oracle account; twelve fit one transaction with room to spare.
        for some in slots.chunks(12) {
            self.refresh(some).unwrap_or_else(|failure| panic!("refresh_price: {failure}"));
        }
    }
}
